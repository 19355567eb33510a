import type { Artifact, StreamResponse, Task, TaskStatus } from './v1.ts';

/**
 * The task after an event of its stream (§3.1.2): for clients and user interfaces that follow one.
 *
 * Changes neither argument; what an event leaves as it was is shared with the task before. An event of another task,
 * and a bare message, change nothing. A chunk for an unknown artifact starts it.
 */
export function reduce(task: Task, event: StreamResponse): Task {
  if (event.task !== undefined) return event.task.id === task.id ? event.task : task;
  if (event.statusUpdate !== undefined) {
    const { taskId, status, metadata } = event.statusUpdate;
    return taskId === task.id ? withStatus(task, status, metadata) : task;
  }
  if (event.artifactUpdate !== undefined) {
    const { taskId, artifact, append } = event.artifactUpdate;
    return taskId === task.id ? withArtifact(task, artifact, append ?? false) : task;
  }
  // nothing else is left: a bare message is no part of a task
  event satisfies { message: object };
  return task;
}

function withStatus(task: Task, status: TaskStatus, metadata: Task['metadata']): Task {
  const replaced = task.status.message;
  return {
    ...task,
    status,
    ...(replaced !== undefined && { history: [...(task.history ?? []), replaced] }),
    ...(metadata !== undefined && { metadata: mergeInto({ ...task.metadata }, metadata) }),
  };
}

function withArtifact(task: Task, chunk: Artifact, append: boolean): Task {
  const artifacts = [...(task.artifacts ?? [])];
  const index = artifacts.findIndex(({ artifactId }) => artifactId === chunk.artifactId);
  const known = artifacts[index];
  if (known === undefined) artifacts.push(chunk);
  else artifacts[index] = append ? extendArtifact(ownArtifact(known), chunk) : chunk;
  return { ...task, artifacts };
}

/** A copy of the artifact that `extendArtifact` may change: its parts are shared, the list of them is not. */
export function ownArtifact(artifact: Artifact): Artifact {
  return { ...artifact, parts: [...artifact.parts] };
}

/**
 * Adds a chunk with `append` to an artifact, in place (§4.2.2): parts are pushed, name and description overwritten where
 * given, extensions united, metadata merged key by key. `parts` stands in for the chunk's own.
 */
export function extendArtifact(target: Artifact, chunk: Artifact, parts = chunk.parts): Artifact {
  for (const part of parts) target.parts.push(part);
  if (chunk.name !== undefined) target.name = chunk.name;
  if (chunk.description !== undefined) target.description = chunk.description;
  if (chunk.extensions !== undefined) {
    target.extensions = [...new Set([...(target.extensions ?? []), ...chunk.extensions])];
  }
  if (chunk.metadata !== undefined) target.metadata = mergeInto({ ...target.metadata }, chunk.metadata);
  return target;
}

/** Sets the keys of `source` on `target`, in place; a later value wins. */
export function mergeInto(
  target: Record<string, unknown>,
  source: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  for (const [key, value] of Object.entries(source)) {
    // plain assignment would take a key named __proto__ for the prototype
    if (key === '__proto__')
      Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
    else target[key] = value;
  }
  return target;
}
