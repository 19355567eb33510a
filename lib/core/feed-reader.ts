import type { Abortable } from './abortable.ts';
import type { Batches, Taker } from './batches.ts';
import { isClosing } from './fold.ts';
import type { LogEntry, Seq, TaskId } from './log.ts';

/** A reader's cursor is older than what the log still holds. */
export class CursorTrimmed extends Error {
  override readonly name = 'CursorTrimmed';
}

/** Where readers find their source. */
export interface Sources {
  readonly join: (taskId: TaskId, reader: Reader) => Source;
}

/** What a reader reads from: one watched task. */
export interface Source {
  readonly leave: (reader: Reader) => void;
  /** Whether it has had several readers at once. */
  readonly isShared: () => boolean;
  /** The highest number heard of. */
  readonly head: () => Seq;
  /** Whether hints arrive. */
  readonly isLive: () => boolean;
  /** Whether a read now could miss an entry that no hint will tell of either. */
  readonly isJoining: () => boolean;
  readonly recent: (after: Seq) => readonly LogEntry[] | undefined;
  readonly load: (after: Seq) => Promise<Page>;
}

/** A part of the log, as read. */
export interface Page {
  readonly after: Seq;
  readonly entries: readonly LogEntry[];
  readonly head: Seq;
  readonly first: Seq;
  readonly closed: boolean;
}

type Batch = readonly LogEntry[];

/** A cursor that waits: no queue, and nothing but itself to free. A class, as there are thousands of them. */
export class Reader implements Batches<Batch> {
  readonly #sources: Sources;
  readonly #taskId: TaskId;
  readonly #signal: Abortable;
  /** Resolves when readers are woken the next time, or sooner where that is far away. */
  readonly soon: () => Promise<void>;
  #cursor: Seq;
  /** Whether the storage may have entries after the cursor that nobody will tell of. */
  #mustRead = true;
  #source: Source | undefined;
  #waiting: Taker<Batch> | undefined;
  #isLoading = false;
  #isAlone = false;
  #ended = false;

  constructor(sources: Sources, taskId: TaskId, after: Seq, signal: Abortable, soon: () => Promise<void>) {
    this.#sources = sources;
    this.#taskId = taskId;
    this.#cursor = after;
    this.#signal = signal;
    this.soon = soon;
  }

  /**
   * Registers, so that nothing from now on is missed. Freed by `end`, by an abort, or by the closing entry. `isHeard`: the
   * caller reads now, and all that comes later is heard of, so that this reader has nothing to read first.
   */
  enter(isHeard = false): void {
    if (this.#source !== undefined || this.#ended) return;
    if (this.#signal.aborted) {
      this.#ended = true;
      return;
    }
    this.#mustRead = !isHeard;
    this.#signal.addEventListener('abort', this);
    this.#source = this.#sources.join(this.#taskId, this);
  }

  /** All that is written from now on is heard of, where the subscription is there. */
  trustHints(): void {
    if (this.#source?.isLive() === true) this.#mustRead = false;
  }

  isAlone(): boolean {
    return this.#isAlone;
  }

  /** Begins after this entry instead. */
  startAfter(seq: Seq): void {
    this.#cursor = seq;
  }

  /** Called on abort. */
  handleEvent(): void {
    this.end();
  }

  /** There may be news. */
  wake(): void {
    if (this.#waiting !== undefined) this.#look();
  }

  /** There may be news that no hint told of. */
  lookAgain(): void {
    this.#mustRead = true;
    this.wake();
  }

  end(): void {
    this.#free();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.onEnd();
  }

  pull(taker: Taker<Batch>): void {
    this.enter();
    if (this.#ended) {
      taker.onEnd();
      return;
    }
    this.#waiting = taker;
    this.#look();
  }

  /** What is there now, without a read; undefined where that is nothing. Not while somebody waits. */
  take(): Batch | undefined {
    const batch = this.#waiting === undefined ? this.#source?.recent(this.#cursor) : undefined;
    return batch !== undefined && this.#accept(batch) ? batch : undefined;
  }

  /** Between this look and the sleep there is no await: what comes later finds the reader asleep, and wakes it. */
  #look(): void {
    const source = this.#source;
    if (source === undefined) return;
    const batch = source.recent(this.#cursor);
    if (batch !== undefined) {
      this.#give(batch);
      return;
    }
    if (this.#isLoading || (this.#mustRead ? source.isJoining() : source.head() <= this.#cursor)) return;
    this.#mustRead = false;
    this.#isLoading = true;
    const after = this.#cursor;
    source.load(after).then(
      (page) => {
        this.#take(page);
      },
      (error: unknown) => {
        this.#isLoading = false;
        if (this.#waiting !== undefined && after === this.#cursor) this.#fail(error);
        // entries came another way meanwhile: the storage is asked again where those end
        else this.lookAgain();
      },
    );
  }

  #take(page: Page): void {
    this.#isLoading = false;
    if (this.#waiting === undefined) return;
    if (page.after !== this.#cursor) this.#look();
    else if (page.entries.length > 0 && page.first <= this.#cursor + 1) this.#give(page.entries);
    else if (page.closed && page.head <= this.#cursor) this.end();
    else if (page.first > this.#cursor + 1 || page.head < this.#cursor) this.#fail(trimmed(page));
    else this.#look();
  }

  #give(batch: Batch): void {
    if (!this.#accept(batch)) {
      this.#fail(new Error(`The entries after ${this.#cursor} are out of order`));
      return;
    }
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.onBatch(batch);
  }

  /** Goes on after these entries. False: they do not follow; ring and pages have no holes inside, so their ends tell. */
  #accept(batch: Batch): boolean {
    const last = batch.at(-1);
    if (batch[0]?.seq !== this.#cursor + 1 || last?.seq !== this.#cursor + batch.length) return false;
    this.#cursor = last.seq;
    this.#isAlone = this.#source?.isShared() === false;
    if (isClosing(last)) this.#free();
    return true;
  }

  #fail(error: unknown): void {
    this.#free();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.onError(error);
  }

  #free(): void {
    this.#ended = true;
    this.#signal.removeEventListener('abort', this);
    const source = this.#source;
    this.#source = undefined;
    source?.leave(this);
  }
}

function trimmed({ after, first, head }: Page): CursorTrimmed {
  if (head < after) return new CursorTrimmed(`The log ends at ${head}, before entry ${after} that was read`);
  return new CursorTrimmed(`The log begins at ${first}, entry ${after + 1} is gone`);
}
