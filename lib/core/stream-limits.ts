import { RateLimitedError, UnavailableError } from '../protocol/errors.ts';
import type { EventStream } from './call.ts';
import type { OperationContext } from './engine.ts';

/** How many streams may be open in this process. Infinity stands for no limit. */
export interface StreamLimits {
  readonly streams: number;
  /** Of one owner; all anonymous callers are one. */
  readonly streamsPerCaller: number;
}

/** An operation that answers with a stream. */
export type StreamingOperation<P> = (params: P, context: OperationContext) => Promise<EventStream>;

/** What holds where nothing was said: one caller can not take every place. */
export const STREAM_LIMITS: StreamLimits = { streams: 10_000, streamsPerCaller: 5000 };

const RETRY_SECONDS = 5;

/**
 * Bounds the streams of operations: each takes a place when everything else has been checked (`context.openStream`), and
 * gives it back when it ends, fails, or its client has gone.
 */
export function createStreamLimits(
  limits: StreamLimits,
): <P>(operation: StreamingOperation<P>) => StreamingOperation<P> {
  const byOwner = new Map<string | null, number>();
  let all = 0;

  function admit(owner: string | null): void {
    const { streams, streamsPerCaller } = limits;
    if ((byOwner.get(owner) ?? 0) >= streamsPerCaller) {
      const message = `This caller has ${String(streamsPerCaller)} streams open, the most there may be; close one, or try again later`;
      throw new RateLimitedError(message, RETRY_SECONDS);
    }
    if (all >= streams) {
      throw new UnavailableError(
        'This server has no room for further streams; try again later',
        RETRY_SECONDS,
      );
    }
  }

  function count(owner: string | null, change: 1 | -1): void {
    all += change;
    const open = (byOwner.get(owner) ?? 0) + change;
    if (open > 0) byOwner.set(owner, open);
    else byOwner.delete(owner);
  }

  return (operation) => async (params, context) => {
    const { scope, signal } = context;
    let isOpen = false;
    const free = () => {
      if (isOpen) count(scope.owner, -1);
      isOpen = false;
    };
    const openStream = () => {
      // whoever has left by now takes no place
      if (isOpen || signal.aborted) return;
      admit(scope.owner);
      isOpen = true;
      count(scope.owner, 1);
      signal.addEventListener('abort', free, { once: true });
    };
    try {
      return freeing(await operation(params, { ...context, openStream }), free);
    } catch (error) {
      free();
      throw error;
    }
  };
}

async function* freeing(stream: EventStream, free: () => void): EventStream & AsyncGenerator {
  try {
    yield* stream;
  } finally {
    free();
  }
}
