import type { IncomingMessage, RequestListener } from 'node:http';
import { requiresOwner } from '../core/admission.ts';
import type { CardSource } from '../core/card.ts';
import type { Logger } from '../core/logger.ts';
import type { Address, UrlOptions } from '../http/urls.ts';
import { trustsProxy } from './caller.ts';
import type { A2AOptions } from './options.ts';

/** Looks for what works, and is probably not meant. Each is warned of once, with its code. */
export interface Checks<Req extends IncomingMessage> {
  /** The same address, with a look at it and at what the request says of proxies. `app` is the one behind `before`. */
  readonly watchAddress: (req: Req, address: Address, app?: RequestListener) => Address;
  /** The same URL, or function that gives it, with a look at what it gives. */
  readonly watchUrl: (url: UrlOptions<Req>['publicUrl']) => UrlOptions<Req>;
  /** The same function, with a look at callers who sent credentials and stayed anonymous. */
  readonly watchOwner: (owner: Owner<Req>) => Owner<Req>;
}

type Owner<Req> = (req: Req) => string | null | Promise<string | null>;

type Warning =
  'ERR_A2A_MEMORY_STORAGE' | 'ERR_A2A_LOCAL_CARD' | 'ERR_A2A_TRUST_PROXY' | 'ERR_A2A_NO_IDENTITY';

const TEXTS: Readonly<Record<Warning, string>> = {
  ERR_A2A_MEMORY_STORAGE:
    'NODE_ENV is production, and tasks are kept in the memory of this process: a restart loses them, and other processes do not see them. Pass the backend that all processes share, or `...memoryBackend()` where one process is meant',
  ERR_A2A_LOCAL_CARD:
    'NODE_ENV is production, and the agent card sends clients to their own machine (localhost): set `publicUrl` to the address that clients use',
  ERR_A2A_TRUST_PROXY:
    "a proxy says by X-Forwarded-Host, -Proto or -Prefix how clients reach it, and the app does not trust it, so the agent card has another URL: call app.set('trust proxy', …), or set `publicUrl`",
  ERR_A2A_NO_IDENTITY:
    'the card declares security and a call came with credentials, but neither req.user nor req.auth is set, so it is answered with 401: mount your authentication before the router, or pass `owner`',
};

/** Looks at the options now, and at requests as they come. */
export function createChecks<Req extends IncomingMessage>(
  options: A2AOptions<Req>,
  card: CardSource['card'],
  logger: Logger,
): Checks<Req> {
  const isProduction = process.env['NODE_ENV'] === 'production';
  const told = new Set<Warning>();

  function warn(code: Warning): void {
    if (told.has(code)) return;
    told.add(code);
    logger.warn({ code }, TEXTS[code]);
  }

  if (isProduction && options.storage === undefined) warn('ERR_A2A_MEMORY_STORAGE');
  if (isProduction && typeof options.publicUrl === 'string' && isLoopback(options.publicUrl))
    warn('ERR_A2A_LOCAL_CARD');

  const mayMissIdentity = options.owner === undefined && requiresOwner(card);
  const keys = Object.values(card.securitySchemes ?? {}).flatMap(({ apiKeySecurityScheme: scheme }) =>
    scheme?.location === 'header' ? [scheme.name.toLowerCase()] : [],
  );
  const hasCredentials = ({ headers }: Req) =>
    ['authorization', ...keys].some((name) => headers[name] !== undefined);

  return {
    watchAddress(req, address, app) {
      if (options.publicUrl !== undefined) return address;
      if (isForwarded(req) && !trustsProxy(req, app)) warn('ERR_A2A_TRUST_PROXY');
      if (isProduction && isLoopback(address.origin)) warn('ERR_A2A_LOCAL_CARD');
      return address;
    },
    watchUrl(publicUrl) {
      if (publicUrl === undefined) return {};
      if (!isProduction || typeof publicUrl === 'string') return { publicUrl };
      return {
        publicUrl(req) {
          const url = publicUrl(req);
          if (isLoopback(url)) warn('ERR_A2A_LOCAL_CARD');
          return url;
        },
      };
    },
    watchOwner(owner) {
      if (!mayMissIdentity) return owner;
      return async (req) => {
        const found = await owner(req);
        if (found === null && hasCredentials(req)) warn('ERR_A2A_NO_IDENTITY');
        return found;
      };
    },
  };
}

function isForwarded({ headers }: IncomingMessage): boolean {
  return ['host', 'proto', 'prefix'].some((name) => headers[`x-forwarded-${name}`] !== undefined);
}

function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\]|0\.0\.0\.0)$/.test(hostname);
}
