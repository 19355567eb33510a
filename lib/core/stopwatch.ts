import type { Clock } from './clock.ts';

/** A time limit that does not run while it is paused. */
export interface Stopwatch {
  readonly start: () => void;
  readonly pause: () => void;
}

/** Calls `onEnd` after `limitMs` of running time. Infinity never ends. */
export function createStopwatch(clock: Clock, limitMs: number, onEnd: () => void): Stopwatch {
  let leftMs = limitMs;
  let startedAt: number | undefined;
  let cancel: (() => void) | undefined;

  return {
    start() {
      if (startedAt !== undefined || !Number.isFinite(leftMs)) return;
      startedAt = clock.elapsed();
      cancel = clock.after(leftMs, onEnd);
    },
    pause() {
      if (startedAt === undefined) return;
      leftMs = Math.max(0, leftMs - (clock.elapsed() - startedAt));
      startedAt = undefined;
      cancel?.();
    },
  };
}
