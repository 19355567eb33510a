/** Whether a turn is over, or was told to stop by the signal that it was made with. */
export class TurnOver {
  readonly #stop: AbortSignal;
  #hasEnded = false;
  #ending: AbortController | undefined;

  constructor(stop: AbortSignal) {
    this.#stop = stop;
  }

  get isOver(): boolean {
    return this.#hasEnded || this.#stop.aborted;
  }

  /** Aborted when it is; made only for who waits for it, since most agents never do. */
  signal(): AbortSignal {
    this.#ending ??= new AbortController();
    if (this.#hasEnded) this.#ending.abort();
    return AbortSignal.any([this.#stop, this.#ending.signal]);
  }

  /** The turn has come to its end. */
  end(): void {
    this.#hasEnded = true;
    this.#ending?.abort();
  }
}
