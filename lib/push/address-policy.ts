import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { type Clock, systemClock } from '../core/clock.ts';
import { unlessAborted } from '../core/unless-aborted.ts';
import { parseUrl } from '../protocol/url.ts';
import { addressKind } from './address-kind.ts';
import { createHostList, nameOf } from './host-list.ts';

/** Finds the addresses of a name; `lookup` of node:dns is one. */
export type Lookup = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

/** Where webhooks may be. */
export interface AddressPolicyOptions {
  /** The only hosts that are posted to: names, `*.example.com` for all below one, addresses. @defaultValue any */
  readonly allowHosts?: readonly string[];
  /**
   * Whether webhooks may be in the own network: private, shared, unique local and loopback addresses. Link-local ones,
   * the metadata of clouds and other special ones stay refused. @defaultValue false
   */
  readonly allowPrivate?: boolean;
  /** Whether `http` is good enough. @defaultValue not where NODE_ENV is `production` */
  readonly allowHttp?: boolean;
  /** @defaultValue `lookup` of node:dns */
  readonly lookup?: Lookup;
  readonly clock?: Clock;
}

/** A webhook whose addresses have all been checked. */
export interface PushTarget {
  /** As it was given, without the dot of the root after the host. */
  readonly url: URL;
  /** The only addresses that may be connected to; never empty. */
  readonly addresses: readonly LookupAddress[];
}

/** Why there is no target: a text for the client, and whether that can change by itself. */
export interface PushRefusal {
  readonly refused: string;
  readonly retry: boolean;
}

/** Decides where webhooks may be. Names are looked up anew each time. */
export interface AddressPolicy {
  /** Why the URL is refused: a text for the client that says what to do. Undefined: allowed. */
  readonly check: (url: string) => Promise<string | undefined>;
  /** The addresses to connect to, of a URL that is allowed now. Never rejects. */
  readonly resolve: (url: string) => Promise<PushTarget | PushRefusal>;
}

/** A name server that does not answer must hold up nobody for longer. */
const LOOKUP_MS = 10_000;
const LONGEST_URL = 2048;

/** Makes the policy. Throws a ConfigError for an entry of `allowHosts` that is no host. */
export function createAddressPolicy(options: AddressPolicyOptions = {}): AddressPolicy {
  const { allowPrivate = false, allowHttp = process.env['NODE_ENV'] !== 'production' } = options;
  const { clock = systemClock, lookup = systemLookup } = options;
  const hosts = options.allowHosts === undefined ? undefined : createHostList(options.allowHosts);

  function isAllowed(address: string): boolean {
    const kind = addressKind(address);
    return kind === 'public' || (kind === 'private' && allowPrivate);
  }

  function faultOf(url: URL): string | undefined {
    if (url.username !== '' || url.password !== '')
      return 'the URL must not hold a user or password: use `authentication`';
    if (url.protocol === 'http:' && !allowHttp) return 'the URL must use https';
    const host = nameOf(url.hostname);
    if (host === undefined) return NO_URL;
    if (hosts?.(host) === false)
      return 'the host of the URL is not one that this server posts to: use one that its operator has allowed';
    if (/^(?:.+\.)?localhost$/.test(host) && !allowPrivate) return NOT_PUBLIC;
    return isIP(host) === 0 || isAllowed(host) ? undefined : NOT_PUBLIC;
  }

  async function addressesOf(host: string): Promise<readonly LookupAddress[]> {
    const family = isIP(host);
    if (family !== 0) return [{ address: host, family }];
    const waiting = new AbortController();
    const cancel = clock.after(LOOKUP_MS, () => {
      waiting.abort();
    });
    try {
      return await unlessAborted(() => lookedUp(lookup, host), waiting.signal);
    } finally {
      cancel();
    }
  }

  async function resolve(given: string): Promise<PushTarget | PushRefusal> {
    const url = parsed(given);
    const fault = url === undefined ? NO_URL : faultOf(url);
    if (url === undefined || fault !== undefined) return { refused: fault ?? NO_URL, retry: false };
    const host = nameOf(url.hostname) ?? '';
    if (isIP(host) === 0) url.hostname = host;
    try {
      const addresses = await addressesOf(host);
      if (addresses.length === 0) return { refused: UNKNOWN_NAME, retry: true };
      // one bad address is enough: a public one beside it is how rebinding begins
      if (!addresses.every(({ address }) => isAllowed(address))) return { refused: NOT_PUBLIC, retry: true };
      return { url, addresses };
    } catch {
      return { refused: UNKNOWN_NAME, retry: true };
    }
  }

  return {
    resolve,
    async check(url) {
      const found = await resolve(url);
      return 'refused' in found ? found.refused : undefined;
    },
  };
}

const NO_URL =
  'the URL must be an absolute https or http URL of at most 2048 characters, such as https://example.com/hook, with blanks and backslashes percent-encoded';
const NOT_PUBLIC =
  'the host of the URL has an address that is not public: use one that is reached through the internet (in its own network a server has to allow it, by `allowPrivate`)';
const UNKNOWN_NAME =
  'the host of the URL can not be found now: check its name, and try again when it can be resolved';

/** Stricter than browsers, which repair what is written oddly: two readers of a URL must see one host. */
function parsed(url: unknown): URL | undefined {
  if (typeof url !== 'string' || url.length > LONGEST_URL) return undefined;
  if (!/^https?:\/\/[^/?#]/i.test(url) || /[\s\\\p{Cc}]/u.test(url)) return undefined;
  return parseUrl(url);
}

function lookedUp(lookup: Lookup, host: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, addresses) => {
      if (error === null) resolve(addresses);
      else reject(error);
    });
  });
}
