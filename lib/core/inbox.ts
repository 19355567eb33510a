import type { Message } from '../protocol/v1.ts';
import type { LogEntry, Seq } from './log.ts';
import type { Lease, Storage } from './storage.ts';
import type { WaitResult } from './turn.ts';

/** An entry that a run can answer. */
export type InputEntry = Extract<LogEntry, { kind: 'open' | 'input' | 'resume' }>;

/** The inputs of a task as its run gets to see them. */
export interface Inbox {
  /** The newest input up to which everything has been handed out. */
  readonly upTo: () => Seq;
  /** The oldest input not handed out yet, after a look at the storage. It counts as handed out. */
  readonly next: () => Promise<InputEntry | undefined>;
  /** Resolves with the first input after `seq`. Rejects with the reason when `giveUp` is called. */
  readonly wait: (seq: Seq) => Promise<WaitResult>;
  /** Ends a wait, if there is one, with a reason that is made only then. */
  readonly giveUp: (reason: () => unknown) => void;
  /** Messages that came while the run was in AUTH_REQUIRED and that no wait has taken. Ends when `over` is aborted. */
  readonly messages: (over: AbortSignal) => AsyncIterable<Message>;
  /** Looks for news, because there may be some. */
  readonly look: () => void;
}

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

/** Makes the inbox of a claimed task. `pending` are the inputs that the claim came with. */
export function createInbox(options: {
  /** A read that is repeated until it works; rejects with LeaseLost. */
  read: (after: Seq) => ReturnType<Storage['read']>;
  lease: Lease;
  pending: readonly LogEntry[];
  /** The newest entry that an earlier run has processed. */
  doneSeq: Seq;
  /** Called when a wait begins or is over. */
  onWaiting: (waits: boolean) => void;
}): Inbox {
  const { read, lease, onWaiting } = options;
  const unseen: Unseen[] = options.pending.filter(isInput).map((entry) => ({ entry, isAwaited: false }));
  let listeners: Set<() => void> | undefined;
  let readers = 0;
  let cursor: Seq = unseen.at(-1)?.entry.seq ?? options.doneSeq;
  let handedOut: Seq = options.doneSeq;
  let needsAuth = false;
  let wait: Wait | undefined;
  let looking: Promise<void> | undefined;
  let lookAgain = false;

  /** One reader at a time, so that no entry is taken in twice. */
  function pull(): Promise<void> {
    lookAgain = true;
    return (looking ??= pullAll());
  }

  async function pullAll(): Promise<void> {
    try {
      while (lookAgain) {
        lookAgain = false;
        await pullPages();
      }
    } finally {
      looking = undefined;
    }
  }

  async function pullPages(): Promise<void> {
    for (;;) {
      const { entries, head } = await read(cursor);
      for (const entry of entries) {
        if (entry.kind === 'status') {
          needsAuth = entry.epoch === lease.epoch && entry.state === 'TASK_STATE_AUTH_REQUIRED';
        } else if (isInput(entry)) unseen.push({ entry, isAwaited: needsAuth });
      }
      cursor = entries.at(-1)?.seq ?? head;
      if (cursor >= head) return;
    }
  }

  function look(): void {
    if (wait === undefined && readers === 0) return;
    pull().then(handOut, () => {
      // only a lost lease ends the reading, and that ends the run
    });
  }

  function handOut(): void {
    const waiting = wait;
    const entry = waiting && take((candidate) => candidate.entry.seq > waiting.after);
    if (waiting !== undefined && entry !== undefined) {
      setWait(undefined);
      // a task is opened once, before any wait
      if (entry.kind === 'resume') waiting.resolve({ data: entry.data });
      else if (entry.kind === 'input') waiting.resolve({ message: entry.message });
    }
    for (const listener of [...(listeners ?? [])]) listener();
  }

  function take(isWanted: (candidate: Unseen) => boolean): InputEntry | undefined {
    const index = unseen.findIndex(isWanted);
    const [taken] = index === -1 ? [] : unseen.splice(index, 1);
    if (taken !== undefined) handedOut = Math.max(handedOut, taken.entry.seq);
    return taken?.entry;
  }

  function setWait(next: Wait | undefined): void {
    if ((wait === undefined) !== (next === undefined)) onWaiting(next !== undefined);
    wait = next;
  }

  function giveUp(reason: () => unknown): void {
    wait?.reject(reason());
    setWait(undefined);
  }

  async function* messages(over: AbortSignal): AsyncGenerator<Message> {
    readers += 1;
    look();
    while (!over.aborted) {
      const entry = take(({ entry: { kind }, isAwaited }) => isAwaited && kind === 'input');
      if (entry?.kind === 'input') yield entry.message;
      else await news(over);
    }
    readers -= 1;
  }

  /** Resolves when the storage has been looked at again, or when it is over. */
  function news(over: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const listener = () => {
        listeners?.delete(listener);
        over.removeEventListener('abort', listener);
        resolve();
      };
      (listeners ??= new Set()).add(listener);
      over.addEventListener('abort', listener);
    });
  }

  return {
    // an older input that still waits for its run must not count as seen: nothing a client said may get lost
    upTo: () => Math.min(handedOut, (unseen[0]?.entry.seq ?? Infinity) - 1),
    async next() {
      if (unseen.length === 0) await pull();
      return take(() => true);
    },
    wait: (after) =>
      new Promise((resolve, reject) => {
        setWait({ after, resolve, reject });
        look();
      }),
    giveUp,
    messages,
    look,
  };
}
