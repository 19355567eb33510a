import { randomUUID } from 'node:crypto';
import {
  InternalError,
  InvalidAgentResponseError,
  InvalidParamsError,
  TaskNotFoundError,
  UnavailableError,
  UnsupportedOperationError,
} from '../protocol/errors.ts';
import type { Message, SendMessageRequest, SendMessageResponse } from '../protocol/v1.ts';
import { type EventStream, SHUTDOWN, type StreamItem } from './call.ts';
import { ConfigError } from './config-error.ts';
import { announce, type Engine, type OperationContext, wake } from './engine.ts';
import { createEventItems, cursorOf, type EventItemCache } from './event-items.ts';
import { createFold, type OpenEntry, withHistory } from './fold.ts';
import type { Answers, LogEntry, RunRequest, Seq, StoredTask, TaskId } from './log.ts';
import { StorageError, type TaskSnapshot, type WriteResult } from './storage.ts';
import { answersSend, endsStream, streamFailure } from './stream-end.ts';

/** Decides, before the run, whether a message gets a task or one bare Message. */
export type AnswersFunction = (
  message: Message,
  context: { readonly owner: string | null; readonly request: RunRequest },
) => Answers | Promise<Answers>;

/** What a send started or went on with. */
interface Sent {
  readonly taskId: TaskId;
  readonly contextId: string;
  readonly answers: Answers;
  /** The entry that this send wrote. */
  readonly own: Seq;
  /** A task that was there before, read after the write: what it holds comes first. */
  readonly snapshot?: TaskSnapshot;
}

/** The two operations that send (§3.1.1, §3.1.2). */
export interface Sending {
  readonly sendMessage: (
    params: SendMessageRequest,
    context: OperationContext,
  ) => Promise<SendMessageResponse>;
  readonly sendStreamingMessage: (
    params: SendMessageRequest,
    context: OperationContext,
  ) => Promise<EventStream>;
}

/** Makes the sending operations. */
export function createSending(
  engine: Engine,
  options: { readonly answers: Answers | AnswersFunction; readonly cache: EventItemCache },
): Sending {
  const { storage, feed } = engine;

  async function send(params: SendMessageRequest, context: OperationContext, kind?: 'task'): Promise<Sent> {
    const request = runRequest(params, context);
    const { taskId } = params.message;
    if (taskId !== undefined) return goOn(taskId, params, context, request);
    const answers = kind ?? (await decide(params, context, request));
    return begin(params, context, request, answers);
  }

  async function decide(
    { message }: SendMessageRequest,
    { scope }: OperationContext,
    request: RunRequest,
  ): Promise<Answers> {
    if (typeof options.answers !== 'function') return options.answers;
    const answers: unknown = await options.answers(message, { owner: scope.owner, request });
    if (answers === 'task' || answers === 'message') return answers;
    throw new ConfigError('ERR_A2A_OPTIONS', "Option `answers` gave neither 'task' nor 'message'");
  }

  async function begin(
    { message }: SendMessageRequest,
    { scope }: OperationContext,
    request: RunRequest,
    answers: Answers,
  ): Promise<Sent> {
    const taskId = randomUUID();
    const contextId = message.contextId ?? randomUUID();
    const task: StoredTask = {
      id: taskId,
      contextId,
      // storage sets the time (§5.6.1)
      status: { state: 'TASK_STATE_SUBMITTED', timestamp: '' },
      history: [{ ...message, taskId, contextId }],
    };
    const created = await asAvailable(storage.createTask({ scope, task, request, answers }));
    wake(engine, scope.agent, created.taskId);
    return { taskId: created.taskId, contextId, answers, own: created.seq };
  }

  async function goOn(
    taskId: TaskId,
    { message }: SendMessageRequest,
    { scope }: OperationContext,
    request: RunRequest,
  ): Promise<Sent> {
    const found = await storage.loadTask(taskId, scope);
    if (found?.answers !== 'task') throw new TaskNotFoundError(taskId);
    const { contextId } = found.task;
    if ((message.contextId ?? contextId) !== contextId) {
      const description = `is not the context of task ${taskId}: leave it out, or send the one of the task`;
      throw new InvalidParamsError([{ field: 'message.contextId', description }]);
    }
    const stored = await asAvailable(
      storage.addInput(scope, taskId, { message: { ...message, taskId, contextId }, request }),
    );
    if (!stored.ok) throw refusedInput(taskId, stored);
    announce(engine, taskId, stored);
    wake(engine, scope.agent, taskId);
    const snapshot = await storage.loadTask(taskId, scope);
    if (snapshot === undefined) throw new TaskNotFoundError(taskId);
    return { taskId, contextId, answers: 'task', own: stored.seq, snapshot };
  }

  async function sendMessage(
    params: SendMessageRequest,
    context: OperationContext,
  ): Promise<SendMessageResponse> {
    const { returnImmediately, historyLength } = params.configuration ?? {};
    const sent = await send(params, context, returnImmediately === true ? 'task' : undefined);
    if (returnImmediately === true) return { task: withHistory(await current(sent, context), historyLength) };
    const { entry, task } = await answer(sent, context.signal);
    if (sent.answers === 'message') return { message: bareMessage(entry) };
    return { task: withHistory(task, historyLength) };
  }

  async function current(sent: Sent, { scope }: OperationContext): Promise<StoredTask> {
    const snapshot = sent.snapshot ?? (await storage.loadTask(sent.taskId, scope));
    if (snapshot === undefined) throw new TaskNotFoundError(sent.taskId);
    return snapshot.task;
  }

  /** Follows the task until an entry answers the send, and gives the task as it was then. */
  async function answer(sent: Sent, signal: AbortSignal): Promise<{ entry: LogEntry; task: StoredTask }> {
    const { snapshot } = sent;
    let fold = snapshot && createFold(snapshot.task);
    for await (const batch of feed.tail(sent.taskId, snapshot ? sent.own : 0, signal)) {
      for (const entry of batch) {
        if (fold === undefined) fold = createFold(opened(entry));
        else if (entry.seq > (snapshot?.seq ?? 0)) fold.apply(entry);
        if (answersSend(entry, sent.own)) return { entry, task: fold.snapshot() };
      }
    }
    throw unanswered(sent, signal);
  }

  async function sendStreamingMessage(
    params: SendMessageRequest,
    context: OperationContext,
  ): Promise<EventStream> {
    const sent = await send(params, context);
    if (sent.answers === 'message') return messageStream(sent, context);
    return taskStream(sent, context, params.configuration?.historyLength);
  }

  async function* messageStream(
    sent: Sent,
    { signal }: OperationContext,
  ): EventStream & AsyncGenerator<StreamItem[]> {
    const { entry } = await answer(sent, signal);
    yield [{ event: { message: bareMessage(entry) } }];
  }

  async function* taskStream(
    sent: Sent,
    { signal, resumable }: OperationContext,
    historyLength: number | undefined,
  ): AsyncGenerator<readonly StreamItem[]> {
    const items = createEventItems(options.cache, sent.taskId, sent.contextId);
    const { snapshot } = sent;
    const taskItem = (task: StoredTask, at: { seq: Seq; ts: number }): StreamItem => ({
      event: { task: withHistory(task, historyLength) },
      ...(resumable && { cursor: cursorOf(at) }),
    });
    if (snapshot !== undefined) yield [taskItem(snapshot.task, snapshot)];
    let shown = snapshot?.seq ?? 0;
    try {
      for await (const batch of feed.tail(sent.taskId, snapshot ? sent.own : 0, signal)) {
        const end = batch.findIndex((entry) => endsStream(entry, sent.own));
        let news = batch;
        const [first] = batch;
        if (shown === 0 && first !== undefined) {
          yield [taskItem(createFold(opened(first)).snapshot(), first)];
          shown = first.seq;
        }
        if (end >= 0 && end < batch.length - 1) news = batch.slice(0, end + 1);
        if ((news[0]?.seq ?? 0) <= shown) news = news.filter((entry) => entry.seq > shown);
        const seen = items.of(news, resumable);
        if (seen.length > 0) yield seen;
        if (end >= 0) return;
      }
    } catch (error) {
      throw streamFailure(error);
    }
  }

  return { sendMessage, sendStreamingMessage };
}

