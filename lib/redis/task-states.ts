import type { TaskState } from '../protocol/v1.ts';

/** A letter for each state, which begins the rows of a list of tasks in that state. Stored: never give one another meaning. */
export const STATE_LETTERS: Readonly<Record<TaskState, string>> = {
  TASK_STATE_SUBMITTED: 's',
  TASK_STATE_WORKING: 'w',
  TASK_STATE_COMPLETED: 'c',
  TASK_STATE_FAILED: 'f',
  TASK_STATE_CANCELED: 'x',
  TASK_STATE_INPUT_REQUIRED: 'i',
  TASK_STATE_REJECTED: 'r',
  TASK_STATE_AUTH_REQUIRED: 'a',
};
