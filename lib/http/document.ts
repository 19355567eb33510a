import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A JSON document that clients keep. */
export interface Document {
  readonly body: Buffer;
  readonly etag: string;
}

/** How it is kept. */
export interface Freshness {
  /** `Cache-Control` and `Vary`. */
  readonly headers: Readonly<Record<string, string>>;
  /** When it was made, in ms and whole seconds. */
  readonly madeAt: number;
}

/** Writes a document, and its tag by its bytes. */
export function writeDocument(value: object): Document {
  const body = Buffer.from(JSON.stringify(value));
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"` };
}

/** Answers a GET or HEAD of a document: with 304 who has it already (RFC 9110 §13). */
export function sendDocument(
  req: IncomingMessage,
  res: ServerResponse,
  { body, etag }: Document,
  { headers: given, madeAt }: Freshness,
): void {
  const headers = { ...given, ETag: etag, 'Last-Modified': new Date(madeAt).toUTCString() };
  if (isFresh(req, etag, madeAt)) {
    res.writeHead(304, headers).end();
    return;
  }
  const length = { 'Content-Type': 'application/json', 'Content-Length': body.byteLength };
  res.writeHead(200, { ...headers, ...length }).end(req.method === 'HEAD' ? undefined : body);
}

/** Whether a request only reads. */
export function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** If-None-Match counts before If-Modified-Since (RFC 9110 §13.2.2). */
function isFresh({ headers }: IncomingMessage, etag: string, madeAt: number): boolean {
  const match = headers['if-none-match'];
  if (match !== undefined) {
    const tags = match.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    return tags.includes('*') || tags.includes(etag);
  }
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return since >= madeAt;
}
