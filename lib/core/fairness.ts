// not the global one: that of a test may be a fake, which does not run by itself
import { setImmediate } from 'node:timers';
import { type Clock, wholeMs } from './clock.ts';

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
    this.#turnAt = wholeMs(clock);
  }

  /** Call before more work is done; `count` is how much has been done. Await what it gives, if it gives something. */
  giveTurn(count: number): Promise<void> | undefined {
    this.#done += count;
    const isDue =
      this.#done >= MOST || (this.#done >= FEW && this.#clock.elapsed() - this.#turnAt >= MOST_MS);
    return isDue ? this.#turn() : undefined;
  }

  async #turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#done = 0;
    this.#turnAt = wholeMs(this.#clock);
  }
}

/** Agents that begin in one turn of the event loop may take so long together. */
const AGENTS_MS = 10;

/** Spreads the beginnings of agents over turns of the event loop, where they compute before they first wait. One for all runs of a worker. */
export class AgentTurns {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #turnAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined where an agent may begin now; else resolves when it may, after those that wait already. */
  next(): Promise<void> | undefined {
    if (this.#turnAt === undefined) this.#begin();
    else if (this.#waiting.length > 0 || this.#clock.elapsed() - this.#turnAt >= AGENTS_MS)
      return new Promise((resolve) => this.#waiting.push(resolve));
    return undefined;
  }

  #begin(): void {
    this.#turnAt = this.#clock.elapsed();
    setImmediate(this.#end);
  }

  /** One at a time: what it resolves runs after this, so that its time is not known yet. */
  readonly #end = (): void => {
    this.#turnAt = undefined;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#begin();
    next();
  };
}
