import type { Alarm, Alarms } from './alarms.ts';
import type { Clock } from './clock.ts';

/** Whose time is measured. */
export interface TimedOwner {
  /** Called when the time is over. */
  readonly onOver: (over: Alarm) => void;
}

/** How time is measured. */
export interface Timing {
  readonly clock: Clock;
  readonly alarms: Alarms;
}

/** A time limit that does not run while it is paused. Infinity never ends. */
export class Stopwatch implements Alarm {
  place = 0;
  dueAt: number | undefined;
  readonly #owner: TimedOwner;
  readonly #timing: Timing;
  #leftMs: number;
  #startedAt: number | undefined;

  constructor(owner: TimedOwner, limitMs: number, timing: Timing) {
    this.#owner = owner;
    this.#timing = timing;
    this.#leftMs = limitMs;
  }

  start(): void {
    if (this.#startedAt !== undefined || !Number.isFinite(this.#leftMs)) return;
    this.#startedAt = this.#timing.clock.elapsed();
    this.#timing.alarms.set(this, this.#leftMs);
  }

  pause(): void {
    if (this.#startedAt === undefined) return;
    this.#leftMs = Math.max(0, this.#leftMs - (this.#timing.clock.elapsed() - this.#startedAt));
    this.#startedAt = undefined;
    this.#timing.alarms.clear(this);
  }

  onAlarm(): void {
    this.pause();
    if (this.#leftMs > 0) this.start();
    else this.#owner.onOver(this);
  }
}

/** Tells when nothing has happened for some time. Touching it sets no alarm. */
export class IdleTimer implements Alarm {
  place = 0;
  dueAt: number | undefined;
  readonly #owner: TimedOwner;
  readonly #timing: Timing;
  readonly #limitMs: number;
  #touchedAt = 0;

  constructor(owner: TimedOwner, limitMs: number, timing: Timing) {
    this.#owner = owner;
    this.#timing = timing;
    this.#limitMs = limitMs;
  }

  /** Counts from now on. */
  start(): void {
    this.touch();
    this.#timing.alarms.set(this, this.#limitMs);
  }

  stop(): void {
    this.#timing.alarms.clear(this);
  }

  /** Something has happened. */
  touch(): void {
    this.#touchedAt = this.#timing.clock.elapsed();
  }

  onAlarm(): void {
    const leftMs = this.#limitMs - (this.#timing.clock.elapsed() - this.#touchedAt);
    if (leftMs > 0) this.#timing.alarms.set(this, leftMs);
    else this.#owner.onOver(this);
  }
}
