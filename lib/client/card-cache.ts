/** A card as it was read, with what HTTP says about keeping it (RFC 9111). Plain JSON. */
export interface CachedCard {
  readonly body: string;
  /** The URL it came from in the end. */
  readonly url: string;
  /** Time since 1970 in ms until which it need not be asked for again. */
  readonly freshUntil: number;
  readonly etag?: string;
  readonly lastModified?: string;
}

/** Where cards are kept, by URL and version: a Map will do. Its keys hold no credentials: share it only between clients with the same ones. */
export interface CardCache {
  readonly get: (key: string) => CachedCard | undefined;
  readonly set: (key: string, card: CachedCard) => unknown;
  readonly delete: (key: string) => unknown;
}

/** What may be kept of a response, and for how long. Undefined where nothing may. */
export function toCached(
  body: string,
  response: Response,
  url: string,
  before?: CachedCard,
): CachedCard | undefined {
  const { headers } = response;
  const control = directives(headers.get('cache-control') ?? '');
  const vary = (headers.get('vary') ?? '').split(',').map((name) => name.trim().toLowerCase());
  if (control.has('no-store') || vary.includes('*')) return undefined;
  // what depends on more than the address and the version is asked for again each time
  const isPlain = vary.every((name) => KNOWN.has(name)) && !control.has('no-cache');
  const etag = headers.get('etag') ?? before?.etag;
  const lastModified = headers.get('last-modified') ?? before?.lastModified;
  return {
    body,
    url,
    freshUntil: isPlain ? Date.now() + lifetimeMs(control, headers) : 0,
    ...(etag !== undefined && { etag }),
    ...(lastModified !== undefined && { lastModified }),
  };
}

const KNOWN: ReadonlySet<string> = new Set([
  '',
  'a2a-version',
  'host',
  'accept',
  'accept-encoding',
  'origin',
]);

function lifetimeMs(control: ReadonlyMap<string, string>, headers: Headers): number {
  const maxAge = Number.parseInt(control.get('max-age') ?? '', 10);
  const age = Number.parseInt(headers.get('age') ?? '0', 10) || 0;
  if (maxAge >= 0) return Math.max(0, maxAge - age) * 1000;
  const expires = Date.parse(headers.get('expires') ?? '');
  const date = Date.parse(headers.get('date') ?? '');
  const from = Number.isNaN(date) ? Date.now() : date;
  return Number.isNaN(expires) ? 0 : Math.max(0, expires - from - age * 1000);
}

function directives(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(',').map((each) => {
      const [name = '', value = ''] = each.trim().split('=', 2);
      return [name.toLowerCase(), value.replaceAll('"', '')];
    }),
  );
}

/** The headers that ask whether a kept card is still right. */
export function conditions(card: CachedCard | undefined): Record<string, string> {
  if (card?.etag !== undefined) return { 'If-None-Match': card.etag };
  return card?.lastModified === undefined ? {} : { 'If-Modified-Since': card.lastModified };
}
