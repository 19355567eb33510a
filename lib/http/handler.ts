import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Service, SHUTDOWN } from '../core/call.ts';
import type { CardSource } from '../core/card.ts';
import type { Clock } from '../core/clock.ts';
import { ConfigError } from '../core/config-error.ts';
import type { ErrorInfo } from '../core/failure.ts';
import type { Logger } from '../core/logger.ts';
import type { OnMetric } from '../core/metrics.ts';
import { unlessAborted } from '../core/unless-aborted.ts';
import { dispatch, olderCards } from '../jsonrpc/dispatch.ts';
import { type Answer, errorAnswer } from '../jsonrpc/error.ts';
import { InvalidRequestError } from '../protocol/errors.ts';
import type { Version } from '../protocol/version.ts';
import { readBody, RequestAborted } from './body.ts';
import { createCallMeter } from './call-meter.ts';
import { type CallerOptions, createCallers } from './callers.ts';
import { brokenOff, type CallEnd, createCallEnd } from './call-end.ts';
import { createCardServer } from './card.ts';
import { createDepartures } from './departures.ts';
import { createEventStreams } from './events.ts';
import { hangUpAfter } from './hang-up.ts';
import { cutUnread } from './linger.ts';
import { createMasking, shuttingDown } from './mask.ts';
import { cut, HttpRefusal, respond } from './respond.ts';
import { type AddressOf, createUrls, type UrlOptions } from './urls.ts';

/** What the server over HTTP needs. Times are in ms. */
export interface HandlerOptions<Req extends IncomingMessage> extends CallerOptions<Req>, UrlOptions<Req> {
  readonly addressOf: AddressOf<Req>;
  readonly service: Service;
  readonly card: CardSource;
  /** The versions that are served. @defaultValue 1.0 */
  readonly versions?: readonly Version[];
  /** Awaited before each operation; what it rejects with is the answer. */
  readonly ready: () => Promise<void>;
  readonly bodyBytes: number;
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
  /** Answers calls at its root and the card below it; everything else is `next()`. */
  readonly handle: Middleware<Req>;
  /** As `handle`, for a request that no router has told where it is. */
  readonly answer: (req: Req, res: ServerResponse, place: Place<Req>, next: () => void) => void;
  /** Serves the card of the agent mounted at `mount`, at the root of the origin. Throws a ConfigError for what is no path. */
  readonly wellKnown: (mount: string) => Middleware<Req>;
  /** Refuses further calls, ends streams and waiting calls. Resolves when all have been answered. */
  readonly close: () => Promise<void>;
  /** Calls and streams that are being answered. */
  readonly active: () => number;
}

const CLIENT_GONE = Symbol('the client has gone');

