import type { Clock } from './clock.ts';

/** A time limit that does not run while it is paused. */
export interface Stopwatch {
  readonly start: () => void;
  readonly pause: () => void;
}

/** Node's timers fire at once beyond 2^31 - 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Calls `onEnd` after `limitMs` of running time. Infinity never ends. */
export function createStopwatch(clock: Clock, limitMs: number, onEnd: () => void): Stopwatch {
  let leftMs = limitMs;
  let startedAt: number | undefined;
  let cancel: (() => void) | undefined;

  function start(): void {
    if (startedAt !== undefined || !Number.isFinite(leftMs)) return;
    startedAt = clock.elapsed();
    cancel = clock.after(Math.min(leftMs, LONGEST_TIMER_MS), () => {
      pause();
      if (leftMs > 0) start();
      else onEnd();
    });
  }

  function pause(): void {
    if (startedAt === undefined) return;
    leftMs = Math.max(0, leftMs - (clock.elapsed() - startedAt));
    startedAt = undefined;
    cancel?.();
  }

  return { start, pause };
}
