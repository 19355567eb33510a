import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from '../binding/answer.ts';
import type { Binding, CallBody } from '../binding/binding.ts';
import { type Service, SHUTDOWN } from '../core/call.ts';
import { unlessAborted } from '../core/unless-aborted.ts';
import type { Version } from '../protocol/version.ts';
import { hasBody, readBody } from './body.ts';
import { createBodyRoom } from './body-room.ts';
import { brokenOff, CallEnd } from './call-end.ts';
import { createCallMeter, type MeteredCall } from './call-meter.ts';
import { createCallers } from './callers.ts';
import { RequestAborted } from './collect.ts';
import { createDepartures } from './departures.ts';
import { createEventStreams } from './events.ts';
import { hangUpAfter } from './hang-up.ts';
import type { HandlerOptions } from './handler.ts';
import { cutUnread } from './linger.ts';
import { type Masking, shuttingDown } from './mask.ts';
import { cut, HttpRefusal, respond } from './respond.ts';
import type { AddressOf, Urls } from './urls.ts';

/** What calls need beside the options. */
export interface CallsOptions<Req extends IncomingMessage> extends HandlerOptions<Req> {
  readonly versions: readonly Version[];
  readonly urls: Urls<Req>;
  readonly masking: Masking;
}

/** Answers calls, over whichever binding. */
export interface Calls<Req extends IncomingMessage> {
  readonly start: (req: Req, res: ServerResponse, binding: Binding, addressOf: AddressOf<Req>) => void;
  /**
   * Refuses further calls, ends streams and waiting calls. Resolves when all have been answered; those that still wait for
   * a storage after `withinMs`, and after a second at least, are answered with 503 or cut.
   */
  readonly close: (withinMs?: number) => Promise<void>;
  /** Calls and streams that are being answered. */
  readonly active: () => number;
}

const CLIENT_GONE = Symbol('the client has gone');
/** A storage has so long at least to answer the calls that are broken off. */
const ANSWER_MS = 1000;
const NO_BODY: CallBody = { value: undefined };

/** Makes what answers calls: body, caller, the binding, and then the answer or the stream. */
export function createCalls<Req extends IncomingMessage>(options: CallsOptions<Req>): Calls<Req> {
  const { service, clock, logger, versions } = options;
  const { mask, report } = options.masking;
  const callerOf = createCallers(options, report);
  const meter = createCallMeter(clock, options.onMetric);
  const streams = createEventStreams({ ...options, onCut: meter.cut });
  const room = createBodyRoom(options.bodiesBytes);
  const departures = createDepartures();
  const active = new Map<CallEnd, { readonly work: Promise<void>; readonly giveUp: () => void }>();
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
    binding: Binding,
    { call, metered, addressOf }: { call: CallEnd; metered: MeteredCall; addressOf: AddressOf<Req> },
  ): Promise<void> {
    const { 'a2a-extensions': named, 'x-a2a-extensions': olderExtensions } = req.headers;
    const requested = listHeader(named);
    const extensions = service.activeExtensions(requested);
    const headers = extensions.length > 0 ? { 'A2A-Extensions': extensions.join(', ') } : {};
    const search = searchOf(req);
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
      const caller = callerOf(req, { extensions: requested, call, addressOf });
      // in no variable, which would keep the body for as long as a stream is open
      const reply = await binding.call(metered.watch(guarded), await bodyOf(req, binding, call), {
        version: req.headers['a2a-version'],
        query: search === '' ? NO_QUERY : new URLSearchParams(search),
        search,
        served: versions,
        olderExtensions: listHeader(olderExtensions),
        takesEvents: /\btext\/event-stream\b/i.test(req.headers.accept ?? ''),
        caller,
        mask: (error, failed) => metered.refused(mask(error, call.reason, failed)),
      });
      if ('json' in reply) send(reply);
      else {
        metered.streams();
        await streams.send(reply, res, {
          headers: { ...headers, ...reply.headers },
          signal: call,
          lastEventId: caller.lastEventId,
          answer: send,
        });
      }
    } catch (error) {
      if (error instanceof RequestAborted) metered.gone();
      else if (error instanceof HttpRefusal) send(binding.refuse(error.error, error.status));
      else send(binding.refuse(mask(error, call.reason)));
    } finally {
      metered.end(call.reason);
    }
  }

  /** A body that never ends must not hold up a shutdown, nor one whose sender has gone. */
  function bodyOf(req: Req, binding: Binding, call: CallEnd): CallBody | Promise<CallBody> {
    if (isEmpty(req, binding)) return NO_BODY;
    return call.unlessEnded(readBody(req, options.bodyBytes, room), brokenOff);
  }

  function start(req: Req, res: ServerResponse, binding: Binding, addressOf: AddressOf<Req>): void {
    // while earlier middleware waited the client may have gone
    if (departures.hasLeft(req, res)) return;
    cutUnread(req, res, clock);
    const call = new CallEnd();
    const metered = meter.start();
    const unwatch = departures.watch(req, res, () => {
      // a response closes when all of it is sent, too
      if (active.has(call)) call.end(CLIENT_GONE);
    });
    const work = serve(req, res, binding, { call, metered, addressOf })
      .catch((error: unknown) => {
        report(error, { errorId: randomUUID() });
        cut(res);
      })
      .finally(() => {
        unwatch();
        active.delete(call);
        if (closing !== undefined) hangUpAfter(req, res);
      });
    const giveUp = () => {
      active.delete(call);
      hangUpAfter(req, res);
      const error = metered.refused(shuttingDown());
      if (res.headersSent) cut(res);
      else respond(req, res, binding.refuse(error));
      metered.end(call.reason);
    };
    active.set(call, { work, giveUp });
  }

  async function close(withinMs: number): Promise<void> {
    const calls = [...active];
    for (const [call] of calls) call.end(SHUTDOWN);
    await new Promise<void>((resolve) => {
      const cancel = clock.after(Math.max(withinMs, ANSWER_MS), () => {
        logger.warn({ calls: active.size }, 'calls still wait for the storage; closing without it');
        for (const { giveUp } of active.values()) giveUp();
        resolve();
      });
      void Promise.all(calls.map(([, { work }]) => work)).then(() => {
        cancel();
        resolve();
      });
    });
  }

  return { start, close: (withinMs = 0) => (closing ??= close(withinMs)), active: () => active.size };
}

function isEmpty(req: IncomingMessage, { body }: Binding): boolean {
  return body === 'none' || (body === 'optional' && !hasBody(req));
}

/** Several lines of a header are one list (RFC 9110 §5.3). */
function listHeader(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  const items = String(value).split(',');
  return items.map((item) => item.trim()).filter((item) => item !== '');
}

const NO_QUERY = new URLSearchParams();

/** The query as it was sent. */
function searchOf({ url = '/' }: IncomingMessage): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start + 1);
}
