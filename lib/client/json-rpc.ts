import { isObject } from '../protocol/protojson.ts';
import type { Methods } from '../protocol/v1.ts';
import type { Version } from '../protocol/version.ts';
import { type Dialect, loadDialect } from './dialect.ts';
import { ResponseError } from './errors.ts';
import { readFrames, type SseFrame, type StreamLimits } from './event-stream.ts';
import { type HttpRequest, type OpenResponse, openRequest, readText, refuse, startOf } from './http.ts';
import type { Settings } from './options.ts';
import type { OpenStream, RequestContext, StreamNews, Transport } from './transport.ts';
import { readWireError, toA2AError } from './wire-error.ts';

/** What a JSON-RPC transport speaks to. */
export interface JsonRpcOptions {
  readonly settings: Settings;
  readonly url: string;
  readonly limits: StreamLimits;
  readonly version: Version;
}

/** The JSON-RPC binding of A2A (§9), in the words of this version. */
export function createJsonRpc({ settings, url, limits, version }: JsonRpcOptions): Transport {
  let lastId = 0;
  let loading: Promise<Dialect> | undefined;

  async function open(method: keyof Methods, params: unknown, accept: string, context: RequestContext) {
    const dialect = await (loading ??= loadDialect(version));
    const id = ++lastId;
    const phase = method === 'SendMessage' ? 'answer' : 'head';
    const request: HttpRequest = {
      url,
      method: 'POST',
      headers: { Accept: accept, 'Content-Type': 'application/json', ...context.headers },
      body: JSON.stringify({ jsonrpc: '2.0', id, ...dialect.call(method, params) }),
      signal: context.signal,
      limit: { phase, ms: context.limitMs },
    };
    return { id, dialect, opened: await openRequest(settings, request) };
  }

  return {
    url,
    async send<M extends keyof Methods>(method: M, params: Methods[M]['params'], context: RequestContext) {
      const { id, dialect, opened } = await open(method, params, 'application/json', context);
      const answer = await readAnswer(opened, id, settings.maxBytes);
      const result = translated(() => dialect.result(method, answer), opened.response);
      if (method !== 'DeleteTaskPushNotificationConfig' && !isObject(result)) {
        const start = startOf(JSON.stringify(answer));
        throw new ResponseError('not-json-rpc', 'The result is no object', opened.response, start);
      }
      // the agent's word: our own server validates what it sends, and types can not be checked for others
      return result as Methods[M]['result'];
    },
    async stream(method, params, context): Promise<OpenStream> {
      const { id, dialect, opened } = await open(method, params, 'text/event-stream', context);
      const { response, scope } = opened;
      if (response.status !== 200 || mediaType(response) !== 'text/event-stream') {
        await readAnswer(opened, id, settings.maxBytes);
        throw new ResponseError(
          'not-a-stream',
          'The agent answered with one result instead of a stream',
          response,
          '',
        );
      }
      return {
        news: readNews({ opened, id, dialect, limits }),
        close: () => {
          scope.release();
          scope.abort(undefined);
        },
      };
    },
  };
}

/** The result of an answer that is no stream. Throws the A2AError in it, or a ResponseError where it is no answer. */
async function readAnswer(opened: OpenResponse, id: number, maxBytes: number): Promise<unknown> {
  const { response } = opened;
  if (response.status === 0 || (response.status >= 300 && response.status < 400)) {
    const target = response.headers.get('location');
    throw await refuse(
      opened,
      'redirect',
      `The agent redirects${target === null ? '' : ` to ${target}`}, which calls do not follow`,
    );
  }
  if (!/^application\/(?:.+\+)?json$/.test(mediaType(response))) {
    throw await refuse(opened, response.ok ? 'not-json' : 'status', 'The answer is no JSON');
  }
  const text = await readText(opened, maxBytes);
  const answer = parse(text, response);
  if (isObject(answer) && answer['error'] !== undefined && answer['error'] !== null) {
    throw errorOf(answer['error'], text, response);
  }
  if (!isObject(answer) || !response.ok || !('result' in answer)) {
    throw new ResponseError(
      response.ok ? 'not-json-rpc' : 'status',
      'The answer is no JSON-RPC response',
      response,
      startOf(text),
    );
  }
  checkId(answer['id'], id, text, response);
  return answer['result'];
}

interface Reading {
  readonly opened: OpenResponse;
  readonly id: number;
  readonly dialect: Dialect;
  readonly limits: StreamLimits;
}

async function* readNews({ opened, id, dialect, limits }: Reading): AsyncGenerator<StreamNews[]> {
  for await (const frames of readFrames(opened, limits)) {
    const news: StreamNews[] = [];
    for (const frame of frames) {
      try {
        const read = readFrame(frame, id, dialect, opened.response);
        if (read !== undefined) news.push(read);
      } catch (error) {
        // what came before an error was said
        if (news.length > 0) yield news;
        throw error;
      }
    }
    if (news.length > 0) yield news;
  }
}

function readFrame(
  frame: SseFrame,
  id: number,
  dialect: Dialect,
  response: Response,
): StreamNews | undefined {
  if ('retryMs' in frame) return frame;
  if ('comment' in frame) {
    const [, from, to] = /^\s*skip (\d{1,15})-(\d{1,15})$/.exec(frame.comment) ?? [];
    return from === undefined ? undefined : { skip: { from: Number(from), to: Number(to) } };
  }
  const answer = parse(frame.data, response);
  if (isObject(answer) && answer['error'] !== undefined && answer['error'] !== null) {
    throw errorOf(answer['error'], frame.data, response);
  }
  if (!isObject(answer) || !isObject(answer['result'])) {
    throw new ResponseError(
      'not-json-rpc',
      'An event of the stream is no JSON-RPC response',
      response,
      startOf(frame.data),
    );
  }
  checkId(answer['id'], id, frame.data, response);
  const { result } = answer;
  return { event: translated(() => dialect.event(result), response), cursor: frame.id };
}

/** A translator takes what the agent sent for what it should be. */
function translated<T>(translate: () => T, response: Response): T {
  try {
    return translate();
  } catch (error) {
    throw new ResponseError('not-json-rpc', 'The answer is not what its version has', response, '', error);
  }
}

function errorOf(error: unknown, text: string, response: Response): Error {
  const read = readWireError(error);
  if (read !== undefined) return toA2AError(read, response);
  return new ResponseError('not-json-rpc', 'The answer is an error without a code', response, startOf(text));
}

/** An answer to somebody else is worse than none. */
function checkId(given: unknown, id: number, text: string, response: Response): void {
  if (given === id || given === String(id)) return;
  throw new ResponseError('not-json-rpc', 'The answer is to another request', response, startOf(text));
}

function parse(text: string, response: Response): unknown {
  if (text.trim() === '') throw new ResponseError('empty', 'The answer is empty', response, '');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ResponseError('cut', 'The answer is not complete JSON', response, startOf(text), error);
  }
}

function mediaType({ headers }: Response): string {
  const [type = ''] = (headers.get('content-type') ?? '').split(';', 1);
  return type.trim().toLowerCase();
}
