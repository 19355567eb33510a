import type * as v1 from '../../protocol/v1.ts';
import { pick } from './fields.ts';
import { artifactToV03, artifactToV1, messageToV03, messageToV1, type TaggedMessage } from './message.ts';
import { statusToV03, statusToV1, taskToV03, taskToV1 } from './task.ts';
import type { StreamEvent, Task, TaskArtifactUpdateEvent, TaskStatusUpdateEvent } from './types.ts';

/** An event of a stream, or the result of message/send, in the words of 1.0. What `final` said is the stream's to say. */
export function eventToV1(event: StreamEvent): v1.StreamResponse {
  switch (event.kind) {
    case 'task':
      return { task: taskToV1(event) };
    case 'status-update':
      return {
        statusUpdate: {
          ...pick(event, 'taskId', 'contextId'),
          status: statusToV1(event.status),
          ...pick(event, 'metadata'),
        },
      };
    case 'artifact-update':
      return {
        artifactUpdate: {
          ...pick(event, 'taskId', 'contextId'),
          artifact: artifactToV1(event.artifact),
          ...pick(event, 'append', 'lastChunk', 'metadata'),
        },
      };
    default:
      // the tag of a message may be missing
      return { message: messageToV1(event) };
  }
}

/** An event of a stream in the words of 0.3. `isLast`: the stream ends with it, which only a status event tells. */
export function eventToV03(
  event: v1.StreamResponse,
  isLast: boolean,
): Task | TaggedMessage | TaskStatusUpdateEvent | TaskArtifactUpdateEvent {
  if (event.task !== undefined) return taskToV03(event.task);
  if (event.message !== undefined) return messageToV03(event.message);
  if (event.statusUpdate !== undefined) {
    const { taskId, contextId, status } = event.statusUpdate;
    return {
      kind: 'status-update',
      taskId,
      contextId,
      status: statusToV03(status),
      final: isLast,
      ...pick(event.statusUpdate, 'metadata'),
    };
  }
  const { taskId, contextId, artifact } = event.artifactUpdate;
  return {
    kind: 'artifact-update',
    taskId,
    contextId,
    artifact: artifactToV03(artifact),
    ...pick(event.artifactUpdate, 'append', 'lastChunk', 'metadata'),
  };
}
