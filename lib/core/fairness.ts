import type { Clock } from './clock.ts';

/** Work after which the event loop has its turn; below `FEW` no time is taken. */
const MOST = 64;
const FEW = 8;
const MOST_MS = 10;

/** Lets others have the event loop now and then, by count and by time: promises alone never do. A class, as each run has one. */
export class Fairness {
  readonly #clock: Clock;
  #done = 0;
  #turnAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#turnAt = clock.elapsed();
  }

  /** Call before more work is done; `count` is how much has been done. Await what it gives, if it gives something. */
  giveTurn(count: number): Promise<void> | undefined {
    this.#done += count;
    const isDue =
      this.#done >= MOST || (this.#done >= FEW && this.#clock.elapsed() - this.#turnAt >= MOST_MS);
    return isDue ? this.#turn() : undefined;
  }

  async #turn(): Promise<void> {
    await new Promise(setImmediate);
    this.#done = 0;
    this.#turnAt = this.#clock.elapsed();
  }
}
