import { isObject } from '../protocol/protojson.ts';
import { ConnectionError, type Phase, ResponseError, type ResponseFault, TimeoutError } from './errors.ts';
import type { RequestHeaders, Settings } from './options.ts';
import { openScope, type Scope } from './scope.ts';

/** One HTTP request. */
export interface HttpRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly headers: RequestHeaders;
  readonly body?: string;
  readonly signal: AbortSignal | undefined;
  /** Until the head is there. */
  readonly limit: { readonly phase: Phase; readonly ms: number };
  /** Default: a GET follows, others do not. */
  readonly redirect?: 'error' | 'manual';
}

/** A response whose body nobody has read. */
export interface OpenResponse {
  readonly response: Response;
  /** Ends the request; to be released with the last byte. */
  readonly scope: Scope;
}

/** Sends a request and waits for the head of its answer; the limit goes on until it is moved. Rejects with a ConnectionError, a TimeoutError, or why a signal aborted. */
export async function openRequest(settings: Settings, request: HttpRequest): Promise<OpenResponse> {
  const { url, limit } = request;
  const scope = openScope(settings.hub, [settings.signal, request.signal]);
  scope.limit(limit.ms, () => new TimeoutError(limit.phase, limit.ms, url));
  try {
    let response = await once(settings, request, scope, false);
    if (response.status === 401 && typeof settings.headers === 'function') {
      await response.body?.cancel();
      response = await once(settings, request, scope, true);
    }
    return { response, scope };
  } catch (error) {
    scope.release();
    if (scope.signal.aborted) throw scope.signal.reason;
    throw error;
  }
}

async function once(
  settings: Settings,
  { url, method, headers, body, redirect: wanted }: HttpRequest,
  { signal }: Scope,
  unauthorized: boolean,
): Promise<Response> {
  signal.throwIfAborted();
  const given =
    typeof settings.headers === 'function' ? settings.headers({ url, unauthorized }) : settings.headers;
  const all = { ...(await given), ...headers };
  signal.throwIfAborted();
  try {
    // a redirected POST would arrive elsewhere, perhaps as a GET, with the credentials of here
    const redirect = wanted ?? (method === 'GET' ? 'follow' : 'manual');
    return await settings.fetch(url, {
      method,
      headers: all,
      signal,
      redirect,
      ...(body !== undefined && { body }),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new ConnectionError(
      url,
      `The agent could not be reached: ${reasonOf(error)}`,
      !isUnsent(error),
      error,
    );
  }
}

/** What happens before the first byte of a request leaves, as node names it; browsers do not tell. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const CERTIFICATE = /CERT|ERR_TLS|UNABLE_TO_VERIFY/;

function isUnsent(error: unknown): boolean {
  // told by their fields: in test runners and frames errors come from another realm
  if (!isObject(error)) return false;
  const { code, cause, errors } = error;
  if (Array.isArray(errors)) return errors.length > 0 && errors.every(isUnsent);
  return UNSENT.has(String(code)) || CERTIFICATE.test(String(code)) || isUnsent(cause);
}

/** `fetch failed` says nothing: the cause does. */
function reasonOf(error: unknown): string {
  if (!isObject(error)) return String(error);
  const { message, cause, errors } = error;
  if (Array.isArray(errors) && message === '') return reasonOf(errors[0]);
  return isObject(cause) ? reasonOf(cause) : String(message);
}

/** Reads a body to its end, and releases the scope. Rejects with a ResponseError where it is cut or too large. */
export async function readText({ response, scope }: OpenResponse, maxBytes: number): Promise<string> {
  let text = '';
  try {
    for await (const chunk of chunksOf(response, scope)) {
      text += chunk;
      if (text.length > maxBytes) {
        scope.abort(undefined);
        throw new ResponseError(
          'too-large',
          `The answer is larger than ${maxBytes} bytes`,
          response,
          startOf(text),
        );
      }
    }
    return text;
  } catch (error) {
    if (error instanceof ConnectionError) {
      throw new ResponseError('cut', 'The answer was cut off', response, startOf(text), error);
    }
    throw error;
  } finally {
    scope.release();
  }
}

/** The text of a body as it comes. Rejects with a ConnectionError when it breaks off, or why the scope was aborted. */
export async function* chunksOf(response: Response, scope: Scope): AsyncGenerator<string> {
  if (response.body === null) return;
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const chunk = await reader.read().catch((error: unknown) => {
      scope.signal.throwIfAborted();
      throw new ConnectionError(response.url, `The connection broke: ${reasonOf(error)}`, true, error);
    });
    if (chunk.done) return;
    yield decoder.decode(chunk.value, { stream: true });
  }
}

/** The first bytes, for messages. */
export function startOf(text: string): string {
  return text.slice(0, 200);
}

/** Why this is no answer to read, with the first bytes of it. Reads no more than a little, and ends the request. */
export async function refuse(
  { response, scope }: OpenResponse,
  fault: ResponseFault,
  why: string,
): Promise<ResponseError> {
  let start = '';
  try {
    for await (const chunk of chunksOf(response, scope)) {
      start += chunk;
      if (start.length >= 200) break;
    }
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
  } finally {
    scope.release();
    scope.abort(undefined);
  }
  return new ResponseError(fault, why, response, startOf(start));
}
