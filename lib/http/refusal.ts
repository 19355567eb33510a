import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Headers } from '../binding/answer.ts';
import { A2AError } from '../protocol/errors.ts';

/** What the application asks for by an error with `status` or `statusCode`, as Express and http-errors know it. */
export interface Refusal {
  readonly status: number;
  /** Fit to be sent: JSON-RPC code -32000, the status and the headers of the error. */
  readonly error: A2AError;
}

const RETRY_AFTER_S = 5;

/**
 * Reads what the application threw while it was asked about a call. Undefined where it asks for no status of 4xx or 5xx.
 *
 * The text is shown only where `expose` says so, else there is a neutral one; `unable` is that of 5xx. A 401 without
 * WWW-Authenticate gets the challenges, a 429 or 503 without Retry-After a few seconds.
 */
export function refusalOf(
  thrown: unknown,
  challenges: readonly string[],
  unable: string,
): Refusal | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  const { status: given, statusCode, expose, message, headers } = thrown as Record<string, unknown>; // any object
  const status = given ?? statusCode;
  if (!isErrorStatus(status)) return undefined;
  const kind = kindOf(status, unable);
  const text = expose === true && typeof message === 'string' && message !== '' ? message : kind.text;
  const { reason } = kind;
  const error = new A2AError(
    { code: -32000, httpStatus: status, status: kind.status, reason, domain: 'express-a2a' },
    text,
    { headers: { ...missing(status, headersOf(headers), challenges) }, cause: thrown },
  );
  return { status, error };
}

function isErrorStatus(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 400 && Number(value) <= 599;
}

function kindOf(status: number, unable: string): { reason: string; status: string; text: string } {
  if (status === 401)
    return { reason: 'UNAUTHENTICATED', status: 'UNAUTHENTICATED', text: 'Authentication is required' };
  if (status === 429)
    return { reason: 'RATE_LIMITED', status: 'RESOURCE_EXHAUSTED', text: 'Too many calls; try again later' };
  if (status >= 500) return { reason: 'UNAVAILABLE', status: 'UNAVAILABLE', text: unable };
  return {
    reason: 'PERMISSION_DENIED',
    status: 'PERMISSION_DENIED',
    text: 'This caller is not allowed to do that',
  };
}

/** Adds what an answer of this status must have (RFC 9110 §11.6.1), unless the application has said it. */
function missing(status: number, headers: Headers, challenges: readonly string[]): Headers {
  const has = (name: string) => Object.keys(headers).some((given) => given.toLowerCase() === name);
  if (status === 401 && !has('www-authenticate')) return { ...headers, 'WWW-Authenticate': challenges };
  if ((status === 429 || status === 503) && !has('retry-after'))
    return { ...headers, 'Retry-After': String(RETRY_AFTER_S) };
  return headers;
}

// they are ours to say: the body is another one than the application has in mind
const BODY_HEADERS = /^(?:content-.*|transfer-encoding|connection|keep-alive|trailer|upgrade)$/i;

/** The headers that can be sent; others are left out, so that a slip in one does not cost the answer. */
function headersOf(given: unknown): Headers {
  if (typeof given !== 'object' || given === null) return {};
  const entries: [string, unknown][] =
    given instanceof globalThis.Headers ? [...given] : Object.entries(given);
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of entries) {
    const sent = Array.isArray(value) ? value.map(String) : String(value);
    if (value !== undefined && value !== null && !BODY_HEADERS.test(name) && isSendable(name, sent))
      headers[name] = sent;
  }
  return headers;
}

function isSendable(name: string, value: string | string[]): boolean {
  try {
    validateHeaderName(name);
    for (const line of [value].flat()) validateHeaderValue(name, line);
    return true;
  } catch {
    return false;
  }
}
