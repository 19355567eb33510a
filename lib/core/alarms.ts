import { AsyncResource } from 'node:async_hooks';
import type { Clock } from './clock.ts';
import { Heap, type Placed } from './heap.ts';

/** Outside of every client's async context: whoever set something off is one client of many. */
export const OUTSIDE = new AsyncResource('express-a2a');

/** What is to be called at a time. An object that a caller has anyway: a timer of node with its callbacks takes 0.36 KB. */
export interface Alarm extends Placed {
  /** When, by `clock.elapsed()`; undefined where it is not set. Written by `Alarms`. */
  dueAt: number | undefined;
  readonly onAlarm: () => void;
}

/** Alarms that share one timer of the clock. What they do runs in no client's async context. */
export class Alarms {
  readonly #clock: Clock;
  readonly #due = new Heap<Alarm>((one, other) => (one.dueAt ?? 0) < (other.dueAt ?? 0));
  #cancelTimer: (() => void) | undefined;
  #timerAt = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls it once after `delayMs`, instead of when it was to be called before. */
  set(alarm: Alarm, delayMs: number): void {
    const isNew = alarm.dueAt === undefined;
    // whole, as `wholeMs`, and not before its time
    alarm.dueAt = Math.ceil(this.#clock.elapsed() + delayMs);
    if (isNew) this.#due.add(alarm);
    else this.#due.moved(alarm);
    this.#wait();
  }

  clear(alarm: Alarm): void {
    if (alarm.dueAt === undefined) return;
    alarm.dueAt = undefined;
    this.#due.remove(alarm);
    // a timer that comes too early is set anew, which costs less than to move it each time
    if (this.#due.size === 0) this.#stop();
  }

  #wait(): void {
    const dueAt = this.#due.first()?.dueAt;
    if (dueAt === undefined || dueAt >= this.#timerAt) return;
    this.#stop();
    this.#timerAt = dueAt;
    OUTSIDE.runInAsyncScope(() => {
      this.#cancelTimer = this.#clock.after(dueAt - this.#clock.elapsed(), this.#ring);
    });
  }

  #stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#timerAt = Infinity;
  }

  readonly #ring = (): void => {
    this.#timerAt = Infinity;
    const nowMs = this.#clock.elapsed();
    // those that are set anew meanwhile have their turn with the next timer
    let most = this.#due.size;
    try {
      for (
        let next = this.#due.first();
        next !== undefined && most > 0;
        next = this.#due.first(), most -= 1
      ) {
        // a timer may fire a moment early
        if ((next.dueAt ?? 0) > nowMs) break;
        next.dueAt = undefined;
        this.#due.remove(next);
        next.onAlarm();
      }
    } finally {
      // also where one has thrown: the others are not to wait for ever
      this.#wait();
    }
  };
}
