import { Bag } from '../core/bag.ts';
import { systemClock } from '../core/clock.ts';
import type { Placed } from '../core/heap.ts';
import { unlessAborted } from '../core/unless-aborted.ts';
import type { AddressPolicy } from './address-policy.ts';
import { codeOf, exchange, type PushAnswer } from './exchange.ts';
import { createPinnedAgents } from './pinned-agents.ts';
import { retryAfterMs } from './retry-after.ts';

/** One POST to a webhook. */
export interface PushRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For all of it: name, connection, request and the head of the answer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * What became of it. `reason` is for the owner of the webhook. `retry` is false where sending the same again can not
 * help: a URL that is refused for itself, a header that can not be sent, and 410 Gone. `retryAfterMs` is what the
 * receiver asked for, unbounded.
 */
export type PushOutcome =
  | { readonly ok: true; readonly status: number }
  | {
      readonly ok: false;
      readonly reason: string;
      readonly retry: boolean;
      readonly retryAfterMs?: number;
      readonly status?: number;
    };

/** Posts once; never rejects. Aborting gives a failure that may be tried again. */
export type Post = (request: PushRequest) => Promise<PushOutcome>;

interface PostUnderWay extends Placed {
  readonly call: AbortController;
}

const ABORTED = 'the sender was stopped';

/**
 * Makes the function that posts to webhooks. The URL is checked by the policy each time, and only the addresses that
 * were checked are connected to. Only 2xx is success; redirects are not followed; bodies of answers are cut at 64 KiB
 * or after a second, and thrown away. `close` ends what is being posted, and all connections.
 */
export function createPost(policy: AddressPolicy): Post & { close(): void } {
  const agents = createPinnedAgents();
  const calls = new Bag<PostUnderWay>();
  let isClosed = false;

  async function post(request: PushRequest): Promise<PushOutcome> {
    const { url, timeoutMs, signal } = request;
    if (isClosed || signal.aborted) return failure(ABORTED);
    const call = new AbortController();
    const underWay = { call, place: 0 };
    calls.add(underWay);
    const stop = () => {
      call.abort(ABORTED);
    };
    signal.addEventListener('abort', stop);
    const cancel = systemClock.after(timeoutMs, () => {
      call.abort(`no answer came within ${timeoutMs} ms`);
    });
    try {
      const target = await unlessAborted(() => policy.resolve(url), call.signal);
      if ('refused' in target) return { ok: false, reason: target.refused, retry: target.retry };
      return outcomeOf(await exchange(agents, target, request, call.signal));
    } catch (error) {
      if (call.signal.aborted) return failure(String(call.signal.reason));
      return failureOf(error);
    } finally {
      cancel();
      signal.removeEventListener('abort', stop);
      calls.remove(underWay);
    }
  }

  return Object.assign(post, {
    close() {
      isClosed = true;
      for (const { call } of calls.all()) call.abort(ABORTED);
      agents.close();
    },
  });
}

function outcomeOf(answer: PushAnswer | undefined): PushOutcome {
  if (answer === undefined) return failure('the connection was closed without an answer');
  const { status, retryAfter } = answer;
  if (status >= 200 && status < 300) return { ok: true, status };
  const waitMs = retryAfterMs(retryAfter, systemClock.now());
  const isRedirect = status >= 300 && status < 400;
  return {
    ok: false,
    status,
    reason: `the receiver answered ${status}${isRedirect ? ', and redirects are not followed' : ''}`,
    // gone is gone (RFC 9110 §15.5.11); everything else may be put right
    retry: status !== 410,
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
  };
}

function failureOf(error: unknown): PushOutcome {
  const code = codeOf(error);
  if (code === 'ERR_INVALID_CHAR' || code === 'ERR_INVALID_HTTP_TOKEN')
    return {
      ok: false,
      reason: 'a header of the notification has characters that can not be sent',
      retry: false,
    };
  return failure(`${WORDS[code ?? ''] ?? 'the connection failed'}${code === undefined ? '' : ` (${code})`}`);
}

/** The addresses in node's own messages are nobody's business. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the receiver refused the connection',
  ECONNRESET: 'the receiver broke the connection off',
  EHOSTUNREACH: 'the receiver can not be reached',
  ENETUNREACH: 'the receiver can not be reached',
  ETIMEDOUT: 'the receiver can not be reached',
  EPIPE: 'the receiver broke the connection off',
  HPE_HEADER_OVERFLOW: 'the head of the answer is too long',
  CERT_HAS_EXPIRED: 'the certificate of the receiver has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the receiver is not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate of the receiver is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate of the receiver is not trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the receiver is for another name',
};

function failure(reason: string): PushOutcome {
  return { ok: false, reason, retry: true };
}
