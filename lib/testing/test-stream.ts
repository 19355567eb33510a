import type { EventStream } from '../core/call.ts';
import type { StreamResponse } from '../protocol/v1.ts';
import { iterate } from './iterate.ts';

/** A stream as its client reads it. Whoever leaves a loop over it has left as a client that closes its connection. */
export interface TestStream extends AsyncIterableIterator<StreamResponse> {
  /** The next event. Several may be asked for at once; what the stream fails with comes here. */
  readonly next: () => Promise<IteratorResult<StreamResponse, undefined>>;
  /** All events that are still to come, when the stream has ended. */
  readonly rest: () => Promise<StreamResponse[]>;
  /** Leaves. The task goes on. Leaving twice is fine. */
  readonly leave: () => Promise<void>;
}

/** Opens a stream at once. What comes is what `receive` makes of it, and what fails is what `mask` makes of it. */
export function createTestStream(
  open: (signal: AbortSignal) => Promise<EventStream>,
  options: {
    readonly signal?: AbortSignal;
    readonly receive: (event: StreamResponse) => StreamResponse;
    readonly mask: (error: unknown, signal: AbortSignal) => unknown;
  },
): TestStream {
  const left = new AbortController();
  const signal = options.signal === undefined ? left.signal : AbortSignal.any([options.signal, left.signal]);
  const opened = open(signal);
  // it is told to whoever asks for the first event
  opened.catch(() => undefined);
  const events = read();

  async function* read(): AsyncGenerator<StreamResponse, undefined> {
    const batches = await opened;
    try {
      for await (const batch of iterate(batches)) {
        for (const { event } of batch) yield options.receive(event);
      }
    } catch (error) {
      throw options.mask(error, signal);
    } finally {
      left.abort();
    }
    return undefined;
  }

  async function leave(): Promise<void> {
    left.abort();
    await events.return(undefined);
  }

  async function rest(): Promise<StreamResponse[]> {
    const all: StreamResponse[] = [];
    for await (const event of events) all.push(event);
    return all;
  }

  const stream: TestStream = {
    ...{ rest, leave },
    next: () => events.next(),
    async return() {
      await leave();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => stream,
  };
  return stream;
}
