import {
  TaskNotCancelableError,
  TaskNotFoundError,
  UnavailableError,
  UnsupportedOperationError,
} from '../protocol/errors.ts';
import type {
  CancelTaskRequest,
  GetTaskRequest,
  ListTasksRequest,
  ListTasksResponse,
  SubscribeToTaskRequest,
  Task,
} from '../protocol/v1.ts';
import type { Abortable } from './abortable.ts';
import { firstOf } from './batches.ts';
import { SHUTDOWN, type StreamItem } from './call.ts';
import { announce, type Engine, type OperationContext } from './engine.ts';
import { EntryStream } from './entry-stream.ts';
import { cursorOf, type EventItemCache, EventItems, parseCursor } from './event-items.ts';
import { CursorTrimmed } from './feed.ts';
import { isClosing, withHistory } from './fold.ts';
import type { Scope, Seq, TaskId } from './log.ts';
import { readPageToken, writePageToken } from './page-token.ts';
import type { TaskSnapshot } from './storage.ts';

/** The operations on tasks that are there (§3.1.3 to §3.1.6). */
export interface TaskOperations {
  readonly getTask: (params: GetTaskRequest, context: OperationContext) => Promise<Task>;
  readonly listTasks: (params: ListTasksRequest, context: OperationContext) => Promise<ListTasksResponse>;
  readonly cancelTask: (params: CancelTaskRequest, context: OperationContext) => Promise<Task>;
  readonly subscribeToTask: (
    params: SubscribeToTaskRequest,
    context: OperationContext,
  ) => Promise<EntryStream>;
}

/** A timer may fire a moment before the lease has ended by the storage's clock. */
const LEASE_END_MS = 50;

