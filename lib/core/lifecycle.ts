import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { type Deferred, deferred } from './promises.ts';
import { UnavailableError } from '../protocol/errors.ts';

/** Something that has to be up before requests are answered, and down in the end. */
export interface Lifecycle {
  /** Resolves when started; starts again where the last attempt failed. Rejects with UnavailableError. */
  readonly ready: () => Promise<void>;
  readonly isReady: () => boolean;
  /**
   * Calls `drain` at once, gives a start under way `limitMs` to end, and takes the steps one after the other. One that
   * fails is logged; so is one that hangs, which is left after `limitMs` or a few seconds. A second call joins the first.
   */
  readonly close: (
    drain: () => Promise<unknown>,
    steps: readonly (() => unknown)[],
    limits: { readonly drainMs: number; readonly limitMs: number },
  ) => Promise<void>;
  readonly isClosing: () => boolean;
}

/** What clients are told, first of all. */
export const NO_STORAGE = 'This server can not reach its storage; try again later';
const RETRY_MS = 5000;
const HOLD_MS = 60_000;
/** What a backend has at least, for each step. */
const STEP_MS = 2000;

const STARTING = 'the storage or the worker is still being started; closing without it';
const HANGING = 'a part of the backend does not answer; closing without it';

/** Runs `start` once, at the first `ready`; while it fails, it is tried again with every call and every five seconds. */
export function createLifecycle(start: () => Promise<void>, clock: Clock, logger: Logger): Lifecycle {
  let starting: Promise<void> | undefined;
  let isReady = false;
  let closing: Deferred<void> | undefined;
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
      throw new UnavailableError(NO_STORAGE, RETRY_MS / 1000);
    }
  }

  function ready(): Promise<void> {
    return (starting ??= attempt());
  }

  /** What the work gives; resolves without it, and a warning, where it takes longer. */
  function within(work: Promise<unknown>, limitMs: number, warning: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const cancel = clock.after(limitMs, () => {
        logger.warn({ limitMs }, warning);
        resolve(undefined);
      });
      work.finally(cancel).then(resolve, reject);
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
    close(drain, steps, { drainMs, limitMs }) {
      if (closing !== undefined) return closing.promise;
      // known before the first step: what that tells may ask, or close as well
      closing = deferred();
      cancelRetry();
      // what is being started is closed after it has started
      const settled = () =>
        starting &&
        within(
          starting.catch(() => undefined),
          limitMs,
          STARTING,
        );
      const bounded = (step: () => unknown, ms: number) => () =>
        within((async () => step())(), Math.max(ms, STEP_MS), HANGING);
      void runAll([
        bounded(drain, drainMs + STEP_MS),
        settled,
        ...steps.map((step) => bounded(step, limitMs)),
      ]).then(closing.resolve);
      return closing.promise;
    },
    isClosing: () => closing !== undefined,
  };
}
