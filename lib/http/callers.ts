import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Ask, Caller } from '../core/call.ts';
import type { ErrorInfo } from '../core/failure.ts';
import type { Metadata } from '../core/log.ts';
import { isPromiseLike } from '../core/promises.ts';
import { isA2AError } from '../protocol/errors.ts';
import { brokenOff } from './call-end.ts';
import type { OpenCall } from './open-call.ts';
import { refusalOf } from './refusal.ts';
import type { Urls } from './urls.ts';

/** What says who calls. */
export interface CallerOptions<Req extends IncomingMessage> {
  readonly owner: (req: Req) => string | null | Promise<string | null>;
  /** Application data about the caller, for the agent. */
  readonly caller?: (req: Req) => Metadata | undefined | Promise<Metadata | undefined>;
  /** Sent with a 401 that has no challenge of its own. */
  readonly challenges: readonly string[];
}

/** What the application says of callers, and where they reach the agent. */
interface CallersOptions<Req extends IncomingMessage> extends CallerOptions<Req> {
  readonly urls: Urls<Req>;
}

const WHO_CALLS = 'The server can not tell now who calls; try again later';
/** Of what the application knows beside the caller: tenants, extended cards. */
const ANSWER = 'The server can not answer this now; try again later';

/** Makes the callers of requests; `report` is told where the application fails to say who calls. */
export function createCallers<Req extends IncomingMessage>(
  options: CallersOptions<Req>,
  report: (error: unknown, info: ErrorInfo) => void,
): (call: OpenCall<Req>, extensions: readonly string[]) => Caller {
  async function asking<T>(question: () => T | Promise<T>, unable: string): Promise<T> {
    try {
      return await question();
    } catch (error) {
      throw refused(error, unable);
    }
  }

  /** An error that asks for a status gets it (§7.4); all others are ours, to be masked. `unable` is said with 5xx. */
  function refused(error: unknown, unable: string): unknown {
    const refusal = isA2AError(error) ? undefined : refusalOf(error, options.challenges, unable);
    if (refusal === undefined) return error;
    if (refusal.status >= 500) report(error, { errorId: randomUUID() });
    return refusal.error;
  }

  /** Most applications know at once who calls: then there is nothing to wait for, nor to give up. */
  function asked<T>(question: (req: Req) => T | Promise<T>, call: OpenCall<Req>): T | Promise<T> {
    let answer: T | Promise<T>;
    try {
      answer = question(call.req);
    } catch (error) {
      throw refused(error, WHO_CALLS);
    }
    if (!isPromiseLike(answer)) return answer;
    // an application that never answers must not keep a call that is over
    return call.unlessEnded(
      asking(() => answer, WHO_CALLS),
      brokenOff,
    );
  }

  const ask: Ask = (question) => asking(question, ANSWER);

  return (call, extensions) => {
    const { 'idempotency-key': idempotencyKey, traceparent } = call.headers;
    const { owner, caller } = options;
    // all fields each time, so that callers have one hidden class
    return {
      identify: () => asked(owner, call),
      describe: caller && (() => asked(caller, call)),
      ask,
      url: () => options.urls.of(call.req, call.addressOf),
      extensions,
      // no accessor: V8 keeps an object that has one of its own until the next full collection, and all it leads to
      signal: call,
      lastEventId: call.lastEventId,
      // node joins several lines of it by commas, which no key has
      idempotencyKey: idempotencyKey === undefined ? undefined : String(idempotencyKey),
      dialect: undefined,
      traceparent: typeof traceparent === 'string' ? traceparent : undefined,
    };
  };
}
