import {
  InvalidParamsError,
  TaskNotFoundError,
  UnavailableError,
  UnsupportedOperationError,
} from '../protocol/errors.ts';
import type { Message, SendMessageRequest } from '../protocol/v1.ts';
import { ConfigError } from './config-error.ts';
import { announce, type Engine, type OperationContext, wake } from './engine.ts';
import type { ExpectedTail } from './feed.ts';
import type { OpenEntry } from './fold.ts';
import { keyReused } from './idempotency.ts';
import type { Answers, RunRequest, Scope, Seq, StoredTask, TaskId } from './log.ts';
import { newId } from './new-id.ts';
import { tooManyWebhooks } from './push-configs.ts';
import { INLINE_PUSH } from './push-draft.ts';
import { StorageError, type TaskSnapshot, type WriteResult } from './storage.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Decides, before the run, whether a message gets a task or one bare Message. */
export type AnswersFunction = (
  message: Message,
  context: { readonly owner: string | null; readonly request: RunRequest },
) => Answers | Promise<Answers>;

/** What becomes of a message to a task that works on an earlier one: the next run has it, or it is refused. */
export type OnBusy = 'queue' | 'reject';

/** What a send started, went on with, or joined. */
export interface Sent {
  readonly taskId: TaskId;
  readonly contextId: string;
  readonly answers: Answers;
  /** The entry that this send wrote, or an earlier one that it repeats. */
  readonly own: Seq;
  /** A task that was there before, read after the write: what it holds comes first. */
  readonly snapshot?: TaskSnapshot;
  /** The same before the write, where the log has all that came since. */
  readonly before?: TaskSnapshot;
  /** A task that this send created: its first entry, and the tail of all that follows. */
  readonly created?: { readonly open: OpenEntry; readonly tail: ExpectedTail };
}

/** Stores a message and wakes workers. `kind` is for a client that can only be answered with a task. */
export type StartSend = (
  params: SendMessageRequest,
  context: OperationContext,
  kind?: 'task',
) => Promise<Sent>;

/** Makes the half of the two sending operations that writes (§3.1.1, §3.1.2). */
export function createStartSend(
  engine: Engine,
  options: {
    readonly answers: Answers | AnswersFunction;
    readonly onBusy: OnBusy;
    readonly onPush?: (taskId: TaskId) => void;
  },
): StartSend {
  const { storage, feed } = engine;

  async function decide(
    given: AnswersFunction,
    message: Message,
    context: OperationContext,
    request: RunRequest,
  ): Promise<Answers> {
    const decided = async () => given(message, { owner: context.scope.owner, request });
    const answers: unknown = await unlessAborted(decided, context.signal);
    if (answers === 'task' || answers === 'message') return answers;
    throw new ConfigError('ERR_A2A_OPTIONS', "Option `answers` gave neither 'task' nor 'message'");
  }

  async function begin(
    { message }: SendMessageRequest,
    { scope, sendKey, push, openStream, signal }: OperationContext,
    request: RunRequest,
    answers: Answers,
  ): Promise<Sent> {
    openStream?.();
    const taskId = newId();
    const contextId = message.contextId ?? newId();
    const task: StoredTask = {
      id: taskId,
      contextId,
      // storage sets the time (§5.6.1)
      status: { state: 'TASK_STATE_SUBMITTED', timestamp: '' },
      history: [placed(message, taskId, contextId)],
    };
    const init = {
      scope,
      task,
      request,
      answers,
      ...(sendKey && { idempotency: sendKey }),
      ...(push && { push: push({ taskId, contextId }) }),
    };
    const tail = feed.expect(taskId, signal);
    try {
      // a bus of this process has taken the subscription by the next turn; another one is not waited for
      await Promise.resolve();
      tail.trustHints();
      const created = await storage.createTask(init);
      wake(engine, scope.agent, created.taskId);
      if (!created.created) {
        tail.end();
        return await join(created.taskId, created.seq, scope);
      }
      if (push !== undefined) options.onPush?.(taskId);
      const { entry, seq } = created;
      if (entry.kind !== 'open') throw new TypeError(`The log of a task begins with ${entry.kind}`);
      tail.startAfter(seq);
      return { taskId, contextId, answers, own: seq, created: { open: entry, tail } };
    } catch (error) {
      tail.end();
      throw asAnswerable(error, sendKey?.field);
    }
  }

  /** A call that was made before gets what became of it, never another run. */
  async function join(taskId: TaskId, own: Seq, scope: Scope): Promise<Sent> {
    const snapshot = await storage.loadTask(taskId, scope);
    if (snapshot === undefined || isForgotten(snapshot)) {
      throw new UnsupportedOperationError(
        'This call was made before, and what came of it is no longer kept; send another Idempotency-Key to make it anew',
      );
    }
    return { taskId, contextId: snapshot.task.contextId, answers: snapshot.answers, own, snapshot };
  }

  async function goOn(
    taskId: TaskId,
    { message }: SendMessageRequest,
    { scope, sendKey, push, openStream }: OperationContext,
    request: RunRequest,
  ): Promise<Sent> {
    const found = await storage.loadTask(taskId, scope);
    if (found?.answers !== 'task') throw new TaskNotFoundError(taskId);
    const { contextId } = found.task;
    if ((message.contextId ?? contextId) !== contextId) {
      const description = `is not the context of task ${taskId}: leave it out, or send the one of the task`;
      throw new InvalidParamsError([{ field: 'message.contextId', description }]);
    }
    // a call that is known by its key may have been made before the end
    if (found.closed && sendKey === undefined) {
      throw refused(taskId, { ok: false, reason: 'closed', state: found.task.status.state });
    }
    openStream?.();
    const ifWaiting = options.onBusy === 'reject';
    const input = {
      message: placed(message, taskId, contextId),
      request,
      ifWaiting,
      ...(sendKey && { idempotency: sendKey }),
      ...(push && { push: push({ taskId, contextId }) }),
    };
    const stored = await storage.addInput(scope, taskId, input).catch((error: unknown) => {
      throw asAnswerable(error);
    });
    if (!stored.ok)
      throw stored.reason === 'key-reused' ? keyReused(sendKey?.field) : refused(taskId, stored);
    if (push !== undefined) options.onPush?.(taskId);
    if (stored.duplicate !== true) announce(engine, taskId, stored);
    wake(engine, scope.agent, taskId);
    const snapshot = await storage.loadTask(taskId, scope);
    if (snapshot === undefined) throw new TaskNotFoundError(taskId);
    // a store that lost entries meanwhile uses their numbers again
    const goesOn = stored.duplicate !== true && stored.seq > found.seq;
    const isWhole = goesOn && snapshot.first <= found.seq + 1;
    const sent: Sent = { taskId, contextId, answers: 'task', own: stored.seq, snapshot };
    return isWhole ? { ...sent, before: found } : sent;
  }

  return (params, context, kind) => {
    const request = runRequest(params, context);
    const { message } = params;
    if (message.taskId !== undefined) return goOn(message.taskId, params, context, request);
    const answers = kind ?? (context.push ? 'task' : options.answers);
    if (typeof answers !== 'function') return begin(params, context, request, answers);
    return decide(answers, message, context, request).then((decided) =>
      begin(params, context, request, decided),
    );
  };
}