/** Makes the server over HTTP; node's own API only. Never calls `next` with an error: every answer is its own. */
export function createHandler<Req extends IncomingMessage>(options: HandlerOptions<Req>): Handler<Req> {
  const { service, card, clock, versions = ['1.0'] } = options;
  const { mask, report } = createMasking(options);
  const urls = createUrls(options);
  const callerOf = createCallers({ ...options, urls }, report);
  const cards = createCardServer({
    card,
    older: olderCards,
    versions,
    urls,
    clock,
    mask: (error) => mask(error, undefined),
  });
  const meter = createCallMeter(clock, options.onMetric);
  const streams = createEventStreams({ ...options, onCut: meter.cut });
  const departures = createDepartures();
  const active = new Map<CallEnd, Promise<void>>();
  let closing: Promise<void> | undefined;
  let isUp = false;

  const isClosing = () => closing !== undefined;

  const guarded: Service = {
    ...service,
    async invoke(method, params, caller) {
      if (isClosing()) throw shuttingDown();
      // a start that hangs must hold up neither a shutdown, nor the call of a client that has gone
      if (!isUp) await unlessAborted(options.ready, caller.signal);
      isUp = true;
      // the server may have closed meanwhile, and nothing is to be started then
      if (isClosing()) throw shuttingDown();
      return service.invoke(method, params, caller);
    },
  };

  async function serve(
    req: Req,
    res: ServerResponse,
    call: CallEnd,
    addressOf: AddressOf<Req>,
  ): Promise<void> {
    const { 'a2a-extensions': named, 'x-a2a-extensions': olderExtensions } = req.headers;
    const requested = listHeader(named);
    const extensions = service.activeExtensions(requested);
    const headers = extensions.length > 0 ? { 'A2A-Extensions': extensions.join(', ') } : {};
    const metered = meter.start();
    const send = (answer: Answer) => {
      if (closing !== undefined) hangUpAfter(req, res);
      if (answer.error !== undefined) metered.refused(answer.error);
      respond(
        req,
        res,
        extensions.length > 0 ? { ...answer, headers: { ...headers, ...answer.headers } } : answer,
      );
    };
    try {
      // a body that never ends must not hold up a shutdown, nor one whose sender has gone
      const body = await call.unlessEnded(readBody(req, options.bodyBytes), brokenOff);
      const caller = callerOf(req, { extensions: requested, call, addressOf });
      const reply = await dispatch(metered.watch(guarded), {
        body,
        version: req.headers['a2a-version'],
        query: queryOf(req),
        served: versions,
        olderExtensions: listHeader(olderExtensions),
        takesEvents: /\btext\/event-stream\b/i.test(req.headers.accept ?? ''),
        caller,
        mask: (error, failed) => metered.refused(mask(error, call.reason(), failed)),
      });
      if ('json' in reply) send(reply);
      else {
        metered.streams();
        await streams.send(reply, res, {
          headers: { ...headers, ...reply.headers },
          signal: call.signal(),
          lastEventId: caller.lastEventId,
          answer: send,
        });
      }
    } catch (error) {
      if (error instanceof RequestAborted) metered.gone();
      else if (error instanceof HttpRefusal) send(errorAnswer(null, error.error, error.status));
      else send(errorAnswer(null, mask(error, call.reason())));
    } finally {
      metered.end(call.reason());
    }
  }

  function start(req: Req, res: ServerResponse, addressOf: AddressOf<Req>): void {
    // while earlier middleware waited the client may have gone
    if (departures.hasLeft(req, res)) return;
    cutUnread(req, res, clock);
    const call = createCallEnd();
    const unwatch = departures.watch(req, res, () => {
      // a response closes when all of it is sent, too
      if (active.has(call)) call.end(CLIENT_GONE);
    });
    const work = serve(req, res, call, addressOf)
      .catch((error: unknown) => {
        report(error, { errorId: randomUUID() });
        cut(res);
      })
      .finally(() => {
        unwatch();
        active.delete(call);
        if (closing !== undefined) hangUpAfter(req, res);
      });
    active.set(call, work);
  }

  function answer(req: Req, res: ServerResponse, { path, addressOf }: Place<Req>, next: () => void): void {
    if (cards.has(path) && isRead(req)) {
      void cards.serve(req, res, { path, addressOf });
    } else if (path !== '/' || req.method === 'OPTIONS') next();
    else if (req.method === 'POST') start(req, res, addressOf);
    else if (addressOf(req).mount === '') next();
    else respond(req, res, METHOD_NOT_ALLOWED);
  }

  async function close(): Promise<void> {
    for (const call of active.keys()) call.end(SHUTDOWN);
    await Promise.all(active.values());
  }

  return {
    handle: (req, res, next) => {
      answer(req, res, { path: pathOf(req), addressOf: options.addressOf }, next);
    },
    answer,
    wellKnown: (given) => {
      const mount = mountPath(given);
      return (req, res, next) => {
        const path = pathOf(req);
        if (!cards.has(path) || !isRead(req)) next();
        else void cards.serve(req, res, { path, addressOf: (it) => ({ ...options.addressOf(it), mount }) });
      };
    },
    close: () => (closing ??= close()),
    active: () => active.size,
  };
}

const USE_POST = 'Calls are sent with POST; the agent card is at .well-known/agent-card.json below this path';
const METHOD_NOT_ALLOWED: Answer = {
  ...errorAnswer(null, new InvalidRequestError(USE_POST), 405),
  headers: { Allow: 'POST' },
};

/** Several lines of a header are one list (RFC 9110 §5.3). */
function listHeader(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  const items = String(value).split(',');
  return items.map((item) => item.trim()).filter((item) => item !== '');
}

function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** The path of a mount as Express spells it in `baseUrl`. Throws a ConfigError for what is none. */
export function mountPath(given: unknown): string {
  if (typeof given === 'string' && /^(?:\/[^\s?#]*)?$/.test(given)) return given.replace(/\/+$/, '');
  const why = "The path of the mount is wanted: pass what `app.use` got, such as '/a2a'";
  throw new ConfigError('ERR_A2A_OPTIONS', why);
}

/** The path, also where a request names the whole URL (RFC 9112 §3.2.2). */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const [path = ''] = url.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1);
  return path === '' ? '/' : path;
}

const NO_QUERY = new URLSearchParams();

function queryOf({ url = '/' }: IncomingMessage): URLSearchParams {
  const start = url.indexOf('?');
  return start < 0 ? NO_QUERY : new URLSearchParams(url.slice(start + 1));
}
