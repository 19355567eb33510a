import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from '../binding/answer.ts';
import type { FailedCall } from '../binding/failed-call.ts';
import type { Binding, CallBody, CallReply, CallRequest, StreamReply } from '../binding/binding.ts';
import { Bag } from '../core/bag.ts';
import { type Caller, type Method, type Reply, type Service, SHUTDOWN } from '../core/call.ts';
import { type Deferred, deferred, isPromiseLike } from '../core/promises.ts';
import { unlessAborted } from '../core/unless-aborted.ts';
import type { A2AError } from '../protocol/errors.ts';
import type { Version } from '../protocol/version.ts';
import { AnswerTurn } from './answer-turn.ts';
import { hasBody, readBody } from './body.ts';
import { createBodyRoom } from './body-room.ts';
import { createCallMeter } from './call-meter.ts';
import { createCallers } from './callers.ts';
import { RequestAborted } from './collect.ts';
import { createDepartures } from './departures.ts';
import { createEventStreams } from './events.ts';
import { hangUpAfter } from './hang-up.ts';
import type { HandlerOptions } from './handler.ts';
import { cutUnread } from './linger.ts';
import { type Masking, shuttingDown } from './mask.ts';
import { type AnyCall, NO_HEADERS, OpenCall } from './open-call.ts';
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
const NOTHING: readonly string[] = [];

