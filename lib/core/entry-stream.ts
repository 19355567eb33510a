import type { EventStream, StreamItem } from './call.ts';
import type { LogEntry } from './log.ts';
import { streamFailure } from './stream-end.ts';

type Items = readonly StreamItem[];

const NONE: Items = [];

/** What becomes of a batch of entries: the events that the client gets, which may be none, and whether they are the last. */
export interface Seen {
  readonly items: Items;
  readonly ends: boolean;
}

/**
 * The events of a task, for one reader: those known at the start, then what `see` makes of the entries of the tail. By hand,
 * as an async generator takes several promises for each batch. What has been given is not held: it may be a large task.
 */
export function entryStream(
  first: Items,
  tail: AsyncIterable<readonly LogEntry[]>,
  see: (batch: readonly LogEntry[]) => Seen,
): EventStream {
  return new EntryIterator(first, tail[Symbol.asyncIterator](), see);
}

class EntryIterator implements AsyncIterableIterator<Items, undefined> {
  #first: Items;
  #ended = false;
  readonly #tail: AsyncIterator<readonly LogEntry[]>;
  readonly #see: (batch: readonly LogEntry[]) => Seen;
  // once per stream, not once per batch
  readonly #taken = (result: IteratorResult<readonly LogEntry[]>) => this.#take(result);
  readonly #failed = (error: unknown) => {
    this.#ended = true;
    throw streamFailure(error);
  };

  constructor(
    first: Items,
    tail: AsyncIterator<readonly LogEntry[]>,
    see: (batch: readonly LogEntry[]) => Seen,
  ) {
    this.#first = first;
    this.#tail = tail;
    this.#see = see;
  }

  next(): Promise<IteratorResult<Items, undefined>> {
    const value = this.#first;
    if (value.length > 0) {
      this.#first = NONE;
      return Promise.resolve({ done: false, value });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return this.#tail.next().then(this.#taken, this.#failed);
  }

  async return(): Promise<IteratorResult<Items, undefined>> {
    this.#first = NONE;
    this.#ended = true;
    await this.#tail.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(
    result: IteratorResult<readonly LogEntry[]>,
  ): IteratorResult<Items, undefined> | Promise<IteratorResult<Items, undefined>> {
    if (result.done === true || this.#ended) {
      this.#ended = true;
      return { done: true, value: undefined };
    }
    let isLast = true;
    try {
      const { items, ends } = this.#see(result.value);
      isLast = ends;
      if (items.length > 0) return { done: false, value: items };
    } finally {
      // also where it throws
      if (isLast) {
        this.#ended = true;
        void this.#tail.return?.();
      }
    }
    return this.next();
  }
}
