import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** Calls `action` until it answers, with growing pauses; gives undefined once `isOver()`. */
export async function retryUntil<T>(
  action: () => Promise<T>,
  isOver: () => boolean,
  { clock, logger, what }: { clock: Clock; logger: Logger; what: string },
): Promise<T | undefined> {
  for (let tries = 1; !isOver(); tries += 1) {
    try {
      return await action();
    } catch (error) {
      logger.warn({ err: error, tries }, `${what} failed, trying again`);
      await delay(clock, Math.min(50 * tries, 1000));
    }
  }
  return undefined;
}

function delay(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}
