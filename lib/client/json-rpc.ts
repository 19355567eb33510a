import { isObject } from '../protocol/protojson.ts';
import type { Methods, StreamResponse } from '../protocol/v1.ts';
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
}

/** The JSON-RPC binding of A2A 1.0 (§9). */
export function createJsonRpc({ settings, url, limits }: JsonRpcOptions): Transport {
  let lastId = 0;

  async function open(method: string, params: unknown, accept: string, context: RequestContext) {
    const id = ++lastId;
    const phase = method === 'SendMessage' ? 'answer' : 'head';
    const request: HttpRequest = {
      url,
      method: 'POST',
      headers: { Accept: accept, 'Content-Type': 'application/json', ...context.headers },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
      signal: context.signal,
      limit: { phase, ms: context.limitMs },
    };
    return { id, opened: await openRequest(settings, request) };
  }

  return {
    url,
    async send<M extends keyof Methods>(method: M, params: Methods[M]['params'], context: RequestContext) {
      const { id, opened } = await open(method, params, 'application/json', context);
      const result = await readAnswer(opened, id, settings.maxBytes);
      // the agent's word: our own server validates what it sends, and types can not be checked for others
      return result as Methods[M]['result'];
    },
    async stream(method, params, context): Promise<OpenStream> {
      const { id, opened } = await open(method, params, 'text/event-stream', context);
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
        news: readNews(opened, id, limits),
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

async function* readNews(
  opened: OpenResponse,
  id: number,
  limits: StreamLimits,
): AsyncGenerator<StreamNews[]> {
  for await (const frames of readFrames(opened, limits)) {
    const news: StreamNews[] = [];
    for (const frame of frames) {
      try {
        const read = readFrame(frame, id, opened.response);
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

function readFrame(frame: SseFrame, id: number, response: Response): StreamNews | undefined {
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
  return { event: answer['result'] as StreamResponse, cursor: frame.id }; // the agent's word, as above
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
