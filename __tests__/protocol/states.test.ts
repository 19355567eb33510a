import { describe, expect, it } from '@jest/globals';
import { isInterrupted, isTerminal } from '../../lib/protocol/states.ts';

describe('a task state', () => {
  it.each([
    ['TASK_STATE_SUBMITTED', false, false],
    ['TASK_STATE_WORKING', false, false],
    ['TASK_STATE_COMPLETED', true, false],
    ['TASK_STATE_FAILED', true, false],
    ['TASK_STATE_CANCELED', true, false],
    ['TASK_STATE_INPUT_REQUIRED', false, true],
    ['TASK_STATE_REJECTED', true, false],
    ['TASK_STATE_AUTH_REQUIRED', false, true],
  ] as const)('%s is terminal: %p, interrupted: %p', (state, terminal, interrupted) => {
    expect([isTerminal(state), isInterrupted(state)]).toEqual([terminal, interrupted]);
  });
});
