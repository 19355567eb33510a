import type { Artifact, Message, Part, Task, TaskState } from '../../protocol/v1.ts';
import type { ArtifactBody, EntryBody, StatusBody, StoredTask } from '../../core/log.ts';

/** A log and the task it amounts to. */
export interface FoldVector {
  readonly name: string;
  /** The task of the open entry. Its timestamp is set by whoever stores it. */
  readonly open: StoredTask;
  /** The bodies of the entries after it, in order. */
  readonly bodies: readonly EntryBody[];
  /** The task after the last entry, but for `status.timestamp`, which is the time of the newest status entry. */
  readonly task: Task;
}

/** The first message of the client in every vector. */
export const HELLO = message('ROLE_USER', 'hello');

/** The task that every vector begins with, in as much as it says nothing else. */
export const SUBMITTED: StoredTask = {
  id: 'task-1',
  contextId: 'context-1',
  status: { state: 'TASK_STATE_SUBMITTED', timestamp: '' },
  history: [HELLO],
};

/** A vector that begins with SUBMITTED and ends with a task that differs from it as said. */
export function vector(
  name: string,
  bodies: readonly EntryBody[],
  end: Partial<Task> & { readonly status: Task['status'] },
  open: StoredTask = SUBMITTED,
): FoldVector {
  return { name, open, bodies, task: { id: 'task-1', contextId: 'context-1', history: [HELLO], ...end } };
}

export function user(messageId: string): Message {
  return message('ROLE_USER', messageId);
}

export function agent(messageId: string): Message {
  return message('ROLE_AGENT', messageId);
}

function message(role: Message['role'], messageId: string): Message {
  return { messageId, role, parts: [{ text: `text of ${messageId}` }] };
}

export function input(messageId: string): EntryBody {
  return { kind: 'input', message: user(messageId), request: {} };
}

export function status(state: TaskState, more: Partial<StatusBody> = {}): StatusBody {
  return { kind: 'status', state, ...more };
}

export function saying(state: TaskState, messageId: string): StatusBody {
  return status(state, { message: agent(messageId) });
}

/** An artifact entry that begins or replaces an artifact. */
export function whole(artifact: Artifact): ArtifactBody {
  return { kind: 'artifact', artifact, append: false, lastChunk: true };
}

/** An artifact entry that adds to an artifact. */
export function added(artifact: Artifact): ArtifactBody {
  return { kind: 'artifact', artifact, append: true, lastChunk: false };
}

/** An artifact entry that goes on with a stream of text. */
export function joined(artifactId: string, ...parts: Part[]): ArtifactBody {
  return { kind: 'artifact', artifact: { artifactId, parts }, append: true, lastChunk: false, join: true };
}
