import type { StreamResponse } from '../protocol/v1.ts';
import { openScope, type Scope, type SignalHub } from './scope.ts';

/**
 * Events of a stream. Leaving the loop, `return()`, and an abort of the signal close the connection at once, also while
 * an event is being waited for; the task goes on.
 */
export interface EventStream extends AsyncIterableIterator<StreamResponse> {
  readonly return: () => Promise<IteratorResult<StreamResponse>>;
}

/** Makes a stream of what `source` gives, which is asked with the first event. The signals end it with their reason. */
export function createEventStream(
  source: (signal: AbortSignal) => AsyncGenerator<StreamResponse>,
  hub: SignalHub,
  signals: readonly (AbortSignal | undefined)[],
): EventStream {
  let started: { readonly scope: Scope; readonly events: AsyncGenerator<StreamResponse> } | undefined;
  let isLeft = false;

  // nothing is to be let go of where nobody has asked for an event
  function start(): NonNullable<typeof started> {
    const scope = openScope(hub, signals);
    return { scope, events: source(scope.signal) };
  }

  async function next(): Promise<IteratorResult<StreamResponse>> {
    if (isLeft) return DONE;
    const { scope, events } = (started ??= start());
    try {
      const result = await events.next();
      if (result.done === true) scope.release();
      // what has arrived already is not wanted any more
      else scope.signal.throwIfAborted();
      return hasLeft() ? DONE : result;
    } catch (error) {
      scope.release();
      events.return(undefined).catch(() => undefined);
      if (hasLeft()) return DONE;
      throw error;
    }
  }

  // a function, so that the compiler does not remember the answer over an await
  function hasLeft(): boolean {
    return isLeft;
  }

  return {
    next,
    return() {
      isLeft = true;
      started?.scope.release();
      started?.scope.abort(undefined);
      // it waits for what is being awaited, which the abort ends
      started?.events.return(undefined).catch(() => undefined);
      return Promise.resolve(DONE);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

const DONE: IteratorResult<StreamResponse> = { done: true, value: undefined };
