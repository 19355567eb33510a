import { InvalidRequestError } from '../protocol/errors.ts';
import { isObject } from '../protocol/protojson.ts';
import type { Methods, StreamResponse } from '../protocol/v1.ts';
import { a2aV1Routes } from '../protocol/v1.routes.ts';
import { openNews, readJson } from './answers.ts';
import { ResponseError } from './errors.ts';
import { type OpenResponse, openRequest, readText, startOf } from './http.ts';
import type { RequestContext, Transport, TransportOptions } from './transport.ts';
import { type WireError, toA2AError } from './wire-error.ts';

/** The HTTP+JSON binding of A2A 1.0 (§11). */
export function createRest({ settings, url, limits }: TransportOptions): Transport {
  const base = url.replace(/\/+$/, '');

  function open(method: keyof Methods, params: object, accept: string, context: RequestContext) {
    const { verb, path, body } = requestOf(method, params);
    return openRequest(settings, {
      url: `${base}${path}`,
      method: verb,
      headers: {
        Accept: accept,
        ...(body !== undefined && { 'Content-Type': 'application/a2a+json' }),
        ...context.headers,
      },
      ...(body !== undefined && { body }),
      signal: context.signal,
      limit: { phase: method === 'SendMessage' ? 'answer' : 'head', ms: context.limitMs },
      // as other calls: the credentials are for this address
      redirect: 'manual',
    });
  }

  return {
    url,
    async send<M extends keyof Methods>(method: M, params: Methods[M]['params'], context: RequestContext) {
      const opened = await open(method, params, 'application/a2a+json, application/json', context);
      // peers answer this one with nothing, too
      if (method === 'DeleteTaskPushNotificationConfig' && opened.response.ok) {
        await readText(opened, settings.maxBytes);
        return {};
      }
      // the agent's word: our own server validates what it sends, and types can not be checked for others
      return readAnswer(opened, settings.maxBytes);
    },
    async stream(method, params, context) {
      const opened = await open(method, params, 'text/event-stream', context);
      return openNews(opened, {
        limits,
        readAnswer: () => readAnswer(opened, settings.maxBytes),
        // the agent's word, as above
        readEvent: (data, text) => objectOf(data, text, opened.response) as StreamResponse,
      });
    },
  };
}

/** What the path of a method does not say of its parameters is in the query, or in the body of a POST. */
function requestOf(
  method: keyof Methods,
  params: object,
): { verb: 'GET' | 'POST' | 'DELETE'; path: string; body?: string } {
  const route = a2aV1Routes.find((each) => each.method === method);
  if (route === undefined) throw new Error(`no path for ${method}`);
  const rest = new Map<string, unknown>(Object.entries(params));
  const take = (name: string) => {
    const value = rest.get(name);
    const text = typeof value === 'string' ? value : '';
    rest.delete(name);
    // URLs take these for the way to another path, and nothing is not a step
    if (/^\.{0,2}$/.test(text))
      throw new InvalidRequestError(`${name} can not be ${JSON.stringify(text)} here`);
    return encodeURIComponent(text);
  };
  const tenant = rest.get('tenant') === undefined ? '' : `/${take('tenant')}`;
  const path = tenant + route.path.replace(/\{(\w+)\}/g, (_, name: string) => take(name));
  const left = [...rest].filter(([, value]) => value !== undefined);
  if (route.verb === 'POST')
    return { verb: route.verb, path, body: JSON.stringify(Object.fromEntries(left)) };
  const query = new URLSearchParams(left.map(([name, value]): [string, string] => [name, String(value)]));
  return { verb: route.verb, path: left.length > 0 ? `${path}?${query.toString()}` : path };
}

async function readAnswer(opened: OpenResponse, maxBytes: number): Promise<object> {
  const { answer, text } = await readJson(opened, maxBytes);
  return objectOf(answer, text, opened.response);
}

/** The object that an answer is. Throws the A2AError in it, or a ResponseError. */
function objectOf(answer: unknown, text: string, response: Response): object {
  const error = isObject(answer) ? answer['error'] : undefined;
  if (isObject(error)) throw toA2AError(wireError(error, response), response);
  if (isObject(answer) && response.ok) return answer;
  const fault = response.ok ? 'not-json' : 'status';
  throw new ResponseError(fault, 'The answer is no object of A2A', response, startOf(text));
}

/** A google.rpc.Status (§11.6) with the code that JSON-RPC has for it. In a stream only its own code tells the HTTP status. */
function wireError(
  { code: own, message, status, details }: Record<string, unknown>,
  response: Response,
): WireError {
  const list = Array.isArray(details) ? details.filter(isDetail) : [];
  const reason = list.map((detail) => detail['reason']).find((each) => typeof each === 'string');
  const httpStatus = response.ok && typeof own === 'number' ? own : response.status;
  const code = CODES[reason ?? ''] ?? (list.some(isBadRequest) ? -32602 : codeOf(httpStatus));
  const text = typeof message === 'string' && message !== '' ? message : `Error ${String(status)}`;
  return { code, message: text, details: list };
}

const CODES: Readonly<Record<string, number>> = {
  TASK_NOT_FOUND: -32001,
  TASK_NOT_CANCELABLE: -32002,
  PUSH_NOTIFICATION_NOT_SUPPORTED: -32003,
  UNSUPPORTED_OPERATION: -32004,
  CONTENT_TYPE_NOT_SUPPORTED: -32005,
  INVALID_AGENT_RESPONSE: -32006,
  EXTENDED_AGENT_CARD_NOT_CONFIGURED: -32007,
  EXTENSION_SUPPORT_REQUIRED: -32008,
  VERSION_NOT_SUPPORTED: -32009,
};

function codeOf(status: number): number {
  if (status === 500) return -32603;
  return [401, 403, 429].includes(status) || status > 500 ? -32000 : -32600;
}

function isDetail(value: unknown): value is WireError['details'][number] {
  return isObject(value) && typeof value['@type'] === 'string';
}

function isBadRequest(detail: WireError['details'][number]): boolean {
  return detail['@type'].endsWith('google.rpc.BadRequest');
}
