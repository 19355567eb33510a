import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { CallBody } from '../binding/binding.ts';
import { ConfigError } from '../core/config-error.ts';
import { ContentTypeNotSupportedError, ParseError } from '../protocol/errors.ts';
import type { BodyRoom } from './body-room.ts';
import { brokenOff } from './call-end.ts';
import { collect, RequestAborted, tooLarge } from './collect.ts';
import type { AnyCall } from './open-call.ts';
import { HttpRefusal } from './respond.ts';

/** How much of bodies is read. */
export interface BodyLimits {
  /** Of one body, counted after inflating. */
  readonly bytes: number;
  /** Of all of them. */
  readonly room: BodyRoom;
}

/**
 * Reads the body of a call, whether or not earlier middleware has: an object, a string or bytes in `req.body` is taken
 * as it is. Fails with an HttpRefusal, an A2AError or RequestAborted, and as soon as the call ends.
 */
export function readBody(call: AnyCall, limits: BodyLimits): CallBody | Promise<CallBody> {
  const { req, headers } = call;
  checkType(headers['content-type']);
  const { body } = req as { body?: unknown }; // what earlier middleware may have set
  // Express 4 parsers leave {} where they did not parse
  if (body === undefined || (!req.readableDidRead && isBare(body))) return read(call, limits);
  if (typeof body === 'string') {
    if (Buffer.byteLength(body) > limits.bytes) throw tooLarge(limits.bytes);
    return { text: body };
  }
  if (!(body instanceof Uint8Array)) return { value: body };
  if (body.byteLength > limits.bytes) throw tooLarge(limits.bytes);
  return { text: decode(body) };
}

/** Whether a request comes with a body, as far as its head tells. */
export function hasBody({ headers, req }: AnyCall): boolean {
  const { 'content-length': length, 'transfer-encoding': coding, 'content-type': type } = headers;
  const { body } = req as { body?: unknown };
  if (body !== undefined && !isBare(body)) return true;
  // over HTTP/2 a body needs no length
  return coding !== undefined || (length === undefined ? type !== undefined : length !== '0');
}

function isBare(body: unknown): boolean {
  return body === null || body === '' || (typeof body === 'object' && Object.keys(body).length === 0);
}

const TYPES = /^\s*application\/(?:a2a\+)?json\s*(?:;|$)/i;
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)"?/i;

/** Throws an HttpRefusal for a content type that calls do not have. */
export function checkType(type: string | undefined): void {
  if (type === 'application/json') return;
  if (type === undefined || !TYPES.test(type))
    throw unsupported('Send the header Content-Type: application/json');
  const charset = CHARSET.exec(type)?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw unsupported('The body must be UTF-8: send the header Content-Type: application/json');
  }
}

function read(call: AnyCall, limits: BodyLimits): CallBody | Promise<CallBody> {
  const { req, headers } = call;
  if (req.readableDidRead) {
    throw new ConfigError(
      'ERR_A2A_BODY_READ',
      'The request body was read before the A2A router, and req.body is not set: mount the router before the middleware that reads it, or let that set req.body',
    );
  }
  const size = Number(headers['content-length'] ?? 0);
  // a parser has waited for the end of nothing: the end does not come twice
  if (size === 0 && req.readableEnded) return { text: '' };
  const inflate = inflater(headers['content-encoding']);
  if (inflate !== undefined) return readAll(call, limits, inflate);
  if (size > limits.bytes) throw tooLarge(limits.bytes);
  return size > 0 ? readPlain(call, size, limits) : readAll(call, limits);
}

/** A body of a known size. Most come in one piece: then nothing has to be collected. */
function readPlain(call: AnyCall, size: number, limits: BodyLimits): Promise<CallBody> {
  const { req } = call;
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer) => {
      stop();
      if (chunk.byteLength !== size) {
        resolve(readAll(call, limits, undefined, chunk));
        return;
      }
      call.isRead = true;
      try {
        resolve({ text: decode(chunk) });
      } catch (error) {
        (reject as (reason: unknown) => void)(error);
      }
    };
    const onEnd = () => {
      stop();
      req.pause();
      reject(brokenOff(call.reason));
    };
    const fail = (error: unknown) => {
      stop();
      (reject as (reason: unknown) => void)(translate(error, limits.bytes));
    };
    function stop(): void {
      req.off('data', onData).off('error', fail).off('close', onEnd);
      call.removeEventListener('abort', onEnd);
    }
    call.addEventListener('abort', onEnd);
    req.on('data', onData).on('error', fail).on('close', onEnd);
  });
}

/** A body of any size and coding, of which a first piece may have come. */
async function readAll(
  call: AnyCall,
  { bytes, room }: BodyLimits,
  inflate?: Transform,
  first?: Buffer,
): Promise<CallBody> {
  const { req } = call;
  if (req.readableEncoding !== null) {
    throw new ConfigError(
      'ERR_A2A_BODY_READ',
      'Something before the A2A router has called `req.setEncoding`: mount the router before it, or leave the call out',
    );
  }
  const all =
    inflate === undefined ? collect(req, bytes, room, first) : readInflated(req, inflate, bytes, room);
  // a body that never ends must not hold up a shutdown, nor one whose sender has gone
  const whole = await call.unlessEnded(all, brokenOff).catch((error: unknown) => {
    throw translate(error, bytes);
  });
  // what is packed may end before the body does
  call.isRead = inflate === undefined;
  return { text: decode(whole) };
}

async function readInflated(
  req: IncomingMessage,
  inflate: Transform,
  limit: number,
  room: BodyRoom,
): Promise<Uint8Array> {
  const onClose = () => {
    if (!req.readableEnded) inflate.destroy();
  };
  // what it fails with when nobody reads any more is no news
  inflate.on('error', () => undefined);
  req.on('error', onClose).on('close', onClose);
  try {
    return await collect(req.pipe(inflate), limit, room);
  } finally {
    req.unpipe(inflate);
    req.off('error', onClose).off('close', onClose);
    inflate.destroy();
  }
}

function inflater(encoding = 'identity') {
  switch (encoding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      throw unsupported('Send the body plain, or with Content-Encoding: gzip, deflate or br');
  }
}

/** What an error of a stream, or of a parser of the application, is to the client; as it is where it is none of theirs. */
export function translate(error: unknown, limit: number): unknown {
  const { type, code: given } = error as { type?: string; code?: unknown }; // what node, zlib and body-parser fail with
  const code = typeof given === 'string' ? given : '';
  if (type === 'entity.too.large') return tooLarge(limit);
  if (type === 'request.aborted' || type === 'request.size.invalid' || code === 'ECONNRESET') {
    return new RequestAborted('the request was aborted', { cause: error });
  }
  if (code.startsWith('Z_') || code.startsWith('ERR_BROTLI') || code.startsWith('ERR__')) {
    return new ParseError(
      'The body does not match its Content-Encoding: send it encoded so, or leave the header out',
    );
  }
  return error;
}

/** A byte order mark stays: JSON has none (RFC 8259 §8.1). */
function decode(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new ParseError('The body is not UTF-8: send it in UTF-8');
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString();
}

/** A type or coding of bodies that is not taken; the message names one that is. */
export function unsupported(message: string): HttpRefusal {
  return new HttpRefusal(415, new ContentTypeNotSupportedError(message));
}