function opened(entry: LogEntry): OpenEntry {
  if (entry.kind !== 'open') throw new Error(`The log of a task begins with ${entry.kind}`);
  return entry;
}

function runRequest({ configuration, metadata }: SendMessageRequest, context: OperationContext): RunRequest {
  const { acceptedOutputModes } = configuration ?? {};
  return {
    ...(acceptedOutputModes && { acceptedOutputModes }),
    ...(context.extensions.length > 0 && { extensions: context.extensions }),
    ...(metadata && { metadata }),
    ...(context.traceparent !== undefined && { traceparent: context.traceparent }),
  };
}

function refusedInput(taskId: TaskId, { reason, state }: Extract<WriteResult, { ok: false }>): Error {
  switch (reason) {
    case 'not-found':
      return new TaskNotFoundError(taskId);
    case 'too-large':
      return new InvalidParamsError([
        { field: 'message', description: 'would make the task larger than this server allows' },
      ]);
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

/** The one Message of a run without a task, or why there is none. */
function bareMessage(entry: LogEntry): Message {
  if (entry.kind === 'message') return entry.message;
  const error = entry.kind === 'status' ? entry.error : undefined;
  if (error?.code === -32006) throw new InvalidAgentResponseError('The agent did not answer with a message');
  if (error?.text !== undefined) throw new InternalError(error.text);
  throw new InternalError('The agent failed', error?.id);
}

function unanswered({ taskId, contextId, answers }: Sent, signal: AbortSignal): Error {
  if (signal.reason !== SHUTDOWN) return new Error('The client has gone');
  return new UnavailableError(
    'The server shuts down; the task goes on',
    1,
    answers === 'task' ? { taskId, contextId } : undefined,
  );
}

/** Room that is not there now may be there later: 503 with Retry-After. */
async function asAvailable<T>(written: Promise<T>): Promise<T> {
  try {
    return await written;
  } catch (error) {
    if (!(error instanceof StorageError) || error.code === 'exists') throw error;
    throw new UnavailableError('This server can not take more work now; try again later', 5);
  }
}
