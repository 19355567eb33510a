import { RateLimitedError, UnavailableError } from '../protocol/errors.ts';
import type { SendMessageRequest } from '../protocol/v1.ts';
import type { EventStream } from './call.ts';
import type { OperationContext } from './engine.ts';

/** How many streams, and sends that wait for their answer, may be open in this process. Infinity stands for no limit. */
export interface StreamLimits {
  readonly streams: number;
  /** Of one owner; all anonymous callers are one. */
  readonly streamsPerCaller: number;
}

/** An operation that answers with a stream. */
export type StreamingOperation<P> = (params: P, context: OperationContext) => Promise<EventStream>;

/** An operation that sends, and waits for the answer unless the client asked for none. */
export type WaitingOperation<R> = (params: SendMessageRequest, context: OperationContext) => Promise<R>;

/**
 * Bounds operations: each takes a place when everything else has been checked (`context.openStream`), and gives it back
 * when it ends, fails, or its client has gone.
 */
export interface BoundedOperations {
  readonly streaming: <P>(operation: StreamingOperation<P>) => StreamingOperation<P>;
  readonly waiting: <R>(operation: WaitingOperation<R>) => WaitingOperation<R>;
}

/** What holds where nothing was said: one caller can not take every place. */
export const STREAM_LIMITS: StreamLimits = { streams: 10_000, streamsPerCaller: 5000 };

const RETRY_SECONDS = 5;

/** Makes the bound: whatever holds a connection open takes the same kind of place. */
export function createStreamLimits(limits: StreamLimits): BoundedOperations {
  const byOwner = new Map<string | null, number>();
  let all = 0;

  function admit(owner: string | null): void {
    const { streams, streamsPerCaller } = limits;
    if ((byOwner.get(owner) ?? 0) >= streamsPerCaller) {
      const message = `This caller can hold open at most ${String(streamsPerCaller)} streams and waiting calls; close one, or try again later`;
      throw new RateLimitedError(message, RETRY_SECONDS);
    }
    if (all >= streams) {
      throw new UnavailableError(
        'This server has no room for further streams and waiting calls; try again later',
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

  /** The place of one call. */
  function placeOf({ scope, signal }: OperationContext): { take: () => void; free: () => void } {
    let isTaken = false;
    const free = () => {
      if (isTaken) count(scope.owner, -1);
      isTaken = false;
    };
    return {
      free,
      take() {
        // whoever has left by now takes no place
        if (isTaken || signal.aborted) return;
        admit(scope.owner);
        isTaken = true;
        count(scope.owner, 1);
        signal.addEventListener('abort', free);
      },
    };
  }

  return {
    streaming: (operation) => async (params, context) => {
      const { take, free } = placeOf(context);
      try {
        return freeing(await operation(params, { openStream: take, ...context }), free);
      } catch (error) {
        free();
        throw error;
      }
    },
    waiting: (operation) => async (params, context) => {
      if (params.configuration?.returnImmediately === true) return operation(params, context);
      const { take, free } = placeOf(context);
      try {
        return await operation(params, { openStream: take, ...context });
      } finally {
        free();
      }
    },
  };
}

/** A stream that gives its place back at its end. By hand, as a generator takes several promises for each batch. */
function freeing(stream: EventStream, free: () => void): EventStream {
  return {
    [Symbol.asyncIterator]() {
      const inner = stream[Symbol.asyncIterator]();
      return {
        next: () =>
          inner.next().then(
            (result) => {
              if (result.done === true) free();
              return result;
            },
            (error: unknown) => {
              free();
              throw error;
            },
          ),
        async return() {
          free();
          await inner.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
