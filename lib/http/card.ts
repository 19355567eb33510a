import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CardSource } from '../core/card.ts';
import type { Clock } from '../core/clock.ts';
import { errorAnswer } from '../jsonrpc/error.ts';
import type { A2AError } from '../protocol/errors.ts';
import type { AgentCard } from '../protocol/v1.ts';
import { respond, vary } from './respond.ts';
import type { AddressOf, Urls } from './urls.ts';

/** What the server of the card needs. */
export interface CardServerOptions<Req extends IncomingMessage> {
  readonly card: CardSource;
  readonly urls: Urls<Req>;
  readonly clock: Clock;
  /** What a client may learn of an error. */
  readonly mask: (error: unknown) => A2AError;
}

/** Answers a GET or HEAD of the card. Never rejects. */
export type ServeCard<Req extends IncomingMessage> = (
  req: Req,
  res: ServerResponse,
  addressOf: AddressOf<Req>,
) => Promise<void>;

interface Served {
  readonly body: Buffer;
  readonly etag: string;
}

const MAX_AGE_S = 3600;

/**
 * Makes the server of the card (§8.2). Only the 1.0 card exists, so it is served whatever A2A-Version says: it is where a
 * client learns which versions are spoken here.
 */
export function createCardServer<Req extends IncomingMessage>(
  options: CardServerOptions<Req>,
): ServeCard<Req> {
  const { card, urls, clock, mask } = options;
  const madeAt = Math.floor(clock.now() / 1000) * 1000;
  const freshness = urls.areFixed
    ? { control: `public, max-age=${String(MAX_AGE_S)}`, vary: ['A2A-Version'] }
    : { control: 'private', vary: ['A2A-Version', 'Host'] };

  return async (req, res, addressOf) => {
    try {
      const { body, etag } = render(await card.published(urls.of(req, addressOf)));
      const headers = {
        'Cache-Control': freshness.control,
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
    } catch (error) {
      const seen = mask(error);
      respond(req, res, errorAnswer(null, seen, seen.httpStatus));
    }
  };
}

function render(card: AgentCard): Served {
  const body = Buffer.from(JSON.stringify(card));
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
