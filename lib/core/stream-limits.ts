import { RateLimitedError, UnavailableError } from '../protocol/errors.ts';
import type { SendMessageRequest } from '../protocol/v1.ts';
import type { Abortable } from './abortable.ts';
import type { Taker } from './batches.ts';
import type { EventStream, StreamItem } from './call.ts';
import type { OperationContext } from './engine.ts';

type Items = readonly StreamItem[];

/** How many streams, and sends that wait for their answer, may be open in this process. Infinity stands for no limit. */
export interface StreamLimits {
  readonly streams: number;
  /** Of one owner; all anonymous callers are one. */
  readonly streamsPerCaller: number;
}

/** An operation that answers with events. */
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
  const places = new Places(limits);
  return {
    streaming: (operation) => async (params, context) => {
      const place = new Place(places, context);
      try {
        return new FreeingStream(await operation(params, withPlace(context, place)), place);
      } catch (error) {
        place.free();
        throw error;
      }
    },
    waiting: (operation) => (params, context) => {
      if (params.configuration?.returnImmediately === true) return operation(params, context);
      const place = new Place(places, context);
      return operation(params, withPlace(context, place)).then(
        (answer) => {
          place.free();
          return answer;
        },
        (error: unknown) => {
          place.free();
          throw error;
        },
      );
    },
  };
}

function withPlace(context: OperationContext, place: Place): OperationContext {
  const openStream = () => {
    place.take();
  };
  return { ...context, openStream };
}

/** All places there are. */
class Places {
  readonly #limits: StreamLimits;
  readonly #byOwner = new Map<string | null, number>();
  #all = 0;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  admit(owner: string | null): void {
    const { streams, streamsPerCaller } = this.#limits;
    if ((this.#byOwner.get(owner) ?? 0) >= streamsPerCaller) {
      const message = `This caller can hold open at most ${String(streamsPerCaller)} streams and waiting calls; close one, or try again later`;
      throw new RateLimitedError(message, RETRY_SECONDS);
    }
    if (this.#all >= streams) {
      throw new UnavailableError(
        'This server has no room for further streams and waiting calls; try again later',
        RETRY_SECONDS,
      );
    }
  }

  count(owner: string | null, change: 1 | -1): void {
    this.#all += change;
    const open = (this.#byOwner.get(owner) ?? 0) + change;
    if (open > 0) this.#byOwner.set(owner, open);
    else this.#byOwner.delete(owner);
  }
}

/** The place of one call; it is free again when the call ends. */
class Place {
  readonly #places: Places;
  readonly #owner: string | null;
  readonly #signal: Abortable;
  #isTaken = false;

  constructor(places: Places, { scope, signal }: OperationContext) {
    this.#places = places;
    this.#owner = scope.owner;
    this.#signal = signal;
  }

  take(): void {
    // whoever has left by now takes no place
    if (this.#isTaken || this.#signal.aborted) return;
    this.#places.admit(this.#owner);
    this.#isTaken = true;
    this.#places.count(this.#owner, 1);
    this.#signal.addEventListener('abort', this);
  }

  free(): void {
    if (!this.#isTaken) return;
    this.#isTaken = false;
    this.#places.count(this.#owner, -1);
    this.#signal.removeEventListener('abort', this);
  }

  /** On abort. */
  handleEvent(): void {
    this.free();
  }
}

/** Events that give their place back at their end. */
class FreeingStream implements EventStream, Taker<Items> {
  readonly #events: EventStream;
  readonly #place: Place;
  #taker: Taker<Items> | undefined;

  constructor(events: EventStream, place: Place) {
    this.#events = events;
    this.#place = place;
  }

  pull(taker: Taker<Items>): void {
    this.#taker = taker;
    this.#events.pull(this);
  }

  end(): void {
    this.#place.free();
    this.#events.end();
  }

  onBatch(items: Items): void {
    this.#take()?.onBatch(items);
  }

  onEnd(): void {
    this.#place.free();
    this.#take()?.onEnd();
  }

  onError(error: unknown): void {
    this.#place.free();
    this.#take()?.onError(error);
  }

  #take(): Taker<Items> | undefined {
    const taker = this.#taker;
    this.#taker = undefined;
    return taker;
  }
}
