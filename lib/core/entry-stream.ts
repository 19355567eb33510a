import type { Batches, Taker } from './batches.ts';
import type { StreamItem } from './call.ts';
import { ending, type EventItems } from './event-items.ts';
import type { ExpectedTail, Tail } from './feed.ts';
import type { LogEntry, Seq } from './log.ts';
import { endsStream, streamFailure } from './stream-end.ts';

type Items = readonly StreamItem[];
type Entries = readonly LogEntry[];

const NONE: Items = [];

/** A tail that can be asked for what a task says at once: it goes out with the first event then, in one write. */
export type Beginning = Pick<ExpectedTail, 'soon' | 'take'>;

/** What the events of a task are made of. */
export interface EntryStreamParts {
  readonly items: Pick<EventItems, 'of'>;
  /** The events known at the start; what the log has up to `shown` is in them. */
  readonly first: Items;
  readonly shown?: Seq;
  readonly tail: Tail;
  readonly beginning?: Beginning | undefined;
  readonly resumable: boolean;
  /** The entry that a send wrote; undefined for a subscription, which pauses do not end. */
  readonly own?: Seq;
}

/** The events of a task, for one reader. What has been given is not held: it may be a large task. */
export class EntryStream implements Batches<Items>, Taker<Entries> {
  #first: Items;
  #ended = false;
  /** Who waits for the tail. */
  #taker: Taker<Items> | undefined;
  readonly #items: Pick<EventItems, 'of'>;
  readonly #shown: Seq;
  readonly #tail: Tail;
  readonly #beginning: Beginning | undefined;
  readonly #resumable: boolean;
  readonly #own: Seq | undefined;

  constructor({ items, first, shown = 0, tail, beginning, resumable, own }: EntryStreamParts) {
    this.#items = items;
    this.#first = first;
    this.#shown = shown;
    this.#tail = tail;
    this.#beginning = beginning;
    this.#resumable = resumable;
    this.#own = own;
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
        this.#give(first, undefined, taker);
      });
    }
  }

  /** Gives the first events, and those of a batch: of what there is by now, where it is not said. */
  #give(first: Items, said: Entries | undefined, taker: Taker<Items>): void {
    if (this.#ended) {
      taker.onEnd();
      return;
    }
    let items = first;
    try {
      const batch = said ?? this.#beginning?.take() ?? [];
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
      const end = batch.findIndex((entry) => endsStream(entry, this.#own ?? Infinity));
      const news = this.#news(end >= 0 && end < batch.length - 1 ? batch.slice(0, end + 1) : batch);
      const items = this.#items.of(news, this.#resumable, this.#tail.isAlone());
      isLast = end >= 0;
      return isLast ? ending(items) : items;
    } finally {
      // also where it throws
      if (isLast) this.end();
    }
  }

  #news(batch: Entries): Entries {
    const isNew = (batch[0]?.seq ?? Infinity) > this.#shown;
    return isNew ? batch : batch.filter(({ seq }) => seq > this.#shown);
  }
}
