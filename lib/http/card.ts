import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CardSource } from '../core/card.ts';
import type { Clock } from '../core/clock.ts';
import { errorAnswer } from '../jsonrpc/error.ts';
import { InvalidRequestError } from '../protocol/errors.ts';
import { respond, vary } from './respond.ts';

/** Serves the card (§8.2). */
export interface CardServer {
  /** Answers a GET or HEAD. `address` is how this client reaches the agent; it is not asked for with a public URL. */
  readonly serve: (
    req: IncomingMessage,
    res: ServerResponse,
    address: { readonly origin: string; readonly mount: string } | undefined,
  ) => void;
}

interface Served {
  readonly body: Buffer;
  readonly etag: string;
}

const MAX_AGE_S = 3600;

/**
 * Makes the server of the card. Only the 1.0 card exists, so it is served whatever A2A-Version says: it is where a
 * client learns which versions are spoken here.
 */
export function createCardServer(
  source: CardSource,
  clock: Clock,
  publicUrl: string | undefined,
): CardServer {
  const madeAt = Math.floor(clock.now() / 1000) * 1000;
  const fixed = publicUrl === undefined ? undefined : render(source, publicUrl);
  const freshness =
    fixed === undefined
      ? { 'Cache-Control': 'private', vary: ['A2A-Version', 'Host'] }
      : { 'Cache-Control': `public, max-age=${String(MAX_AGE_S)}`, vary: ['A2A-Version'] };

  return {
    serve(req, res, address) {
      const url = `${address?.origin ?? ''}${address?.mount ?? ''}` || '/';
      if (fixed === undefined && !isOrigin(address?.origin ?? '')) {
        respond(
          req,
          res,
          errorAnswer(
            null,
            new InvalidRequestError('The Host header is not valid: send the name of this host'),
            400,
          ),
        );
        return;
      }
      const { body, etag } = fixed ?? render(source, url);
      const headers = {
        'Cache-Control': freshness['Cache-Control'],
        ETag: etag,
        'Last-Modified': new Date(madeAt).toUTCString(),
        Vary: vary(res, freshness.vary),
      };
      if (isFresh(req, etag, madeAt)) {
        res.writeHead(304, headers).end();
        return;
      }
      const length = { 'Content-Type': 'application/json', 'Content-Length': body.byteLength };
      res.writeHead(200, { ...headers, ...length }).end(req.method === 'HEAD' ? undefined : body);
    },
  };
}

/** Whether this is a protocol and a host and nothing else: both come from headers. */
function isOrigin(text: string): boolean {
  return /^\w+:\/\/[^/?#@\\]+$/.test(text) && URL.canParse(text);
}

function render(source: CardSource, url: string): Served {
  const body = Buffer.from(JSON.stringify(source.at(url)));
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"` };
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