/** Makes the operations on tasks. */
export function createTaskOperations(
  engine: Engine,
  options: { readonly cancelGraceMs: number; readonly cache: EventItemCache },
): TaskOperations {
  const { storage, feed, clock } = engine;
  const { cancelGraceMs, cache } = options;

  async function load(taskId: TaskId, scope: Scope): Promise<TaskSnapshot> {
    return found(taskId, await storage.loadTask(taskId, scope));
  }

  async function getTask({ id, historyLength }: GetTaskRequest, { scope }: OperationContext): Promise<Task> {
    const { task } = found(id, await storage.loadTask(id, scope));
    return withHistory(task, historyLength);
  }

  async function listTasks(
    params: ListTasksRequest,
    { scope }: OperationContext,
  ): Promise<ListTasksResponse> {
    const { contextId, status, pageSize = 50, pageToken = '', historyLength, includeArtifacts } = params;
    const since = params.statusTimestampAfter;
    const after = pageToken === '' ? undefined : readPageToken(pageToken, scope, params);
    const page = await storage.listTasks(scope, {
      ...(contextId !== undefined && contextId !== '' && { contextId }),
      ...(status !== undefined && { state: status }),
      ...(since !== undefined && { statusSince: Math.ceil(millis(since)) }),
      ...(after && { after }),
      ...(historyLength !== undefined && { historyLength }),
      limit: pageSize,
      includeArtifacts: includeArtifacts === true,
    });
    return {
      tasks: [...page.tasks],
      nextPageToken: page.next === undefined ? '' : writePageToken(page.next, scope, params),
      pageSize,
      totalSize: page.total,
    };
  }

  async function cancelTask({ id, metadata }: CancelTaskRequest, context: OperationContext): Promise<Task> {
    const { scope } = context;
    await load(id, scope);
    const stored = await storage.requestCancel(scope, id, cancelGraceMs, metadata);
    if (!stored.ok && stored.reason === 'not-found') throw new TaskNotFoundError(id);
    if (stored.ok) {
      announce(engine, id, stored);
      if (!stored.closed) await waitForEnd(id, scope, stored.seq, context.signal);
    }
    const { task, closed } = await load(id, scope);
    if (!closed && context.signal.reason === SHUTDOWN) {
      const { contextId } = task;
      throw new UnavailableError('The server shuts down; the cancel goes on: ask with GetTask', 1, {
        taskId: id,
        contextId,
      });
    }
    const { state } = task.status;
    if (closed && state !== 'TASK_STATE_CANCELED') {
      throw new TaskNotCancelableError(
        `The task can not be canceled: it has ended as ${state}; GetTask tells how`,
      );
    }
    return task;
  }

  /** Waits for the runner to let go; when its grace is over, ends the task in its place. Gives up a second later. */
  async function waitForEnd(taskId: TaskId, scope: Scope, after: Seq, signal: Abortable): Promise<void> {
    const giveUp = new AbortController();
    const leave = () => {
      giveUp.abort();
    };
    signal.addEventListener('abort', leave);
    if (signal.aborted) leave();
    const cancelTimers = [
      clock.after(cancelGraceMs + LEASE_END_MS, () => void endForRunner(taskId, scope)),
      clock.after(cancelGraceMs + 1000, leave),
    ];
    try {
      await firstOf(feed.tail(taskId, after, giveUp.signal), isClosing);
    } catch (error) {
      // what is not in the log any more is in the task that is loaded next
      if (!(error instanceof CursorTrimmed)) throw error;
    } finally {
      for (const cancel of cancelTimers) cancel();
      signal.removeEventListener('abort', leave);
      leave();
    }
  }

  async function endForRunner(taskId: TaskId, { agent }: Scope): Promise<void> {
    try {
      const [claimed] = await storage.claim({
        worker: 'front-end',
        agent,
        limit: 1,
        leaseMs: 10_000,
        taskId,
      });
      if (claimed === undefined) return;
      const stored = await storage.append(claimed.lease, 1, [
        { kind: 'status', state: 'TASK_STATE_CANCELED' },
      ]);
      if (stored.ok) announce(engine, taskId, stored);
    } catch (error) {
      engine.logger.warn({ err: error, taskId }, 'ending a canceled task failed; a worker will do it');
    }
  }

  async function subscribeToTask(
    { id }: SubscribeToTaskRequest,
    context: OperationContext,
  ): Promise<EntryStream> {
    const snapshot = await load(id, context.scope);
    const resumeAt = context.resumable ? await readCursor(id, context.lastEventId) : undefined;
    if (snapshot.closed && (resumeAt === undefined || resumeAt >= snapshot.seq)) {
      throw new UnsupportedOperationError(
        `The task has ended (${snapshot.task.status.state}); GetTask tells how`,
      );
    }
    context.openStream?.();
    return follow(snapshot, resumeAt, context);
  }

  /** A cursor counts only if the very entry that it names is still there. */
  async function readCursor(taskId: TaskId, text: string | undefined): Promise<Seq | undefined> {
    const cursor = parseCursor(text);
    if (cursor === undefined) return undefined;
    const { entries } = await storage.read(taskId, cursor.seq - 1, 1, 1);
    const [entry] = entries;
    return entry?.seq === cursor.seq && entry.ts === cursor.ts ? cursor.seq : undefined;
  }

  function follow(
    { task, seq, ts }: TaskSnapshot,
    resumeAt: Seq | undefined,
    { signal, resumable }: OperationContext,
  ): EntryStream {
    const first: StreamItem[] =
      resumeAt === undefined
        ? [{ event: { task }, unshared: true, ...(resumable && { cursor: cursorOf({ seq, ts }) }) }]
        : [];
    return new EntryStream({
      items: new EventItems(cache, task.id, task.contextId),
      first,
      tail: feed.tail(task.id, resumeAt ?? seq, signal),
      resumable,
    });
  }

  return { getTask, listTasks, cancelTask, subscribeToTask };
}

/** A task that clients may know. */
function found(taskId: TaskId, snapshot: TaskSnapshot | undefined): TaskSnapshot {
  if (snapshot?.answers !== 'task') throw new TaskNotFoundError(taskId);
  return snapshot;
}

/** Fractions of a millisecond count: what the wire shows is cut to milliseconds. */
function millis(timestamp: string): number {
  const digits = /\.(\d+)Z$/.exec(timestamp)?.[1] ?? '';
  const more = digits.slice(3);
  return Date.parse(timestamp) + (/[1-9]/.test(more) ? 0.5 : 0);
}
