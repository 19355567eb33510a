import type { Clock } from './clock.ts';
import type { Ending } from './ending.ts';
import type { Logger } from './logger.ts';

/** What a repeated call is about, for the log. */
export interface RetryOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly taskId: string;
}

/**
 * Calls `action` until it answers, with growing pauses. Rejects with the reason of `over` as soon as that has ended, also
 * while a call hangs.
 */
export function retryUntil<T>(
  what: string,
  action: () => Promise<T>,
  over: Ending,
  { clock, logger, taskId }: RetryOptions,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let tries = 0;
    let cancelPause: (() => void) | undefined;

    function end(reason: unknown): void {
      cancelPause?.();
      // a reason is passed on as it came
      (reject as Reject)(reason);
    }

    function answered(value: T): void {
      over.ignore(end);
      resolve(value);
    }

    function failed(error: unknown): void {
      if (over.hasEnded) return;
      logger.warn({ err: error, tries, taskId }, `${what} failed, trying again`);
      cancelPause = clock.after(retryPauseMs(tries), attempt);
    }

    function attempt(): void {
      tries += 1;
      try {
        action().then(answered, failed);
      } catch (error) {
        failed(error);
      }
    }

    over.listen(end);
    if (!over.hasEnded) attempt();
  });
}

type Reject = (reason: unknown) => void;

/** How long to wait after so many tries. */
export function retryPauseMs(tries: number): number {
  return Math.min(50 * tries, 1000);
}
