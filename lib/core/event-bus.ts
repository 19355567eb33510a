import type { LogEntry, Seq, TaskId } from './log.ts';

/** Says that a task's log has grown to `head`. */
export interface TaskHint {
  readonly taskId: TaskId;
  readonly head: Seq;
  /** The task has ended: `head` is its last entry. */
  readonly closed: boolean;
  /** The entries `head - n + 1 .. head`, to spare readers a read. */
  readonly entries?: readonly LogEntry[];
}

/** Wakes readers. It may lose, repeat, delay and reorder hints: readers follow Storage by their cursor. */
export interface EventBus {
  /** Called after the commit. At most once is enough; never blocks on a receiver. */
  publish(hint: TaskHint): void | Promise<void>;
  /**
   * Calls `onHint` when a task may have news (order is the log's business, not the bus's).
   *
   * Resolves once hints published from now on will usually arrive; hints may be lost, repeated or late.
   * The callback is cheap; one that throws hurts nobody else. The returned function stops it; stopping twice is fine.
   */
  subscribe(taskId: TaskId, onHint: (hint: TaskHint) => void): Promise<() => void>;
  /**
   * Calls back whenever hints may have been missed (a reconnect, an overrun): readers then look at Storage. Called when a worker,
   * a router or a sender begins, before anything is subscribed to, so it opens no connection. The returned function stops it; stopping
   * twice is fine.
   */
  onGap(callback: () => void): () => void;
  close(): Promise<void>;
}
