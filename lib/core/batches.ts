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

/** The next batch as an async iterator gives it. */
export function nextOf<T>(batches: Batches<T>): Promise<IteratorResult<T, undefined>> {
  return new Promise((resolve, reject) => {
    batches.pull(new Promised(resolve, reject));
  });
}

type Resolve<T> = (result: IteratorResult<T, undefined>) => void;

class Promised<T> implements Taker<T> {
  readonly #resolve: Resolve<T>;
  readonly onError: (error: unknown) => void;

  constructor(resolve: Resolve<T>, reject: (error: unknown) => void) {
    this.#resolve = resolve;
    this.onError = reject;
  }

  onBatch(value: T): void {
    this.#resolve({ done: false, value });
  }

  onEnd(): void {
    this.#resolve({ done: true, value: undefined });
  }
}
