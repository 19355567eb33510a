import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CardSource } from '../core/card.ts';
import type { Clock } from '../core/clock.ts';
import { errorAnswer } from '../jsonrpc/error.ts';
import type { A2AError } from '../protocol/errors.ts';
import type { AgentCard } from '../protocol/v1.ts';
import { readVersion, type Version } from '../protocol/version.ts';
import { sendDocument, writeDocument } from './document.ts';
import { respond, vary } from './respond.ts';
import type { AddressOf, Urls } from './urls.ts';

/** What the server of the card needs. */
export interface CardServerOptions<Req extends IncomingMessage> {
  readonly card: CardSource;
  readonly versions: readonly Version[];
  /** Write the card for clients of 0.3, and for those of both versions. */
  readonly older: Readonly<Record<'older' | 'hybrid', (card: AgentCard) => object>>;
  /** Writes the OpenAPI description of the agent at a URL; left out where HTTP+JSON is not served. */
  readonly describe?: ((card: AgentCard, url: string) => object) | undefined;
  readonly urls: Urls<Req>;
  readonly clock: Clock;
  /** What a client may learn of an error. */
  readonly mask: (error: unknown) => A2AError;
}

/** Serves the cards. */
export interface CardServer<Req extends IncomingMessage> {
  /** Whether a card is served at this path. */
  readonly has: (path: string) => boolean;
  /** Whether this is the path of the OpenAPI description, which is below the mount only. */
  readonly describes: (path: string) => boolean;
  /** Answers a GET or HEAD of the card, or of the description. Never rejects. */
  readonly serve: (
    req: Req,
    res: ServerResponse,
    at: { readonly path: string; readonly addressOf: AddressOf<Req> },
  ) => Promise<void>;
}

type Kind = 'pure' | 'older' | 'hybrid';

const DESCRIPTION = '/openapi.json';
const MAX_AGE_S = 3600;
const PATH = '/.well-known/agent-card.json';
/** Where clients of 0.2 and 0.3 look. */
const OLDER_PATH = '/.well-known/agent.json';

/**
 * Makes the server of the card (§8.2). The header A2A-Version chooses between the card of 1.0 and the one of 0.3, where
 * both are served; without it, and under any other version, the card is what the author wants it to be: it is where a
 * client learns which versions are spoken here.
 */
export function createCardServer<Req extends IncomingMessage>(
  options: CardServerOptions<Req>,
): CardServer<Req> {
  const { card: source, older, versions, describe, urls, clock, mask } = options;
  const madeAt = Math.floor(clock.now() / 1000) * 1000;
  const freshness = urls.areFixed
    ? { control: `public, max-age=${String(MAX_AGE_S)}`, vary: ['A2A-Version'] }
    : { control: 'private', vary: ['A2A-Version', 'Host'] };

  async function serve(
    req: Req,
    res: ServerResponse,
    { path, addressOf }: { readonly path: string; readonly addressOf: AddressOf<Req> },
  ): Promise<void> {
    try {
      const document = writeDocument(await documentFor(req, path, urls.of(req, addressOf)));
      const headers = { 'Cache-Control': freshness.control, Vary: vary(res, freshness.vary) };
      sendDocument(req, res, document, { headers, madeAt });
    } catch (error) {
      const seen = mask(error);
      respond(req, res, errorAnswer(null, seen, seen.httpStatus));
    }
  }

  async function documentFor(req: Req, path: string, url: string): Promise<object> {
    if (path === DESCRIPTION && describe !== undefined) return describe(source.at(url), url);
    const card = await source.published(url);
    const kind = kindFor(versionOf(req, versions), path, source.compat);
    return kind === 'pure' ? card : older[kind](card);
  }

  const describes = (path: string) => path === DESCRIPTION && describe !== undefined;
  return {
    describes,
    has: (path) => path === PATH || (path === OLDER_PATH && versions.includes('0.3')),
    serve,
  };
}

function kindFor(version: Version | undefined, path: string, compat: Kind): Kind {
  if (version === '1.0') return 'pure';
  return version === '0.3' || path === OLDER_PATH ? 'older' : compat;
}

function versionOf({ headers }: IncomingMessage, versions: readonly Version[]): Version | undefined {
  try {
    return readVersion(headers['a2a-version'], new URLSearchParams(), versions);
  } catch {
    // the card is what tells which ones are served
    return undefined;
  }
}
