import type { Message } from '../protocol/v1.ts';
import type { LogEntry, Seq } from './log.ts';
import type { ClaimedTask, Lease, Storage } from './storage.ts';
import type { WaitResult } from './turn.ts';

/** An entry that a run can answer. */
export type InputEntry = Extract<LogEntry, { kind: 'open' | 'input' | 'resume' }>;

interface Wait {
  readonly after: Seq;
  readonly resolve: (result: WaitResult) => void;
  readonly reject: (reason: unknown) => void;
}

interface Unseen {
  readonly entry: InputEntry;
  /** It came while the run was in AUTH_REQUIRED, so it is not for a later run alone. */
  readonly isAwaited: boolean;
}

/** Whether a run can answer this entry. */
function isInput(entry: LogEntry): entry is InputEntry {
  return entry.kind === 'open' || entry.kind === 'input' || entry.kind === 'resume';
}

const isAny = () => true;

/** The run whose inputs an inbox has. */
export interface InboxOwner {
  /** Reads the log after an entry, again and again until it works; rejects with LeaseLost. */
  readonly read: (after: Seq) => ReturnType<Storage['read']>;
  /** Called when a wait for the client begins or is over. */
  readonly onWaiting: (waits: boolean) => void;
}

/** What a claim tells of the inputs. */
type InboxStart = Pick<ClaimedTask, 'lease' | 'pending' | 'doneSeq'>;

/** The inputs of a task as its run gets to see them. A class, as each run has one. */
export class Inbox {
  readonly #owner: InboxOwner;
  readonly #lease: Lease;
  readonly #unseen: Unseen[];
  #listeners: Set<() => void> | undefined;
  #readers = 0;
  #cursor: Seq;
  #handedOut: Seq;
  #needsAuth = false;
  #wait: Wait | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;

  /** Begins with the inputs that the claim came with. */
  constructor(owner: InboxOwner, { lease, pending, doneSeq }: InboxStart) {
    this.#owner = owner;
    this.#lease = lease;
    this.#unseen = pending.filter(isInput).map((entry) => ({ entry, isAwaited: false }));
    this.#cursor = this.#unseen.at(-1)?.entry.seq ?? doneSeq;
    this.#handedOut = doneSeq;
  }

  /** The newest input up to which everything has been handed out. */
  upTo(): Seq {
    // an older input that still waits for its run must not count as seen: nothing a client said may get lost
    return Math.min(this.#handedOut, (this.#unseen[0]?.entry.seq ?? Infinity) - 1);
  }

  /** The oldest input not handed out yet, after a look at the storage where none is known. It counts as handed out. */
  next(): InputEntry | undefined | Promise<InputEntry | undefined> {
    return this.#unseen.length > 0 ? this.#take(isAny) : this.#pull().then(() => this.#take(isAny));
  }

  /** Resolves with the first input after `seq`. Rejects with the reason when `giveUp` is called. */
  wait(after: Seq): Promise<WaitResult> {
    return new Promise((resolve, reject) => {
      this.#setWait({ after, resolve, reject });
      this.look();
    });
  }

  /** Ends a wait, if there is one, with a reason that is made only then. */
  giveUp(reason: () => unknown): void {
    this.#wait?.reject(reason());
    this.#setWait(undefined);
  }

  /** Messages that came while the run was in AUTH_REQUIRED and that no wait has taken. Ends when `over` is aborted. */
  async *messages(over: AbortSignal): AsyncGenerator<Message> {
    this.#readers += 1;
    this.look();
    try {
      while (!over.aborted) {
        const entry = this.#take(({ entry: { kind }, isAwaited }) => isAwaited && kind === 'input');
        if (entry?.kind === 'input') yield entry.message;
        else await this.#news(over);
      }
    } finally {
      // also where the agent leaves its loop
      this.#readers -= 1;
    }
  }

  /** Looks for news, because there may be some. */
  look(): void {
    if (this.#wait === undefined && this.#readers === 0) return;
    this.#pull().then(
      () => {
        this.#handOut();
      },
      () => {
        // only a lost lease ends the reading, and that ends the run
      },
    );
  }

  /** One reader at a time, so that no entry is taken in twice. */
  #pull(): Promise<void> {
    this.#lookAgain = true;
    return (this.#looking ??= this.#pullAll());
  }

  async #pullAll(): Promise<void> {
    try {
      while (this.#lookAgain) {
        this.#lookAgain = false;
        await this.#pullPages();
      }
    } finally {
      this.#looking = undefined;
    }
  }

  async #pullPages(): Promise<void> {
    for (;;) {
      const { entries, head } = await this.#owner.read(this.#cursor);
      for (const entry of entries) {
        if (entry.kind === 'status') {
          this.#needsAuth = entry.epoch === this.#lease.epoch && entry.state === 'TASK_STATE_AUTH_REQUIRED';
        } else if (isInput(entry)) this.#unseen.push({ entry, isAwaited: this.#needsAuth });
      }
      this.#cursor = entries.at(-1)?.seq ?? head;
      if (this.#cursor >= head) return;
    }
  }

  #handOut(): void {
    const waiting = this.#wait;
    const entry = waiting && this.#take((candidate) => candidate.entry.seq > waiting.after);
    if (waiting !== undefined && entry !== undefined) {
      this.#setWait(undefined);
      // a task is opened once, before any wait
      if (entry.kind === 'resume') waiting.resolve({ data: entry.data });
      else if (entry.kind === 'input') waiting.resolve({ message: entry.message });
    }
    for (const listener of [...(this.#listeners ?? [])]) listener();
  }

  #take(isWanted: (candidate: Unseen) => boolean): InputEntry | undefined {
    const index = this.#unseen.findIndex(isWanted);
    const [taken] = index === -1 ? [] : this.#unseen.splice(index, 1);
    if (taken !== undefined) this.#handedOut = Math.max(this.#handedOut, taken.entry.seq);
    return taken?.entry;
  }

  #setWait(next: Wait | undefined): void {
    if ((this.#wait === undefined) !== (next === undefined)) this.#owner.onWaiting(next !== undefined);
    this.#wait = next;
  }

  /** Resolves when the storage has been looked at again, or when it is over. */
  #news(over: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const listener = () => {
        this.#listeners?.delete(listener);
        over.removeEventListener('abort', listener);
        resolve();
      };
      (this.#listeners ??= new Set()).add(listener);
      over.addEventListener('abort', listener);
    });
  }
}
