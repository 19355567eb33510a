import type { Clock } from '../core/clock.ts';

/** A clock that stands still until it is moved. */
export interface FakeClock extends Clock {
  /** Moves both clocks and calls what falls due on the way, in order of time. What a callback starts may fall due as well. */
  readonly advance: (ms: number) => void;
  /** Puts the wall clock to another time, as an operator might. Timers and the monotonic clock do not notice. */
  readonly setWall: (ms: number) => void;
  /** Timers that have neither fired nor been cancelled. */
  readonly pending: () => number;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Makes a clock that shows `startMs` (default: 23 January 2026, 12:00 UTC). Its monotonic part begins at 0. */
export function fakeClock(startMs = Date.UTC(2026, 0, 23, 12)): FakeClock {
  const timers = new Set<Timer>();
  let elapsed = 0;
  let wallOffset = startMs;
  let order = 0;

  function nextBefore(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (timer.at > end) continue;
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order))
        next = timer;
    }
    return next;
  }

  return {
    now: () => wallOffset + elapsed,
    elapsed: () => elapsed,
    after(delayMs, callback) {
      order += 1;
      const timer = { at: elapsed + Math.max(0, delayMs), order, callback };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    advance(ms) {
      const end = elapsed + ms;
      for (let timer = nextBefore(end); timer !== undefined; timer = nextBefore(end)) {
        timers.delete(timer);
        elapsed = Math.max(elapsed, timer.at);
        timer.callback();
      }
      elapsed = end;
    },
    setWall(ms) {
      wallOffset = ms - elapsed;
    },
    pending: () => timers.size,
  };
}
