import type { EventStream, StreamItem } from './call.ts';
import type { ExpectedTail } from './feed.ts';
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
  beginning?: Beginning,
): EventStream {
  return new EntryIterator(first, tail[Symbol.asyncIterator](), see, beginning);
}

/** A tail that can be asked for what a task says at once: it goes out with the first event then, in one write. */
export type Beginning = Pick<ExpectedTail, 'soon' | 'take'>;

class EntryIterator implements AsyncIterableIterator<Items, undefined> {
  #first: Items;
  #ended = false;
  readonly #tail: AsyncIterator<readonly LogEntry[]>;
  readonly #see: (batch: readonly LogEntry[]) => Seen;
  readonly #beginning: Beginning | undefined;
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
    beginning: Beginning | undefined,
  ) {
    this.#beginning = beginning;
    this.#first = first;
    this.#tail = tail;
    this.#see = see;
  }

  next(): Promise<IteratorResult<Items, undefined>> {
    const value = this.#first;
    if (value.length > 0) {
      this.#first = NONE;
      return this.#beginning === undefined
        ? Promise.resolve({ done: false, value })
        : this.#beginning.soon().then(() => this.#withMore(value));
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

  #withMore(first: Items): IteratorResult<Items, undefined> {
    if (this.#ended) return { done: true, value: undefined };
    const batch = this.#beginning?.take();
    return { done: false, value: batch === undefined ? first : [...first, ...this.#itemsOf(batch)] };
  }

  #take(
    result: IteratorResult<readonly LogEntry[]>,
  ): IteratorResult<Items, undefined> | Promise<IteratorResult<Items, undefined>> {
    if (result.done === true || this.#ended) {
      this.#ended = true;
      return { done: true, value: undefined };
    }
    const items = this.#itemsOf(result.value);
    return items.length > 0 ? { done: false, value: items } : this.next();
  }

  #itemsOf(batch: readonly LogEntry[]): Items {
    let isLast = true;
    try {
      const { items, ends } = this.#see(batch);
      isLast = ends;
      return items;
    } finally {
      // also where it throws
      if (isLast) {
        this.#ended = true;
        void this.#tail.return?.();
      }
    }
  }
}
