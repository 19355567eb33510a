import { retryAfterMs } from './break.ts';
import type { ResumeOptions } from './options.ts';

/** When to try again. */
export interface BackOff {
  /** The next attempt, or undefined when it is time to give up. */
  readonly next: (failure: unknown) => { readonly attempt: number; readonly delayMs: number } | undefined;
  /** Attempts since there was progress. */
  readonly attempts: () => number;
  /** There was progress. */
  readonly reset: () => void;
  /** The delay that the server suggests. */
  readonly suggest: (delayMs: number) => void;
}

/** Delays double from attempt to attempt and are drawn at random below that, so that clients do not come all at once. */
export function createBackOff(options: ResumeOptions | false): BackOff {
  const {
    attempts: most = 10,
    forMs = 300_000,
    firstDelayMs,
    maxDelayMs = 15_000,
  } = options || { attempts: 0 };
  let attempts = 0;
  let since = 0;
  let suggestedMs = 1000;

  return {
    next(failure) {
      const now = performance.now();
      if (attempts === 0) since = now;
      const longest = Math.min(maxDelayMs, (firstDelayMs ?? suggestedMs) * 2 ** attempts);
      const delayMs = Math.max(Math.random() * longest, retryAfterMs(failure));
      if (attempts >= most || now + delayMs - since > forMs) return undefined;
      attempts += 1;
      return { attempt: attempts, delayMs };
    },
    attempts: () => attempts,
    reset() {
      attempts = 0;
    },
    suggest(delayMs) {
      suggestedMs = delayMs;
    },
  };
}