/** The message with the ids of its task. */
function placed(message: Message, taskId: TaskId, contextId: string): Message {
  return Object.assign({}, message, { taskId, contextId });
}

/** The log of a bare message is all there is of it. */
function isForgotten({ answers, closed, first, seq }: TaskSnapshot): boolean {
  return answers === 'message' && closed && first > seq;
}

function runRequest({ configuration, metadata }: SendMessageRequest, context: OperationContext): RunRequest {
  const { acceptedOutputModes } = configuration ?? {};
  return {
    ...(acceptedOutputModes && { acceptedOutputModes }),
    ...(context.extensions.length > 0 && { extensions: context.extensions }),
    ...(metadata && { metadata }),
    ...(context.caller && { caller: context.caller }),
    ...(context.traceparent !== undefined && { traceparent: context.traceparent }),
  };
}

function refused(taskId: TaskId, { reason, state }: Extract<WriteResult, { ok: false }>): Error {
  switch (reason) {
    case 'not-found':
      return new TaskNotFoundError(taskId);
    case 'too-large':
      return tooLarge();
    case 'push-full':
      return tooManyWebhooks(INLINE_PUSH);
    case 'busy':
      return new UnsupportedOperationError(
        'The task works on an earlier message; wait until it asks for input, or send a message without taskId to start another one',
      );
    case 'cancelling':
      return new UnsupportedOperationError(
        'The task is being canceled; send a message without taskId to start another one',
      );
    case 'closed':
      return new UnsupportedOperationError(
        `The task has ended (${state ?? 'unknown state'}); send a message without taskId to start another one`,
      );
    default:
      return new Error(`A message was refused for a reason that has no answer: ${reason}`);
  }
}

function tooLarge(): InvalidParamsError {
  const description =
    'would make the task larger than this server allows: send less, or large files as parts with a url';
  return new InvalidParamsError([{ field: 'message', description }]);
}

/** What a client is told of a write that failed: room that is not there now may be there later (503 with Retry-After). */
function asAnswerable(error: unknown, field?: Parameters<typeof keyReused>[0]): unknown {
  if (!(error instanceof StorageError)) return error;
  if (error.code === 'key-reused') return keyReused(field);
  if (error.code === 'too-large') return tooLarge();
  if (error.code === 'full')
    return new UnavailableError('This server can not take more work now; try again later', 5);
  return error;
}