/** Makes what answers calls: body, caller, the binding, and then the answer or the stream. */
export function createCalls<Req extends IncomingMessage>(options: CallsOptions<Req>): Calls<Req> {
  const { service, clock, logger, versions } = options;
  const { mask, report } = options.masking;
  const callerOf = createCallers(options, report);
  const meter = createCallMeter(clock, options.onMetric);
  const streams = createEventStreams<OpenCall<Req>>({
    ...options,
    onCut: meter.cut,
    owner: {
      mask: seenBy,
      answer: send,
      onStreamOver: finish,
      onStreamFailed: failStream,
    },
  });
  const limits = { bytes: options.bodyBytes, room: createBodyRoom(options.bodiesBytes) };
  const departures = createDepartures();
  const open = new Bag<OpenCall<Req>>();
  const turn = new AnswerTurn();
  const endOfTurn = () => (closing === undefined ? turn.wait() : undefined);
  let closing: Deferred<void> | undefined;
  let isUp = false;

  const guarded: Service = {
    ...service,
    invoke(method, params, caller) {
      if (closing !== undefined) return Promise.reject(shuttingDown());
      return isUp ? service.invoke(method, params, caller) : invokeOnceUp(method, params, caller);
    },
  };

  /** A start that hangs must hold up neither a shutdown, nor the call of a client that has gone. */
  async function invokeOnceUp<M extends Method>(
    method: M,
    params: unknown,
    caller: Caller,
  ): Promise<Reply<M>> {
    await unlessAborted(options.ready, caller.signal);
    isUp = true;
    // the server may have closed meanwhile, and nothing is to be started then
    return guarded.invoke(method, params, caller);
  }

  async function serve(call: OpenCall<Req>): Promise<void> {
    try {
      const requested = listHeader(call.headers['a2a-extensions']);
      const extensions = service.activeExtensions(requested);
      if (extensions.length > 0) call.answerHeaders = { 'A2A-Extensions': extensions.join(', ') };
      const reply = await replyTo(call, requested);
      if (!('json' in reply)) {
        // it goes on by itself: a function that waits is large
        stream(call, reply);
        return;
      }
      const others = endOfTurn();
      if (others !== undefined) await others;
      send(call, reply);
    } catch (error) {
      await fail(call, error);
      return;
    }
    finish(call);
  }

  async function fail(call: OpenCall<Req>, error: unknown): Promise<void> {
    try {
      const others = endOfTurn();
      if (others !== undefined) await others;
      refuse(call, error);
    } catch (fault) {
      breakOff(call, fault);
    }
    finish(call);
  }

  /** What has begun as a stream must not look as if it went on. */
  function failStream(call: OpenCall<Req>, error: unknown): void {
    if (!call.res.headersSent) {
      void fail(call, error);
      return;
    }
    breakOff(call, error);
    finish(call);
  }

  function finish(call: OpenCall<Req>): void {
    try {
      call.metered.end(call.reason);
    } catch (error) {
      breakOff(call, error);
    }
    leave(call);
  }

  /** In a function of its own, so that an open stream holds neither its body nor its request. */
  function replyTo(call: OpenCall<Req>, requested: readonly string[]): CallReply | Promise<CallReply> {
    const { binding, metered } = call;
    const request = requestOf(call, requested);
    const ask = (body: CallBody) => binding.call(metered.watch(guarded), body, request);
    const body = bodyOf(call);
    return isPromiseLike(body) ? body.then(ask) : ask(body);
  }

  function requestOf(call: OpenCall<Req>, extensions: readonly string[]): CallRequest {
    const { headers } = call;
    const search = searchOf(call.req);
    return {
      version: headers['a2a-version'],
      query: search === '' ? NO_QUERY : new URLSearchParams(search),
      search,
      served: versions,
      olderExtensions: listHeader(headers['x-a2a-extensions']),
      accept: headers.accept ?? '',
      caller: callerOf(call, extensions),
      mask: (error, failed) => seenBy(call, error, failed),
    };
  }

  function seenBy(call: OpenCall<Req>, error: unknown, failed?: FailedCall): A2AError {
    return call.metered.refused(mask(error, call.reason, failed));
  }

  function bodyOf(call: OpenCall<Req>): CallBody | Promise<CallBody> {
    return isEmpty(call) ? NO_BODY : readBody(call, limits);
  }

  function send(call: OpenCall<Req>, answer: Answer): void {
    const { req, res, answerHeaders: active } = call;
    if (!call.isRead) cutUnread(req, res, clock);
    if (closing !== undefined) hangUpAfter(req, res);
    if (answer.error !== undefined) call.metered.refused(answer.error);
    respond(
      req,
      res,
      active === NO_HEADERS ? answer : { ...answer, headers: { ...active, ...answer.headers } },
    );
  }

  function stream(call: OpenCall<Req>, reply: StreamReply): void {
    call.metered.streams();
    if (!call.isRead) cutUnread(call.req, call.res, clock);
    streams.send(call, reply, { ...call.answerHeaders, ...reply.headers });
  }

  function refuse(call: OpenCall<Req>, error: unknown): void {
    const { binding } = call;
    if (error instanceof RequestAborted) {
      call.metered.gone();
      cutUnread(call.req, call.res, clock);
    } else if (error instanceof HttpRefusal) send(call, binding.refuse(error.error, error.status));
    else send(call, binding.refuse(mask(error, call.reason)));
  }

  function start(req: Req, res: ServerResponse, binding: Binding, addressOf: AddressOf<Req>): void {
    // while earlier middleware waited the client may have gone
    if (departures.hasLeft(req, res)) return;
    const call = new OpenCall({ req, res, binding, metered: meter.start(), addressOf });
    call.unwatch = departures.watch(req, res, () => {
      // a response closes when all of it is sent, too
      if (!call.isOver) call.end(CLIENT_GONE);
    });
    open.add(call);
    void serve(call);
  }

  function breakOff(call: OpenCall<Req>, fault: unknown): void {
    report(fault, { errorId: randomUUID() });
    cut(call.res);
  }

  /** Twice is fine. */
  function over(call: OpenCall<Req>): void {
    if (open.remove(call)) call.leave();
  }

  function leave(call: OpenCall<Req>): void {
    call.unwatch?.();
    over(call);
    if (closing !== undefined) hangUpAfter(call.req, call.res);
  }

  function giveUp(call: OpenCall<Req>): void {
    const { req, res, binding, metered } = call;
    over(call);
    hangUpAfter(req, res);
    const error = metered.refused(shuttingDown());
    if (res.headersSent) cut(res);
    else respond(req, res, binding.refuse(error));
    metered.end(call.reason);
  }

  function close(withinMs = 0): Promise<void> {
    if (closing === undefined) {
      // known before anything is broken off: streams end at once then, and hang up, and may tell somebody who closes as well
      closing = deferred();
      breakAllOff(withinMs).then(closing.resolve, closing.reject);
    }
    return closing.promise;
  }

  async function breakAllOff(withinMs: number): Promise<void> {
    const answered = Promise.all(open.all().map((call) => call.whenOver()));
    for (const call of open.all()) call.end(SHUTDOWN);
    await new Promise<void>((resolve) => {
      const cancel = clock.after(Math.max(withinMs, ANSWER_MS), () => {
        logger.warn({ calls: open.size }, 'calls still wait for the storage; closing without it');
        for (const call of open.all()) giveUp(call);
        resolve();
      });
      void answered.then(() => {
        cancel();
        resolve();
      });
    });
  }

  return { start, close, active: () => open.size };
}

function isEmpty(call: AnyCall): boolean {
  const { body } = call.binding;
  return body === 'none' || (body === 'optional' && !hasBody(call));
}

/** Several lines of a header are one list (RFC 9110 §5.3). */
function listHeader(value: string | string[] | undefined): readonly string[] {
  if (value === undefined) return NOTHING;
  const items = String(value).split(',');
  return items.map((item) => item.trim()).filter((item) => item !== '');
}

const NO_QUERY = new URLSearchParams();

/** The query as it was sent. */
function searchOf({ url = '/' }: IncomingMessage): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start + 1);
}
