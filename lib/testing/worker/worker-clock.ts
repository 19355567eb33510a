import type { Clock } from '../../core/clock.ts';
import { fakeClock } from '../fake-clock.ts';

/** The clock of one worker. */
export interface WorkerClock extends Clock {
  /** Lets time pass; a process that is suspended does not notice. */
  readonly advance: (ms: number) => void;
  /** As if the event loop had been blocked for so long: what fell due meanwhile comes late, and all at once. */
  readonly block: (ms: number) => void;
  readonly pending: () => number;
}

export function workerClock(): WorkerClock {
  const clock = fakeClock();
  let floor = 0;
  return {
    now: clock.now,
    elapsed: () => Math.max(floor, clock.elapsed()),
    after: (delayMs, callback) => clock.after(delayMs + Math.max(0, floor - clock.elapsed()), callback),
    advance: clock.advance,
    block(ms) {
      floor = clock.elapsed() + ms;
      clock.advance(ms);
    },
    pending: clock.pending,
  };
}
