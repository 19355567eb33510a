import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Answer, Headers } from '../binding/answer.ts';
import type { A2AError } from '../protocol/errors.ts';

/** The code of HTTP/2 for a stream that nobody wants any more (RFC 9113 §7). */
const CANCEL = 8;

/** A request that fails before anything of it was read as JSON-RPC: the status is its own (PROTOCOL, HTTP status). */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  readonly status: number;
  readonly error: A2AError;
  readonly headers: Headers;

  constructor(status: number, error: A2AError, headers: Headers = {}) {
    super(error.message);
    this.status = status;
    this.error = error;
    this.headers = headers;
  }
}

/** Sends a whole JSON answer; does nothing where an answer has begun or nobody listens. */
export function respond(req: IncomingMessage, res: ServerResponse, { status, headers, json }: Answer): void {
  // an answer that has ended has begun
  if (res.headersSent || res.destroyed) return;
  const head: OutgoingHttpHeaders = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };
  for (const name in headers) {
    const value = headers[name] ?? [];
    if (typeof value !== 'string') head[name] = [...value];
    else head[name] = name === 'Vary' ? vary(res, [value]) : value;
  }
  head['Content-Length'] = Buffer.byteLength(json);
  res.writeHead(status, head);
  // as text, which node sends in one piece with the head
  res.end(req.method === 'HEAD' ? undefined : json);
}

/** Cuts an answer off, so that what has been sent of it does not look like the whole. */
export function cut(res: ServerResponse | Http2ServerResponse): void {
  // destroyed without a reason, a stream of HTTP/2 looks like one that has ended
  if ('stream' in res) res.stream.close(CANCEL);
  res.destroy();
}

/** Node's types want lists that could be written to. */
export function mutable(headers: Headers): OutgoingHttpHeaders {
  const copy: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers))
    copy[name] = typeof value === 'string' ? value : [...value];
  return copy;
}

/** Adds names to Vary; earlier middleware may have named others. */
export function vary(res: ServerResponse, names: readonly string[]): string {
  const before = res.getHeader('Vary');
  const list = before === undefined ? [] : String(before).split(',');
  const all = [...list.map((name) => name.trim()), ...names].filter((name) => name !== '');
  if (all.includes('*')) return '*';
  const byName = new Map(all.map((name) => [name.toLowerCase(), name]));
  return [...byName.values()].join(', ');
}
