import { isObject } from '../protocol/protojson.ts';
import type { AgentCard } from '../protocol/v1.ts';
import { type CachedCard, conditions, toCached } from './card-cache.ts';
import { importV03 } from './dialect.ts';
import { CardError, type ClientError, isClientError, ResponseError } from './errors.ts';
import { openRequest, readText, startOf } from './http.ts';
import type { Settings } from './options.ts';

/** A card as the agent sent it, and where it was found. */
export interface FoundCard {
  readonly card: AgentCard;
  /** What interface URLs are relative to; undefined for a card that was given as an object. */
  readonly url: string | undefined;
}

const WELL_KNOWN = '/.well-known/agent-card.json';

/**
 * Reads the card of an agent (§8.2): at a URL that names one, else below the path of the URL, else at the root of its
 * origin. A cache is asked first, and a card that it keeps is checked by its ETag. Rejects with a CardError that says
 * where it looked, a ConnectionError or a TimeoutError.
 */
export async function readCard(
  source: string | URL,
  settings: Settings,
  signal?: AbortSignal,
): Promise<FoundCard> {
  const misses: string[] = [];
  for (const url of addressesOf(source)) {
    try {
      const { body, url: foundAt } = await load(url, settings, signal);
      return { card: await readCardObject(parseCard(body, foundAt), foundAt, settings), url: foundAt };
    } catch (error) {
      if (!isMiss(error)) throw error;
      misses.push(`${url}: ${error.message}`);
    }
  }
  throw new CardError(`There is no agent card:\n${misses.map((miss) => `- ${miss}`).join('\n')}`);
}

function addressesOf(source: string | URL): string[] {
  let url: URL;
  try {
    url = new URL(source);
  } catch (error) {
    throw new CardError(`Not a URL: ${String(source)}. Give the whole URL, such as https://agent.example`, {
      cause: error,
    });
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new CardError(`Not an http or https URL: ${String(source)}`);
  }
  if (url.pathname.endsWith('.json') || url.pathname.includes('/.well-known/')) return [url.href];
  const path = url.pathname.replace(/\/+$/, '');
  return [...new Set([`${url.origin}${path}${WELL_KNOWN}`, `${url.origin}${WELL_KNOWN}`])];
}

/** Something else is there, so that the card may be elsewhere. */
function isMiss(error: unknown): error is CardError | Extract<ClientError, { code: 'ERR_A2A_RESPONSE' }> {
  if (!isClientError(error)) return false;
  if (error.code === 'ERR_A2A_RESPONSE')
    return error.status < 500 && error.status !== 401 && error.status !== 403;
  return error.code === 'ERR_A2A_CARD';
}

async function load(url: string, settings: Settings, signal: AbortSignal | undefined): Promise<CachedCard> {
  const { cardCache, timeouts, versions } = settings;
  const [version = '1.0'] = versions;
  const key = `${url} ${version}`;
  const kept = cardCache?.get(key);
  if (kept !== undefined && Date.now() < kept.freshUntil) return kept;
  const headers = { Accept: 'application/json', 'A2A-Version': version, ...conditions(kept) };
  const limit = { phase: 'card', ms: timeouts.cardMs } as const;
  const open = await openRequest(settings, { url, method: 'GET', headers, signal, limit });
  const { response } = open;
  const text = await readText(open, settings.maxBytes);
  const isKept = response.status === 304 && kept !== undefined;
  if (!isKept && response.status !== 200) {
    throw new ResponseError('status', 'No agent card is here', response, startOf(text));
  }
  const body = isKept ? kept.body : text;
  // a response that did not come from the network has no URL
  const foundAt = response.url === '' ? url : response.url;
  const card = toCached(body, response, foundAt, kept);
  if (card === undefined) cardCache?.delete(key);
  else cardCache?.set(key, card);
  return card ?? { body, url: foundAt, freshUntil: 0 };
}

function parseCard(body: string, url: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch (error) {
    throw new CardError(`No JSON is at ${url}: ${JSON.stringify(startOf(body))}`, { cause: error });
  }
}

/** A card in the words of 1.0, whatever version it is written in, after its signatures were checked where that is
 * wanted. Rejects with a CardError. */
export async function readCardObject(card: unknown, where: string, settings: Settings): Promise<AgentCard> {
  const checked = checkCard(card, where);
  if (settings.verifyCard !== undefined) {
    const { verifyCard } = await import('./verify-card.ts');
    await verifyCard(card, settings.verifyCard, settings);
  }
  if (Array.isArray(checked.supportedInterfaces)) return checked;
  const { cardToV1 } = await importV03();
  try {
    // a card without interfaces of its own is one of 0.3; what it lacks the translator tells
    const older: unknown = Object.assign({ skills: [], capabilities: {} }, checked);
    return cardToV1(older as Parameters<typeof cardToV1>[0]);
  } catch (error) {
    throw new CardError(`What is at ${where} is no agent card of 0.3`, { cause: error });
  }
}

/** As much as the client relies on. Unknown fields and empty lists are no reason to refuse a peer (§5.7). */
function checkCard(card: unknown, where: string): AgentCard {
  if (!isObject(card) || typeof card['name'] !== 'string') {
    throw new CardError(`What is at ${where} is no agent card: it has no name`);
  }
  if (!Array.isArray(card['supportedInterfaces']) && typeof card['url'] !== 'string') {
    throw new CardError(`The agent card at ${where} names no interface`);
  }
  return card as AgentCard; // checked where it is used
}
