import { createHash } from 'node:crypto';
import { InvalidParamsError } from '../protocol/errors.ts';
import type { SendMessageRequest } from '../protocol/v1.ts';
import type { Idempotency } from './storage.ts';

/** A key that a send can be repeated by, and the field that a client has to change to make another call. */
export interface SendKey extends Idempotency {
  readonly field: 'Idempotency-Key' | 'message.messageId';
}

const WINDOW_MS = 24 * 3_600_000;
const MOST_CHARACTERS = 256;

/**
 * The key of a send: that of the header `Idempotency-Key`, else the messageId where `dedupeWindowMs` is above 0. Throws
 * InvalidParamsError for a header that is no key: a client that asks for a safe retry is not to be served without.
 */
export function readSendKey(
  params: SendMessageRequest,
  header: string | undefined,
  dedupeWindowMs: number,
): SendKey | undefined {
  if (header !== undefined) {
    const fingerprint = fingerprintOf(params);
    return {
      ...{ key: `key ${keyOf(header)}`, fingerprint, windowMs: WINDOW_MS },
      field: 'Idempotency-Key',
    };
  }
  if (dedupeWindowMs === 0) return undefined;
  const key = `message ${params.message.messageId}`;
  return {
    ...{ key, fingerprint: fingerprintOf(params), windowMs: dedupeWindowMs },
    field: 'message.messageId',
  };
}

/** What is answered to a call under the key of another one. */
export function keyReused(field: SendKey['field'] = 'Idempotency-Key'): InvalidParamsError {
  const description =
    'belongs to an earlier call with other parameters: send the same parameters again, or another key';
  return new InvalidParamsError([{ field, description }]);
}

/** A string of RFC 8941 §3.3.3 in quotes, or the same without quotes, spaces, commas and backslashes, as many clients send it. */
function keyOf(header: string): string {
  const text = header.trim();
  const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/.exec(text)?.[1];
  const key =
    quoted?.replace(/\\(.)/g, '$1') ?? (/^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/.test(text) ? text : '');
  if (key.length > 0 && key.length <= MOST_CHARACTERS) return key;
  const description = `must be one key of 1 to ${String(MOST_CHARACTERS)} visible ASCII characters, such as "8e03978e-40d5-43dd-bc93-6894a57f9324"`;
  throw new InvalidParamsError([{ field: 'Idempotency-Key', description }]);
}

/** The same for the same parameters, whatever the order of their keys; an empty tenant is none. */
function fingerprintOf({ tenant = '', ...params }: SendMessageRequest): string {
  const named = tenant === '' ? params : { tenant, ...params };
  const text = JSON.stringify(named, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(text).digest('base64url');
}
