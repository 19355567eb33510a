import { isObject } from '../protocol/protojson.ts';
import type { Methods } from '../protocol/v1.ts';
import { openNews, readJson } from './answers.ts';
import { type Dialect, loadDialect } from './dialect.ts';
import { ResponseError } from './errors.ts';
import { type HttpRequest, type OpenResponse, openRequest, startOf } from './http.ts';
import type { OpenStream, RequestContext, Transport, TransportOptions } from './transport.ts';
import { readWireError, toA2AError } from './wire-error.ts';

/** The JSON-RPC binding of A2A (§9), in the words of this version. */
export function createJsonRpc({ settings, url, limits, version }: TransportOptions): Transport {
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
      const { response } = opened;
      return openNews(opened, {
        limits,
        readAnswer: () => readAnswer(opened, id, settings.maxBytes),
        readEvent(answer, text) {
          const result = readResponse(answer, text, id, response);
          if (isObject(result)) return translated(() => dialect.event(result), response);
          throw noResponse('An event of the stream is no JSON-RPC response', text, response);
        },
      });
    },
  };
}

/** The result of an answer that is no stream. Throws the A2AError in it, or a ResponseError where it is no answer. */
async function readAnswer(opened: OpenResponse, id: number, maxBytes: number): Promise<unknown> {
  const { response } = opened;
  const { answer, text } = await readJson(opened, maxBytes);
  const result = readResponse(answer, text, id, response);
  if (result !== undefined && response.ok) return result;
  throw noResponse('The answer is no JSON-RPC response', text, response);
}

/** The result in a response; undefined where it is none. Throws the A2AError in it. */
function readResponse(answer: unknown, text: string, id: number, response: Response): unknown {
  if (!isObject(answer)) return undefined;
  if (answer['error'] !== undefined && answer['error'] !== null)
    throw errorOf(answer['error'], text, response);
  if ('result' in answer && response.ok) checkId(answer['id'], id, text, response);
  return answer['result'];
}

function noResponse(why: string, text: string, response: Response): ResponseError {
  return new ResponseError(response.ok ? 'not-json-rpc' : 'status', why, response, startOf(text));
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
