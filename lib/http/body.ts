import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import getRawBody from 'raw-body';
import type { CallBody } from '../binding/binding.ts';
import { ConfigError } from '../core/config-error.ts';
import { A2AError, ContentTypeNotSupportedError, ParseError } from '../protocol/errors.ts';
import { HttpRefusal } from './respond.ts';

/** The client went away while it was sending: there is nobody to answer. */
export class RequestAborted extends Error {
  override readonly name = 'RequestAborted';
}

/**
 * Reads the body of a request, whether or not earlier middleware has: an object, a string or bytes in `req.body` is
 * taken as it is. At most `limit` bytes, counted after inflating. Throws an HttpRefusal, an A2AError or RequestAborted.
 */
export async function readBody(req: IncomingMessage & { body?: unknown }, limit: number): Promise<CallBody> {
  checkType(req.headers['content-type']);
  const { body } = req;
  // Express 4 parsers leave {} where they did not parse
  if (body === undefined || (!req.readableDidRead && isBare(body)))
    return { text: decode(await read(req, limit)) };
  if (typeof body === 'string') {
    if (Buffer.byteLength(body) > limit) throw tooLarge(limit);
    return { text: body };
  }
  if (!(body instanceof Uint8Array)) return { value: body };
  if (body.byteLength > limit) throw tooLarge(limit);
  return { text: decode(body) };
}

/** Whether a request comes with a body, as far as its head tells. */
export function hasBody({ headers, body }: IncomingMessage & { body?: unknown }): boolean {
  const { 'content-length': length, 'transfer-encoding': coding, 'content-type': type } = headers;
  if (body !== undefined && !isBare(body)) return true;
  // over HTTP/2 a body needs no length
  return coding !== undefined || (length === undefined ? type !== undefined : length !== '0');
}

function isBare(body: unknown): boolean {
  return body === null || (typeof body === 'object' && Object.keys(body).length === 0);
}

const TYPES = /^\s*application\/(?:a2a\+)?json\s*(?:;|$)/i;
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)"?/i;

/** Throws an HttpRefusal for a content type that calls do not have. */
export function checkType(type: string | undefined): void {
  if (type === undefined || !TYPES.test(type))
    throw unsupported('Send the header Content-Type: application/json');
  const charset = CHARSET.exec(type)?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw unsupported('The body must be UTF-8: send the header Content-Type: application/json');
  }
}

async function read(req: IncomingMessage, limit: number): Promise<Uint8Array> {
  if (req.readableDidRead) {
    throw new ConfigError(
      'ERR_A2A_BODY_READ',
      'The request body was read before the A2A router, and req.body is not set: mount the router before the middleware that reads it, or let that set req.body',
    );
  }
  const inflate = inflater(req.headers['content-encoding']);
  if (inflate === undefined) return collect(req, limit, req.headers['content-length']);
  const onError = (error: Error) => {
    inflate.destroy(error);
  };
  req.on('error', onError);
  try {
    return await collect(req.pipe(inflate), limit);
  } finally {
    req.unpipe(inflate);
    req.off('error', onError);
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

async function collect(stream: NodeJS.ReadableStream, limit: number, length?: string): Promise<Uint8Array> {
  try {
    return await getRawBody(stream, { limit, ...(length !== undefined && { length }) });
  } catch (error) {
    throw translate(error, limit);
  }
}

/** What an error of raw-body, or of a parser built on it, is to the client; as it is where it is none of theirs. */
export function translate(error: unknown, limit: number): unknown {
  const { type, code } = error as { type?: string; code?: string }; // what raw-body, node and zlib reject with
  if (type === 'entity.too.large') return tooLarge(limit);
  if (type === 'request.aborted' || type === 'request.size.invalid' || code === 'ECONNRESET') {
    return new RequestAborted('the request was aborted', { cause: error });
  }
  if (code?.startsWith('Z_') || code?.startsWith('ERR_BROTLI') || code?.startsWith('ERR__')) {
    return new ParseError(
      'The body does not match its Content-Encoding: send it encoded so, or leave the header out',
    );
  }
  return error;
}

/** A byte order mark stays: JSON has none (RFC 8259 §8.1). */
function decode(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new ParseError('The body is not UTF-8: send it in UTF-8');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

function tooLarge(limit: number): HttpRefusal {
  const kind = { code: -32600, httpStatus: 413, status: 'RESOURCE_EXHAUSTED' };
  return new HttpRefusal(
    413,
    new A2AError(
      kind,
      `The body is larger than ${String(limit)} bytes: send large files as parts with a url`,
    ),
  );
}

/** A type or coding of bodies that is not taken; the message names one that is. */
export function unsupported(message: string): HttpRefusal {
  return new HttpRefusal(415, new ContentTypeNotSupportedError(message));
}
