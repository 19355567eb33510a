import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Binding } from '../binding/binding.ts';
import type { Service } from '../core/call.ts';
import type { BindingName, CardSource } from '../core/card.ts';
import type { Clock } from '../core/clock.ts';
import { ConfigError } from '../core/config-error.ts';
import type { ErrorInfo } from '../core/failure.ts';
import type { Logger } from '../core/logger.ts';
import type { OnMetric } from '../core/metrics.ts';
import type { Tenants } from '../core/tenants.ts';
import { olderCards } from '../jsonrpc/dispatch.ts';
import type { Version } from '../protocol/version.ts';
import { createOpenApi } from '../rest/openapi.ts';
import { createCalls } from './calls.ts';
import type { CallerOptions } from './callers.ts';
import { createCardServer } from './card.ts';
import { isRead } from './document.ts';
import { findEndpoint } from './endpoints.ts';
import { createKeySetServer, KEY_SET_PATH } from './key-set.ts';
import { createMasking } from './mask.ts';
import { respond } from './respond.ts';
import { type AddressOf, createUrls, type UrlOptions } from './urls.ts';

/** What the server over HTTP needs. Times are in ms. */
export interface HandlerOptions<Req extends IncomingMessage> extends CallerOptions<Req>, UrlOptions<Req> {
  readonly addressOf: AddressOf<Req>;
  readonly service: Service;
  readonly card: CardSource;
  /** The versions that are served. @defaultValue 1.0 */
  readonly versions?: readonly Version[];
  /** @defaultValue JSONRPC */
  readonly bindings?: readonly BindingName[];
  /** The public keys of what the agent signs (RFC 7517 §5). @defaultValue none, and their path is left to the app */
  readonly keySet?: object;
  /** Where there are none, paths at the root of an app that would name one are left to the app. */
  readonly tenants?: Tenants;
  /** Awaited before each operation; what it rejects with is the answer. */
  readonly ready: () => Promise<void>;
  readonly bodyBytes: number;
  readonly bodiesBytes: number;
  readonly keepAliveMs: number;
  readonly stallMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onError: (error: unknown, info: ErrorInfo) => unknown;
  /** Whether clients are shown the faults of ours. */
  readonly exposeErrors?: boolean;
  readonly onMetric?: OnMetric;
}

/** A step of a chain as Express and connect know it. */
export type Middleware<Req extends IncomingMessage = IncomingMessage> = (
  req: Req,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** Where a request is, seen from the agent: the path below its mount, and its address for who wants to know. */
export interface Place<Req extends IncomingMessage> {
  readonly path: string;
  readonly addressOf: AddressOf<Req>;
}

/** The server over HTTP. */
export interface Handler<Req extends IncomingMessage> {
  /** Answers calls, the card and the keys; everything else is `next()`. */
  readonly handle: Middleware<Req>;
  /** As `handle`, for a request that no router has told where it is. */
  readonly answer: (req: Req, res: ServerResponse, place: Place<Req>, next: () => void) => void;
  /** How a call of this verb at a path below the mount is read; undefined where it is none. */
  readonly bindingAt: (path: string, verb: string | undefined) => Binding | undefined;
  /** Serves the card of the agent mounted at `mount`, at the root of the origin. Throws a ConfigError for what is no path. */
  readonly wellKnown: (mount: string) => Middleware<Req>;
  /**
   * Refuses further calls, ends streams and waiting calls. Resolves when all have been answered; those that still wait for
   * a storage after `withinMs`, and after a second at least, are answered with 503 or cut.
   */
  readonly close: (withinMs?: number) => Promise<void>;
  /** Calls and streams that are being answered. */
  readonly active: () => number;
}

/** Makes the server over HTTP; node's own API only. Never calls `next` with an error: every answer is its own. */
export function createHandler<Req extends IncomingMessage>(options: HandlerOptions<Req>): Handler<Req> {
  const { card, clock, versions = ['1.0'], bindings = ['JSONRPC'] } = options;
  const masking = createMasking(options);
  const urls = createUrls(options);
  const calls = createCalls({ ...options, versions, urls, masking });
  const cards = createCardServer({
    card,
    older: olderCards,
    describe: bindings.includes('HTTP+JSON') ? createOpenApi(options.tenants) : undefined,
    versions,
    urls,
    clock,
    mask: (error) => masking.mask(error, undefined),
  });
  const serveKeys = options.keySet && createKeySetServer(options.keySet, clock);

  function answer(req: Req, res: ServerResponse, { path, addressOf }: Place<Req>, next: () => void): void {
    if ((cards.has(path) || cards.describes(path)) && isRead(req)) {
      void cards.serve(req, res, { path, addressOf });
      return;
    }
    if (path === KEY_SET_PATH && serveKeys && (isRead(req) || isOurs(req, addressOf))) {
      serveKeys(req, res);
      return;
    }
    const endpoint = findEndpoint(path, bindings);
    if (endpoint === undefined || req.method === 'OPTIONS') {
      next();
      return;
    }
    const binding = endpoint.bindingFor(req.method ?? '');
    const isDoubtful = binding === undefined || (endpoint.hasTenant && options.tenants === undefined);
    // at the root of an app other things have such paths, too
    if (isDoubtful && addressOf(req).mount === '') next();
    else if (binding === undefined) respond(req, res, endpoint.notAllowed);
    else calls.start(req, res, binding, addressOf);
  }

  return {
    handle: (req, res, next) => {
      answer(req, res, { path: pathOf(req), addressOf: options.addressOf }, next);
    },
    answer,
    bindingAt: (path, verb = '') => findEndpoint(path, bindings)?.bindingFor(verb),
    wellKnown: (given) => {
      const mount = mountPath(given);
      return (req, res, next) => {
        const path = pathOf(req);
        if (!cards.has(path) || !isRead(req)) next();
        else void cards.serve(req, res, { path, addressOf: (it) => ({ ...options.addressOf(it), mount }) });
      };
    },
    close: calls.close,
    active: calls.active,
  };
}

/** Whether a verb that a path does not know is refused: preflights are the app's, and so is the root of the origin. */
function isOurs<Req extends IncomingMessage>(req: Req, addressOf: AddressOf<Req>): boolean {
  return req.method !== 'OPTIONS' && addressOf(req).mount !== '';
}

/** The path of a mount as Express spells it in `baseUrl`. Throws a ConfigError for what is none. */
export function mountPath(given: unknown): string {
  if (typeof given === 'string' && /^(?:\/[^\s?#]*)?$/.test(given)) return given.replace(/\/+$/, '');
  const why = "The path of the mount is wanted: pass what `app.use` got, such as '/a2a'";
  throw new ConfigError('ERR_A2A_OPTIONS', why);
}

/** The path, also where a request names the whole URL (RFC 9112 §3.2.2). */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const start = url.startsWith('/') ? 0 : (/^https?:\/\/[^/?]*/i.exec(url)?.[0].length ?? 0);
  const query = url.indexOf('?', start);
  const path = url.slice(start, query < 0 ? undefined : query);
  return path === '' ? '/' : path;
}

/** The path below a mount; undefined where it is not below. Taken as it is written: case and escapes count. */
export function pathBelow(mount: string, path: string): string | undefined {
  if (path === mount) return '/';
  return path.startsWith(`${mount}/`) ? path.slice(mount.length) : undefined;
}
