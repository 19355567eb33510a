import type { Alarm, Alarms } from './alarms.ts';
import { type Clock, wholeMs } from './clock.ts';

/** What a client is told that did not answer. */
export const INPUT_TIMEOUT = 'The client did not answer in time';

/** Limits in ms; Infinity stands for no limit. */
export interface TimeLimitsOptions {
  readonly clock: Clock;
  readonly alarms: Alarms;
  readonly runTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly inputTimeoutMs: number;
}

/** The run that is limited. */
export interface TimeLimitsOwner {
  /** Called when a limit is over. */
  readonly onTimeOver: () => void;
}

/** The time limits of a run: for its work and its silence, and for each wait for the client. A class, as each run has one. */
export class TimeLimits implements StopwatchOwner {
  readonly #owner: TimeLimitsOwner;
  readonly #options: TimeLimitsOptions;
  readonly #silence: Stopwatch | undefined;
  #work: Stopwatch | undefined;
  #input: Stopwatch | undefined;
  #overText = '';

  constructor(owner: TimeLimitsOwner, options: TimeLimitsOptions) {
    this.#owner = owner;
    this.#options = options;
    const { idleTimeoutMs } = options;
    if (Number.isFinite(idleTimeoutMs))
      this.#silence = this.#limit(idleTimeoutMs, 'The agent said nothing for too long');
  }

  /** Which limit was over first, in words for the client. */
  get overText(): string {
    return this.#overText;
  }

  /** A run begins. */
  begin(): void {
    this.stop();
    this.#work = this.#limit(this.#options.runTimeoutMs, 'The agent took too long');
    this.#goOn();
  }

  /** It waits for the client from now on, or no longer. */
  setWaiting(waits: boolean): void {
    this.stop();
    if (waits) {
      this.#input = this.#limit(this.#options.inputTimeoutMs, INPUT_TIMEOUT);
      this.#input.start();
    } else {
      this.#goOn();
    }
  }

  /** The agent says something. */
  touch(): void {
    this.#silence?.reset(this.#options.idleTimeoutMs);
  }

  stop(): void {
    this.#work?.pause();
    this.#input?.pause();
    this.#silence?.pause();
  }

  #goOn(): void {
    this.#work?.start();
    this.touch();
    this.#silence?.start();
  }

  onOver(text: string): void {
    // an agent that takes its time to stop may pass another one meanwhile
    if (this.#overText !== '') return;
    this.#overText = text;
    this.#owner.onTimeOver();
  }

  #limit(limitMs: number, text: string): Stopwatch {
    return new Stopwatch(this, text, limitMs, this.#options);
  }
}

/** Whose time is measured. */
export interface StopwatchOwner {
  /** Called with the watch's name when its time is over. */
  readonly onOver: (name: string) => void;
}

/** A time limit that does not run while it is paused. Infinity never ends. */
export class Stopwatch implements Alarm {
  place = 0;
  dueAt: number | undefined;
  readonly #owner: StopwatchOwner;
  readonly #name: string;
  readonly #timing: Pick<TimeLimitsOptions, 'clock' | 'alarms'>;
  #leftMs: number;
  #startedAt: number | undefined;

  constructor(
    owner: StopwatchOwner,
    name: string,
    limitMs: number,
    timing: Pick<TimeLimitsOptions, 'clock' | 'alarms'>,
  ) {
    this.#owner = owner;
    this.#name = name;
    this.#leftMs = limitMs;
    this.#timing = timing;
  }

  start(): void {
    if (this.#startedAt !== undefined || !Number.isFinite(this.#leftMs)) return;
    this.#startedAt = wholeMs(this.#timing.clock);
    this.#timing.alarms.set(this, this.#leftMs);
  }

  pause(): void {
    if (this.#startedAt === undefined) return;
    this.#leftMs = Math.max(0, this.#leftMs - (wholeMs(this.#timing.clock) - this.#startedAt));
    this.#startedAt = undefined;
    this.#timing.alarms.clear(this);
  }

  /** It has so much time from now on. Sets no alarm: one that comes too early is set again. */
  reset(limitMs: number): void {
    this.#leftMs = limitMs;
    if (this.#startedAt !== undefined) this.#startedAt = wholeMs(this.#timing.clock);
  }

  onAlarm(): void {
    this.pause();
    if (this.#leftMs > 0) this.start();
    else this.#owner.onOver(this.#name);
  }
}
