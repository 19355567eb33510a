import {
  InternalError,
  InvalidAgentResponseError,
  TaskNotFoundError,
  UnavailableError,
} from '../protocol/errors.ts';
import type { Message, SendMessageRequest, SendMessageResponse } from '../protocol/v1.ts';
import type { Abortable } from './abortable.ts';
import { type Batches, firstOf, type Taker } from './batches.ts';
import { SHUTDOWN, type StreamItem } from './call.ts';
import type { Engine, OperationContext } from './engine.ts';
import { EntryStream } from './entry-stream.ts';
import { cursorOf, type EventItemCache, EventItems } from './event-items.ts';
import type { Tail } from './feed.ts';
import { createFold, withHistory } from './fold.ts';
import type { LogEntry, Seq, StoredTask } from './log.ts';
import type { Sent, StartSend } from './start-send.ts';
import { answersSend, streamFailure } from './stream-end.ts';

type Items = readonly StreamItem[];

/** The two operations that send (§3.1.1, §3.1.2). */
export interface Sending {
  readonly sendMessage: (
    params: SendMessageRequest,
    context: OperationContext,
  ) => Promise<SendMessageResponse>;
  readonly sendStreamingMessage: (
    params: SendMessageRequest,
    context: OperationContext,
  ) => Promise<Batches<Items>>;
}

/** Makes the sending operations: what `start` has stored is followed until it is answered. */
export function createSending(engine: Engine, start: StartSend, cache: EventItemCache): Sending {
  const { storage, feed } = engine;

  async function sendMessage(
    params: SendMessageRequest,
    context: OperationContext,
  ): Promise<SendMessageResponse> {
    const { returnImmediately, historyLength } = params.configuration ?? {};
    const sent = await start(params, context, returnImmediately === true ? 'task' : undefined);
    // a call that joins another one gets the kind of answer that the first one had
    if (sent.answers === 'message')
      return { message: await answerOf(sent, context.signal, tailOf(sent, context.signal), bareMessage) };
    const task = await (returnImmediately === true
      ? current(sent, context)
      : answeredTask(sent, context.signal));
    return { task: withHistory(task, historyLength) };
  }

  async function current(sent: Sent, { scope }: OperationContext): Promise<StoredTask> {
    if (sent.created !== undefined) {
      sent.created.tail.end();
      return createFold(sent.created.open).snapshot();
    }
    const snapshot = sent.snapshot ?? (await storage.loadTask(sent.taskId, scope));
    if (snapshot === undefined) throw new TaskNotFoundError(sent.taskId);
    return snapshot.task;
  }

  /** The task as it was when an entry answered the send, or as it is where it has ended or the log does not go back that far. */
  function answeredTask(sent: Sent, signal: Abortable): Promise<StoredTask> {
    const { snapshot, created } = sent;
    if (snapshot?.closed === true) return Promise.resolve(snapshot.task);
    // what answers may have been gone on from before the snapshot was read
    const known = sent.before ?? snapshot;
    const begin = created?.open ?? known?.task;
    if (begin === undefined) throw new Error('A send is answered with a task that is not known');
    const fold = createFold(begin);
    const seen = created?.open.seq ?? known?.seq ?? 0;
    const see = (entry: LogEntry) => {
      if (entry.seq > seen) fold.apply(entry);
    };
    return answerOf(sent, signal, tailOf(sent, signal, sent.before?.seq), () => fold.snapshot(), see);
  }

  /** Follows the task until an entry answers the send, and gives what `result` makes of it; `see` is shown each entry up to it. */
  function answerOf<T>(
    sent: Sent,
    signal: Abortable,
    tail: Tail,
    result: (entry: LogEntry) => T,
    see?: (entry: LogEntry) => void,
  ): Promise<T> {
    const answers = (entry: LogEntry) => {
      see?.(entry);
      return answersSend(entry, sent.own);
    };
    return firstOf(tail, answers).then(
      (entry) => {
        if (entry === undefined) throw unanswered(sent, signal);
        return result(entry);
      },
      (error: unknown) => {
        throw streamFailure(error);
      },
    );
  }

  async function sendStreamingMessage(
    params: SendMessageRequest,
    context: OperationContext,
  ): Promise<Batches<Items>> {
    const sent = await start(params, context);
    if (sent.answers === 'task') return taskStream(sent, context, params.configuration?.historyLength);
    const { signal } = context;
    const tail = tailOf(sent, signal);
    return new MessageStream(tail, () => answerOf(sent, signal, tail, bareMessage));
  }

  function taskStream(
    sent: Sent,
    { signal, resumable }: OperationContext,
    historyLength: number | undefined,
  ): EntryStream {
    const { snapshot, created, own } = sent;
    const taskItem = (task: StoredTask, at: { seq: Seq; ts: number }): StreamItem => ({
      event: { task: withHistory(task, historyLength) },
      unshared: true,
      ...(resumable && { cursor: cursorOf(at) }),
    });
    const first: StreamItem[] = [];
    if (snapshot !== undefined) first.push(taskItem(snapshot.task, snapshot));
    if (created !== undefined) first.push(taskItem(createFold(created.open).snapshot(), created.open));
    const tail = tailOf(sent, signal);
    // of a task that has ended the log may be gone
    if (snapshot?.closed === true) tail.end();
    return new EntryStream({
      items: new EventItems(cache, sent.taskId, sent.contextId),
      first,
      shown: created?.open.seq ?? snapshot?.seq ?? 0,
      tail,
      beginning: created?.tail,
      resumable,
      own,
    });
  }

  /** Where to look for the entry that answers: after the send's own, or an earlier one, as far as the log goes back. */
  function tailOf({ taskId, own, snapshot, created }: Sent, signal: Abortable, after = own): Tail {
    return created?.tail ?? feed.tail(taskId, Math.max(after, (snapshot?.first ?? 1) - 1), signal);
  }

  return { sendMessage, sendStreamingMessage };
}

/** The answer of a run without a task. */
class MessageStream implements Batches<Items> {
  readonly #tail: Tail;
  #answer: (() => Promise<Message>) | undefined;

  /** `answer` follows the tail. */
  constructor(tail: Tail, answer: () => Promise<Message>) {
    this.#tail = tail;
    this.#answer = answer;
  }

  pull(taker: Taker<Items>): void {
    const answer = this.#answer;
    this.#answer = undefined;
    if (answer === undefined) taker.onEnd();
    else
      answer().then(
        (message) => {
          taker.onBatch([{ event: { message }, unshared: true }]);
        },
        (error: unknown) => {
          taker.onError(error);
        },
      );
  }

  /** Whoever waits is told that there is no answer. */
  end(): void {
    this.#answer = undefined;
    this.#tail.end();
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

function unanswered({ taskId, contextId, answers }: Sent, signal: Abortable): Error {
  if (signal.reason !== SHUTDOWN) return new Error('The client has gone');
  return new UnavailableError(
    'The server shuts down; the task goes on: follow it with SubscribeToTask, or ask with GetTask',
    1,
    answers === 'task' ? { taskId, contextId } : undefined,
  );
}
