import type { Clock } from './clock.ts';

/** Tells when nothing has happened for some time. */
export interface IdleTimer {
  /** Counts from now on. */
  readonly start: () => void;
  readonly stop: () => void;
  /** Something has happened. */
  readonly touch: () => void;
}

/** Calls `onIdle` after `limitMs` without a touch. Infinity never does. Touching costs no timer. */
export function createIdleTimer(clock: Clock, limitMs: number, onIdle: () => void): IdleTimer {
  let touchedAt = 0;
  let cancel: () => void = () => undefined;

  function wait(ms: number): void {
    cancel = clock.after(ms, () => {
      const leftMs = limitMs - (clock.elapsed() - touchedAt);
      if (leftMs > 0) wait(leftMs);
      else onIdle();
    });
  }

  const touch = () => {
    touchedAt = clock.elapsed();
  };
  return {
    start() {
      cancel();
      touch();
      if (Number.isFinite(limitMs)) wait(limitMs);
    },
    stop: () => {
      cancel();
    },
    touch,
  };
}
