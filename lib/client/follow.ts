import { isA2AError } from '../protocol/errors.ts';
import type { StreamResponse, Task } from '../protocol/v1.ts';
import { type BackOff, createBackOff } from './back-off.ts';
import { isBreak, isOutcomeUnknown } from './break.ts';
import type { TaskStream } from './connection.ts';
import { ConnectionError, OutcomeUnknownError, StreamBrokenError } from './errors.ts';
import type { ClientOptions } from './options.ts';
import { createPosition, type Position } from './position.ts';
import { delay } from './scope.ts';
import { createSeen, isEnd, isSameStatus, type Seen } from './seen.ts';
import type { StreamNews } from './transport.ts';

/** A stream to be followed to its end, whatever happens to connections. */
export interface FollowPlan {
  /** Opens it for the first time. */
  readonly begin: () => Promise<TaskStream>;
  /** Whether `begin` may be repeated when nothing came of it. */
  readonly isRepeatable: boolean;
  /** Opens it again, after the cursor where there is one. */
  readonly resubscribe: (taskId: string, cursor: string | undefined) => Promise<TaskStream>;
  readonly getTask: (taskId: string) => Promise<Task>;
  /** The task, where it is known before the first event: the stream is a subscription. */
  readonly taskId: string | undefined;
  readonly resume: NonNullable<ClientOptions['resume']>;
  readonly onBreak: ClientOptions['onBreak'];
  readonly signal: AbortSignal;
}

/** One connection of a stream. */
interface Connection extends TaskStream {
  readonly isReopened: boolean;
  /** Nothing can follow, whatever the state of the task. */
  readonly isLast?: boolean;
}

/**
 * The events of a stream in order, each once. Where a connection breaks before the end, the stream is opened again after
 * the last event, or with the task as it is where the agent has no event ids.
 */
export async function* follow(plan: FollowPlan): AsyncGenerator<StreamResponse> {
  const position = createPosition();
  const seen = createSeen(plan.taskId);
  const backOff = createBackOff(plan.resume);
  const isSubscription = plan.taskId !== undefined;
  let isOpened = false;
  let isRefused = false;
  for (;;) {
    const isReopening = isOpened && seen.taskId() !== undefined;
    let connection: Connection | undefined;
    let failure: unknown;
    try {
      connection = await connect(plan, seen, position, { isReopening, isRefused });
      isOpened = true;
      // a subscription stays open where a send has its answer
      const mayWait = connection.isReopened && !isSubscription;
      if (mayWait && (await isWaiting(plan, seen))) return;
      for await (const event of eventsOf(connection, plan, { position, backOff, seen })) {
        if (!seen.take(event) && connection.isReopened) continue;
        backOff.reset();
        yield event;
        if (isEnd(event) || (mayWait && (await isWaiting(plan, seen)))) return;
      }
      if (connection.isLast === true || endsWell(seen, isSubscription)) return;
      failure = lost('The stream ended before the task did');
    } catch (error) {
      plan.signal.throwIfAborted();
      // as an answer, or as the first event
      if (isReopening && !isRefused && isRefusal(error)) {
        isRefused = true;
        continue;
      }
      failure = error;
    } finally {
      connection?.close();
    }
    await pause(failure, { plan, seen, position, backOff, isOpened });
  }
}

async function connect(
  plan: FollowPlan,
  seen: Seen,
  position: Position,
  { isReopening, isRefused }: { isReopening: boolean; isRefused: boolean },
): Promise<Connection> {
  const taskId = seen.taskId();
  position.reconnected();
  if (taskId === undefined || !isReopening) return { ...(await plan.begin()), isReopened: false };
  if (!isRefused) return { ...(await plan.resubscribe(taskId, position.cursor())), isReopened: true };
  const news = once([{ event: { task: await plan.getTask(taskId) }, cursor: undefined }]);
  return { news, close: () => undefined, hasCursors: false, isReopened: true, isLast: true };
}

/** The task has ended meanwhile, or can not be subscribed to (§3.1.6). */
function isRefusal(error: unknown): boolean {
  return isA2AError(error) && error.code === -32004;
}

async function* once(batch: readonly StreamNews[]): AsyncGenerator<readonly StreamNews[]> {
  yield batch;
}

/** What a connection tells that is next. Rejects where something is missing before it. */
async function* eventsOf(
  { news, hasCursors, isReopened }: Connection,
  { getTask }: FollowPlan,
  { position, backOff, seen }: { position: Position; backOff: BackOff; seen: Seen },
): AsyncGenerator<StreamResponse> {
  let count = 0;
  // some agents of 0.3 do not begin with the task: then an event only tells that the task has changed
  let isBell = false;
  for await (const batch of news) {
    for (const item of batch) {
      if ('retryMs' in item) backOff.suggest(item.retryMs);
      else if ('skip' in item) position.skip(item.skip);
      else {
        const turn = hasCursors ? position.next(item) : 'take';
        if (turn === 'gap') {
          seen.name(item.event);
          throw lost('Events of the stream were lost on the way');
        }
        if (turn === 'repeat') continue;
        if (++count === 1) isBell = isReopened && !hasCursors && isUpdate(item.event);
        yield isBell ? { task: await getTask(seen.taskId() ?? '') } : item.event;
      }
    }
  }
  if (count === 0 && isReopened && !hasCursors) yield { task: await getTask(seen.taskId() ?? '') };
}

function isUpdate({ statusUpdate, artifactUpdate }: StreamResponse): boolean {
  return statusUpdate !== undefined || artifactUpdate !== undefined;
}

function lost(why: string): ConnectionError {
  return new ConnectionError(undefined, why, true, undefined);
}

/** Whether the agent waits for the answer to what it asked last: then the stream of a send is over (§11.7). */
async function isWaiting({ getTask }: FollowPlan, seen: Seen): Promise<boolean> {
  const status = seen.status();
  const taskId = seen.taskId();
  if (status?.state !== 'TASK_STATE_INPUT_REQUIRED' || taskId === undefined) return false;
  // a pause that had not seen the message of this stream is over in the same step
  return isSameStatus((await getTask(taskId)).status, status);
}

/** Whether a stream that was closed properly has told all it was to tell. */
function endsWell(seen: Seen, isSubscription: boolean): boolean {
  const state = seen.status()?.state;
  return state === 'TASK_STATE_AUTH_REQUIRED' || (!isSubscription && state === 'TASK_STATE_INPUT_REQUIRED');
}

/** Waits until it is time to try again. Throws where that would be wrong, or has been tried for long enough. */
async function pause(
  failure: unknown,
  at: { plan: FollowPlan; seen: Seen; position: Position; backOff: BackOff; isOpened: boolean },
): Promise<void> {
  const { plan, seen, position, backOff, isOpened } = at;
  const taskId = seen.taskId();
  const isUnknown = taskId === undefined && (isOpened || isOutcomeUnknown(failure));
  if (!isBreak(failure)) throw failure;
  if (taskId === undefined && !plan.isRepeatable)
    throw isUnknown ? new OutcomeUnknownError(failure) : failure;
  // an agent that can not be reached at all is no stream that broke
  if (!isOpened && !isOutcomeUnknown(failure)) throw failure;
  const next = backOff.next(failure);
  if (next === undefined) {
    if (taskId === undefined) throw new OutcomeUnknownError(failure);
    throw new StreamBrokenError(taskId, position.cursor(), backOff.attempts(), failure);
  }
  plan.onBreak?.({ taskId, cursor: position.cursor(), ...next, error: failure });
  await delay(next.delayMs, plan.signal);
}
