import type { TaskId } from './log.ts';

/** Says that an agent may have work, perhaps for one task. */
export interface WorkHint {
  readonly agent: string;
  readonly taskId?: TaskId;
}

/** What became of a hint: the runs it led to are over; another worker has the task; nothing was due. */
export type WorkOutcome = 'done' | 'busy' | 'idle';

/** Wakes workers. It may lose, repeat, delay and reorder hints: the worker claims from Storage, and polls. */
export interface Broker {
  /** Called after the commit that made a task due. Never waits for a worker; does not throw into the request path. */
  wake(hint: WorkHint): void | Promise<void>;
  /**
   * Calls `onWork` when there may be work and `free()`, the number of further runs this worker can take, is above 0.
   * `onWork` claims by itself and resolves when its runs are over. Queue products ack on `done` and `idle`, and
   * redeliver on `busy` or when the process dies; others ignore the result. `stop()` waits for running callbacks.
   */
  work(
    agent: string,
    free: () => number,
    onWork: (hint: WorkHint) => Promise<WorkOutcome>,
  ): Promise<{ stop(): Promise<void> }>;
  close(): Promise<void>;
}
