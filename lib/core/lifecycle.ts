import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { UnavailableError } from '../protocol/errors.ts';

/** Something that has to be up before requests are answered, and down in the end. */
export interface Lifecycle {
  /** Resolves when started; starts again where the last attempt failed. Rejects with UnavailableError. */
  readonly ready: () => Promise<void>;
  readonly isReady: () => boolean;
  /**
   * Calls `drain` at once, gives a start under way `startMs` to end, and takes the steps one after the other; one that
   * fails is logged. A second call joins the first.
   */
  readonly close: (
    drain: () => Promise<unknown>,
    steps: readonly (() => unknown)[],
    startMs: number,
  ) => Promise<void>;
  readonly isClosing: () => boolean;
}

const RETRY_MS = 5000;
const HOLD_MS = 60_000;

/** Runs `start` once, at the first `ready`; while it fails, it is tried again with every call and every five seconds. */
export function createLifecycle(start: () => Promise<void>, clock: Clock, logger: Logger): Lifecycle {
  let starting: Promise<void> | undefined;
  let isReady = false;
  let closing: Promise<void> | undefined;
  let cancelRetry: () => void = () => undefined;

  async function attempt(): Promise<void> {
    try {
      await start();
      isReady = true;
      cancelRetry();
    } catch (error) {
      starting = undefined;
      logger.error({ err: error }, 'the storage or the worker could not be started; trying again');
      cancelRetry();
      cancelRetry = clock.after(RETRY_MS, () => {
        if (closing === undefined) ready().catch(() => undefined); // logged above
      });
      throw new UnavailableError('This server can not reach its storage; try again later', RETRY_MS / 1000);
    }
  }

  function ready(): Promise<void> {
    return (starting ??= attempt());
  }

  function settledWithin(work: Promise<void>, limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(limitMs, () => {
        logger.warn({ limitMs }, 'the storage or the worker is still being started; closing without it');
        resolve();
      });
      const done = () => {
        cancel();
        resolve();
      };
      work.then(done, done);
    });
  }

  async function runAll(steps: readonly (() => unknown)[]): Promise<void> {
    // the timers of a drain let the process end, which would be before agents are told of it
    const hold = setInterval(() => undefined, HOLD_MS);
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        logger.error({ err: error }, 'closing failed in part');
      }
    }
    clearInterval(hold);
    isReady = false;
  }

  return {
    ready,
    isReady: () => isReady,
    close(drain, steps, startMs) {
      cancelRetry();
      // what is being started is closed after it has started
      const settled = () => starting && settledWithin(starting, startMs);
      return (closing ??= runAll([drain, settled, ...steps]));
    },
    isClosing: () => closing !== undefined,
  };
}
