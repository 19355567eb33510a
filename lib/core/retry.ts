import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { LeaseLost } from './task-failed.ts';

/** Calls `action` until it answers, with growing pauses. Rejects with LeaseLost at once when `lost` is aborted, also while a call hangs. */
export async function retryUntil<T>(
  action: () => Promise<T>,
  lost: AbortSignal,
  { clock, logger, what }: { clock: Clock; logger: Logger; what: string },
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await unlessLost(action, lost);
    } catch (error) {
      if (lost.aborted) throw new LeaseLost('This worker no longer holds the task', { cause: error });
      logger.warn({ err: error, tries }, `${what} failed, trying again`);
    }
    const pauseMs = Math.min(50 * tries, 1000);
    await unlessLost(() => new Promise<void>((resolve) => void clock.after(pauseMs, resolve)), lost);
  }
}

async function unlessLost<T>(action: () => Promise<T>, lost: AbortSignal): Promise<T> {
  let onLost: () => void = () => undefined;
  const over = new Promise<never>((_, reject) => {
    onLost = () => {
      reject(new LeaseLost('This worker no longer holds the task'));
    };
  });
  if (lost.aborted) onLost();
  else lost.addEventListener('abort', onLost, { once: true });
  try {
    return await Promise.race(lost.aborted ? [over] : [action(), over]);
  } finally {
    lost.removeEventListener('abort', onLost);
  }
}
