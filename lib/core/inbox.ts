import type { Message } from '../protocol/v1.ts';
import type { LogEntry, Seq, TaskId } from './log.ts';
import type { Storage } from './storage.ts';
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
  /** Looks for news, because there may be some. */
  readonly look: () => void;
  /** Ends a wait. */
  readonly giveUp: (reason: unknown) => void;
  /** Messages that end a wait, for who listens instead of waiting. Ends with `close`. */
  readonly messages: () => AsyncIterable<Message>;
  readonly close: () => void;
}

interface Wait {
  readonly after: Seq;
  readonly resolve: (result: WaitResult) => void;
  readonly reject: (reason: unknown) => void;
}

/** Whether a run can answer this entry. */
export function isInput(entry: LogEntry): entry is InputEntry {
  return entry.kind === 'open' || entry.kind === 'input' || entry.kind === 'resume';
}

/** Makes the inbox of a claimed task. `pending` are the inputs that the claim came with. */
export function createInbox(options: {
  storage: Storage;
  taskId: TaskId;
  pending: readonly LogEntry[];
  /** The newest entry that an earlier run has processed. */
  doneSeq: Seq;
  onError: (error: unknown) => void;
  /** Called when a wait begins or is over. */
  onWaiting: (waits: boolean) => void;
}): Inbox {
  const { storage, taskId, onError, onWaiting } = options;
  const unseen = options.pending.filter(isInput);
  let cursor: Seq = unseen.at(-1)?.seq ?? options.doneSeq;
  let handedOut: Seq = options.doneSeq;
  let wait: Wait | undefined;
  let looking: Promise<void> | undefined;
  let lookAgain = false;
  let closed = false;
  const listeners = new Set<(message: Message | undefined) => void>();

  async function pull(): Promise<void> {
    for (;;) {
      const page = await storage.read(taskId, cursor, 256, 1 << 20);
      unseen.push(...page.entries.filter(isInput));
      cursor = page.entries.at(-1)?.seq ?? cursor;
      if (page.entries.length === 0 || cursor >= page.head) return;
    }
  }

  function look(): void {
    if (wait === undefined) return;
    lookAgain = looking !== undefined;
    looking ??= pull()
      .then(answerWait, onError)
      .finally(() => {
        looking = undefined;
        if (lookAgain) look();
      });
  }

  function answerWait(): void {
    const waiting = wait;
    if (waiting === undefined) return;
    const index = unseen.findIndex((entry) => entry.seq > waiting.after);
    const [entry] = index === -1 ? [] : unseen.splice(index, 1);
    if (entry === undefined) return;
    handedOut = Math.max(handedOut, entry.seq);
    endWait();
    if (entry.kind === 'resume') {
      waiting.resolve({ data: entry.data });
    } else if (entry.kind === 'input') {
      for (const listener of listeners) listener(entry.message);
      waiting.resolve({ message: entry.message });
    }
  }

  function endWait(): void {
    wait = undefined;
    onWaiting(false);
  }

  async function* messages(): AsyncGenerator<Message> {
    while (!closed) {
      const message = await new Promise<Message | undefined>((resolve) => {
        const listener = (value: Message | undefined) => {
          listeners.delete(listener);
          resolve(value);
        };
        listeners.add(listener);
      });
      if (message !== undefined) yield message;
    }
  }

  return {
    // an older input that still waits for its run must not count as seen: nothing a client said may get lost
    upTo: () => Math.min(handedOut, (unseen[0]?.seq ?? Infinity) - 1),
    async next() {
      if (unseen.length === 0) await pull();
      const entry = unseen.shift();
      if (entry !== undefined) handedOut = Math.max(handedOut, entry.seq);
      return entry;
    },
    wait: (after) =>
      new Promise((resolve, reject) => {
        wait = { after, resolve, reject };
        onWaiting(true);
        look();
      }),
    look,
    giveUp(reason) {
      const waiting = wait;
      if (waiting === undefined) return;
      endWait();
      waiting.reject(reason);
    },
    messages,
    close() {
      closed = true;
      for (const listener of listeners) listener(undefined);
    },
  };
}
