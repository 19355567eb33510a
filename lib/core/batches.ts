/** Who asked for the next batch. Told once for each `pull`, in whatever async context; what it does must not throw. */
export interface Taker<T> {
  readonly onBatch: (batch: T) => void;
  readonly onEnd: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Batches that come in time, asked for one by one. What an async iterator is for users, for the engine itself: streams are
 * layers of them, and each layer of promises is 0.3 KB for as long as a stream waits.
 */
export interface Batches<T> {
  /** Asks for the next batch; the answer may come within the call. Not while an earlier question waits. */
  readonly pull: (taker: Taker<T>) => void;
  /** Ends them; whoever waits is told so. Twice is fine. */
  readonly end: () => void;
}

/** The first item that is wanted; undefined where they end before. One promise for the answer, as each send waits for one. */
export function firstOf<T>(
  batches: Batches<readonly T[]>,
  isWanted: (item: T) => boolean,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    batches.pull(new Search(batches, isWanted, resolve, reject));
  });
}

class Search<T> implements Taker<readonly T[]> {
  readonly #batches: Batches<readonly T[]>;
  readonly #isWanted: (item: T) => boolean;
  readonly #found: (item: T | undefined) => void;
  readonly onError: (error: unknown) => void;

  constructor(
    batches: Batches<readonly T[]>,
    isWanted: (item: T) => boolean,
    found: (item: T | undefined) => void,
    onError: (error: unknown) => void,
  ) {
    this.#batches = batches;
    this.#isWanted = isWanted;
    this.#found = found;
    this.onError = onError;
  }

  onBatch(batch: readonly T[]): void {
    try {
      const item = batch.find(this.#isWanted);
      if (item === undefined) {
        this.#batches.pull(this);
        return;
      }
      this.#found(item);
    } catch (error) {
      this.onError(error);
    }
    this.#batches.end();
  }

  onEnd(): void {
    this.#found(undefined);
  }
}
