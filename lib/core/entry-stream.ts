import type { Batches, Taker } from './batches.ts';
import type { StreamItem } from './call.ts';
import type { ExpectedTail } from './feed.ts';
import type { LogEntry } from './log.ts';
import { streamFailure } from './stream-end.ts';

type Items = readonly StreamItem[];
type Entries = readonly LogEntry[];

const NONE: Items = [];

/** What becomes of a batch of entries: the events that the client gets, which may be none, and whether they are the last. */
export interface Seen {
  readonly items: Items;
  readonly ends: boolean;
}

/** A tail that can be asked for what a task says at once: it goes out with the first event then, in one write. */
export type Beginning = Pick<ExpectedTail, 'soon' | 'take'>;

/**
 * The events of a task, for one reader: those known at the start, then what `see` makes of the entries of the tail. What has
 * been given is not held: it may be a large task.
 */
export class EntryStream implements Batches<Items>, Taker<Entries> {
  #first: Items;
  #ended = false;
  /** Who waits for the tail. */
  #taker: Taker<Items> | undefined;
  readonly #tail: Batches<Entries>;
  readonly #see: (batch: Entries) => Seen;
  readonly #beginning: Beginning | undefined;

  constructor(first: Items, tail: Batches<Entries>, see: (batch: Entries) => Seen, beginning?: Beginning) {
    this.#beginning = beginning;
    this.#first = first;
    this.#tail = tail;
    this.#see = see;
  }

  pull(taker: Taker<Items>): void {
    const first = this.#first;
    if (first.length > 0) {
      this.#first = NONE;
      this.#begin(first, taker);
    } else if (this.#ended) taker.onEnd();
    else {
      this.#taker = taker;
      this.#tail.pull(this);
    }
  }

  end(): void {
    this.#first = NONE;
    this.#ended = true;
    this.#tail.end();
  }

  onBatch(batch: Entries): void {
    const taker = this.#taker;
    this.#taker = undefined;
    if (taker !== undefined) this.#give(NONE, batch, taker);
  }

  onEnd(): void {
    this.#ended = true;
    const taker = this.#taker;
    this.#taker = undefined;
    taker?.onEnd();
  }

  onError(error: unknown): void {
    this.#ended = true;
    const taker = this.#taker;
    this.#taker = undefined;
    taker?.onError(streamFailure(error));
  }

  #begin(first: Items, taker: Taker<Items>): void {
    const beginning = this.#beginning;
    if (beginning === undefined) taker.onBatch(first);
    else {
      void beginning.soon().then(() => {
        this.#give(first, beginning.take() ?? [], taker);
      });
    }
  }

  #give(first: Items, batch: Entries, taker: Taker<Items>): void {
    if (this.#ended) {
      taker.onEnd();
      return;
    }
    let items = first;
    try {
      if (first.length === 0) items = this.#itemsOf(batch);
      else if (batch.length > 0) items = [...first, ...this.#itemsOf(batch)];
    } catch (error) {
      taker.onError(error);
      return;
    }
    if (items.length > 0) taker.onBatch(items);
    else this.pull(taker);
  }

  #itemsOf(batch: Entries): Items {
    let isLast = true;
    try {
      const { items, ends } = this.#see(batch);
      isLast = ends;
      return items;
    } finally {
      // also where it throws
      if (isLast) this.end();
    }
  }
}
