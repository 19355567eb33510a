import type { Metadata } from './log.ts';

const BRAND = Symbol.for('express-a2a.task-failed');

/**
 * Thrown by an agent to fail its task with a message for the client.
 *
 * The message becomes the text of the status, `code` and `data` a data part beside it. Any other error reaches the
 * client only as an error id.
 */
export class TaskFailed extends Error {
  override readonly name = 'TaskFailed';
  readonly code: string | undefined;
  readonly data: Metadata | undefined;

  constructor(message: string, details: { code?: string; data?: Metadata; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.data = details.data;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Whether a value is a TaskFailed, of this or another copy of the package. */
export function isTaskFailed(value: unknown): value is TaskFailed {
  try {
    return typeof value === 'object' && value !== null && BRAND in value;
  } catch {
    // a revoked proxy can not even be asked
    return false;
  }
}

/** The task has ended or waits for the client, so the agent can not say more in this run. */
export class TaskClosed extends Error {
  override readonly name = 'TaskClosed';
}

/** Another worker may have the task by now; nothing of this run is stored any more. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** The task has reached the size that the storage allows. */
export class TaskTooLarge extends Error {
  override readonly name = 'TaskTooLarge';
}

/** Whether an agent was only told that it can not say more. */
export function isRefusal(error: unknown): boolean {
  return error instanceof TaskClosed || error instanceof LeaseLost || error instanceof TaskTooLarge;
}
