import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Calls `action` until it answers, with growing pauses. Rejects with the reason of `over` as soon as that is aborted, also while a call hangs. */
export async function retryUntil<T>(
  action: () => Promise<T>,
  over: AbortSignal,
  { clock, logger, what }: { clock: Clock; logger: Logger; what: string },
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await unlessAborted(action, over);
    } catch (error) {
      over.throwIfAborted();
      logger.warn({ err: error, tries }, `${what} failed, trying again`);
    }
    await unlessAborted(() => delay(clock, Math.min(50 * tries, 1000)), over);
  }
}

function delay(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}
