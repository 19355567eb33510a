import type { Task } from '../../lib/protocol/v1.ts';
import { TIME } from './calls.ts';

/** The events of a task whose agent says that it works, and then two words. */
export function twoWords({ id, contextId }: Task): unknown[] {
  const chunk = (text: string, append: boolean, lastChunk: boolean) => ({
    artifactUpdate: {
      ...{ taskId: id, contextId },
      ...{ artifact: { artifactId: '1-1', parts: [{ text }] }, append, lastChunk },
    },
  });
  const status = (state: string) => ({
    statusUpdate: { taskId: id, contextId, status: { state, timestamp: TIME } },
  });
  return [
    status('TASK_STATE_WORKING'),
    chunk('one ', false, false),
    chunk('two', true, false),
    chunk('', true, true),
    status('TASK_STATE_COMPLETED'),
  ];
}
