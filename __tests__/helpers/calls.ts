import { expect } from '@jest/globals';
import type { ListTasksResponse, StreamResponse, Task } from '../../lib/protocol/v1.ts';
import { type Caller, message } from './make-app.ts';
import { type EventReader, readEvents } from './sse.ts';

/** A timestamp as the wire spells it. */
export const TIME: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

type Headers = Record<string, string>;

/** The result of a call. Throws with the error where there is one. */
async function result(app: Caller, method: string, params: unknown, headers?: Headers): Promise<unknown> {
  const answer = await app.call(method, params, headers);
  if (typeof answer === 'object' && answer !== null && 'result' in answer) return answer.result;
  throw new Error(`${method} failed: ${JSON.stringify(answer)}`);
}

/** The error of a call. Throws where it succeeds. */
export async function errorOf(
  app: Caller,
  method: string,
  params: unknown,
  headers?: Headers,
): Promise<{ code: number; message: string; data?: unknown[] }> {
  const answer = await app.call(method, params, headers);
  if (typeof answer === 'object' && answer !== null && 'error' in answer) return answer.error as never; // a response of JSON-RPC
  throw new Error(`${method} succeeded: ${JSON.stringify(answer)}`);
}

/** Sends a text and gives the task. `more` goes into the message, `rest` beside it. */
export async function sendText(
  app: Caller,
  text: string,
  more: object = {},
  rest: object = {},
  headers?: Headers,
): Promise<Task> {
  const sent = await result(app, 'SendMessage', { ...message(text, more), ...rest }, headers);
  expect(sent).toEqual({ task: expect.anything() });
  return (sent as { task: Task }).task; // just checked
}

/** Starts a task without waiting for its answer. */
export function start(app: Caller, text: string, headers?: Headers): Promise<Task> {
  return sendText(app, text, {}, { configuration: { returnImmediately: true } }, headers);
}

export async function getTask(app: Caller, id: string, headers?: Headers): Promise<Task> {
  return (await result(app, 'GetTask', { id }, headers)) as Task; // results of calls that did not fail
}

export async function cancelTask(app: Caller, id: string, headers?: Headers): Promise<Task> {
  return (await result(app, 'CancelTask', { id }, headers)) as Task; // as above
}

export async function listTasks(
  app: Caller,
  params: object = {},
  headers?: Headers,
): Promise<ListTasksResponse> {
  return (await result(app, 'ListTasks', params, headers)) as ListTasksResponse; // as above
}

/** A stream of one task, read as a client does. */
export interface TaskStream {
  readonly events: EventReader;
  /** The next event; undefined at the end. */
  readonly next: () => Promise<StreamResponse | undefined>;
  readonly rest: () => Promise<StreamResponse[]>;
  readonly leave: () => Promise<void>;
  /** Cursor of the newest event. */
  readonly lastId: () => string | undefined;
}

/** Opens a stream. Throws when the answer is none. */
export async function openStream(
  app: Caller,
  method: 'SendStreamingMessage' | 'SubscribeToTask',
  params: unknown,
  headers?: Headers,
): Promise<TaskStream> {
  const response = await app.open(method, params, headers);
  if (response.headers.get('content-type') !== 'text/event-stream') {
    throw new Error(`${method} failed: ${await response.text()}`);
  }
  const events = readEvents(response);
  let lastId: string | undefined;

  async function next(): Promise<StreamResponse | undefined> {
    const event = await events.next();
    if (event === undefined) return undefined;
    if (event.id !== undefined) lastId = event.id;
    const frame = JSON.parse(event.data) as { result?: StreamResponse }; // every frame is a response
    expect(frame).toEqual({ jsonrpc: '2.0', id: 1, result: expect.anything() });
    return frame.result;
  }

  async function rest(): Promise<StreamResponse[]> {
    const all: StreamResponse[] = [];
    for (let event = await next(); event !== undefined; event = await next()) all.push(event);
    return all;
  }

  return { events, next, rest, leave: events.leave, lastId: () => lastId };
}

/** Streams a text. */
export function streamText(
  app: Caller,
  text: string,
  more: object = {},
  headers?: Headers,
): Promise<TaskStream> {
  return openStream(app, 'SendStreamingMessage', message(text, more), headers);
}

export function subscribe(app: Caller, id: string, headers?: Headers): Promise<TaskStream> {
  return openStream(app, 'SubscribeToTask', { id }, headers);
}

/** The state that an event tells. */
export function stateOf(event: StreamResponse | undefined): string | undefined {
  return event?.statusUpdate?.status.state ?? event?.task?.status.state;
}
