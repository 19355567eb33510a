import { isTerminal } from '../protocol/states.ts';
import type { StreamResponse, TaskStatus } from '../protocol/v1.ts';

/** What a stream has told so far. */
export interface Seen {
  /** Takes an event in; false when it tells nothing new. */
  readonly take: (event: StreamResponse) => boolean;
  /** Learns from an event that is not taken which task the stream is of. */
  readonly name: (event: StreamResponse) => void;
  readonly taskId: () => string | undefined;
  readonly status: () => TaskStatus | undefined;
}

/** Nothing yet. The id of the task is known from the first event of a send, and before it for a subscription. */
export function createSeen(subscribedTo: string | undefined): Seen {
  let taskId = subscribedTo;
  let status: TaskStatus | undefined;
  let snapshot: string | undefined;

  function name({ task, statusUpdate, artifactUpdate }: StreamResponse): void {
    taskId ??= task?.id ?? statusUpdate?.taskId ?? artifactUpdate?.taskId;
  }

  return {
    name,
    take(event) {
      const { task, statusUpdate } = event;
      name(event);
      status = task?.status ?? statusUpdate?.status ?? status;
      // a stream that was opened again begins with the task, which may be as it was
      const text = task === undefined ? undefined : JSON.stringify(task);
      const isNew = text === undefined || text !== snapshot;
      snapshot = text;
      return isNew;
    },
    taskId: () => taskId,
    status: () => status,
  };
}

/** Whether a stream is over with this event: its Message, or a terminal state (§3.1.2). */
export function isEnd({ message, task, statusUpdate }: StreamResponse): boolean {
  const status = task?.status ?? statusUpdate?.status;
  return message !== undefined || (status !== undefined && isTerminal(status.state));
}

/** Whether two statuses are one and the same. */
export function isSameStatus(one: TaskStatus | undefined, other: TaskStatus | undefined): boolean {
  return (
    one?.state === other?.state &&
    one?.timestamp === other?.timestamp &&
    one?.message?.messageId === other?.message?.messageId
  );
}
