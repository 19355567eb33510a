import type { Alarm } from './alarms.ts';
import { IdleTimer, Stopwatch, type TimedOwner, type Timing } from './stopwatch.ts';

/** What a client is told that did not answer. */
export const INPUT_TIMEOUT = 'The client did not answer in time';

/** Limits in ms; Infinity stands for no limit. */
export interface TimeLimitsOptions extends Timing {
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
export class TimeLimits implements TimedOwner {
  readonly #owner: TimeLimitsOwner;
  readonly #options: TimeLimitsOptions;
  readonly #silence: IdleTimer | undefined;
  #work: Stopwatch | undefined;
  #input: Stopwatch | undefined;
  #overText = '';

  constructor(owner: TimeLimitsOwner, options: TimeLimitsOptions) {
    this.#owner = owner;
    this.#options = options;
    const { idleTimeoutMs } = options;
    if (Number.isFinite(idleTimeoutMs)) this.#silence = new IdleTimer(this, idleTimeoutMs, options);
  }

  /** Which limit was over first, in words for the client. */
  get overText(): string {
    return this.#overText;
  }

  /** A run begins. */
  begin(): void {
    this.stop();
    this.#work = new Stopwatch(this, this.#options.runTimeoutMs, this.#options);
    this.#goOn();
  }

  /** It waits for the client from now on, or no longer. */
  setWaiting(waits: boolean): void {
    this.stop();
    if (waits) {
      this.#input = new Stopwatch(this, this.#options.inputTimeoutMs, this.#options);
      this.#input.start();
    } else {
      this.#goOn();
    }
  }

  /** The agent says something. */
  touch(): void {
    this.#silence?.touch();
  }

  stop(): void {
    this.#work?.pause();
    this.#input?.pause();
    this.#silence?.stop();
  }

  onOver(over: Alarm): void {
    // an agent that takes its time to stop may pass another one meanwhile
    if (this.#overText !== '') return;
    this.#overText = this.#textOf(over);
    this.#owner.onTimeOver();
  }

  #goOn(): void {
    this.#work?.start();
    this.#silence?.start();
  }

  #textOf(over: Alarm): string {
    if (over === this.#work) return 'The agent took too long';
    return over === this.#silence ? 'The agent said nothing for too long' : INPUT_TIMEOUT;
  }
}
