import type { Clock } from './clock.ts';

/** Lets others have the event loop now and then, by count and by time: promises alone never do. */
export interface Fairness {
  /** Call before more work is done; `count` is how much has been done. Await what it gives, if it gives something. */
  readonly giveTurn: (count: number) => Promise<void> | undefined;
}

/** Work after which the event loop has its turn; below `FEW` no time is taken. */
const MOST = 64;
const FEW = 8;
const MOST_MS = 10;

export function createFairness(clock: Clock): Fairness {
  let done = 0;
  let turnAt = clock.elapsed();

  async function turn(): Promise<void> {
    await new Promise(setImmediate);
    done = 0;
    turnAt = clock.elapsed();
  }

  return {
    giveTurn(count) {
      done += count;
      const isDue = done >= MOST || (done >= FEW && clock.elapsed() - turnAt >= MOST_MS);
      return isDue ? turn() : undefined;
    },
  };
}
