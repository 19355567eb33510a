import type { StopSignal } from './stop-signal.ts';

/** Whether a turn is over, or was told to stop. */
export class TurnOver {
  readonly #stop: StopSignal;
  #hasEnded = false;
  #ending: AbortController | undefined;

  constructor(stop: StopSignal) {
    this.#stop = stop;
  }

  get isOver(): boolean {
    return this.#hasEnded || this.#stop.isStopped;
  }

  /** Aborted when it is; made only for who waits for it, since most agents never do. */
  signal(): AbortSignal {
    this.#ending ??= new AbortController();
    if (this.#hasEnded) this.#ending.abort();
    return AbortSignal.any([this.#stop.signal, this.#ending.signal]);
  }

  /** The turn has come to its end. */
  end(): void {
    this.#hasEnded = true;
    this.#ending?.abort();
  }
}
