import type { LogEntry, Scope, Seq, TaskId } from './log.ts';
import type { TaskSnapshot } from './storage.ts';

/** Follows tasks: a snapshot at k, then every entry after k, on any instance. */
export interface TaskFeed {
  /**
   * Entries after `after`, each exactly once, in order. Each item is all that is ready, never empty. Waits for more;
   * returns after the closing entry or on abort. Throws CursorTrimmed if `after` is older than the log. Any number of
   * callers share one ring and one subscription per task.
   */
  readonly tail: (taskId: TaskId, after: Seq, signal: AbortSignal) => AsyncIterable<readonly LogEntry[]>;
  /** Snapshot at k, then the tail after k. `undefined` when the task is unknown or of another scope. */
  readonly open: (
    taskId: TaskId,
    scope: Scope,
    signal: AbortSignal,
  ) => Promise<{ snapshot: TaskSnapshot; tail: AsyncIterable<readonly LogEntry[]> } | undefined>;
  /** Stops polling and listening. Readers that are still there end. */
  readonly close: () => void;
}

/** A reader's cursor is older than what the log still holds. */
export class CursorTrimmed extends Error {
  override readonly name = 'CursorTrimmed';
}
