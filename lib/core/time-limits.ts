import type { Clock } from './clock.ts';
import { createIdleTimer, type IdleTimer } from './idle-timer.ts';
import { createStopwatch, type Stopwatch } from './stopwatch.ts';

/** What a client is told that did not answer. */
export const INPUT_TIMEOUT = 'The client did not answer in time';

/** Limits in ms; Infinity stands for no limit. */
export interface TimeLimitsOptions {
  readonly clock: Clock;
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
export class TimeLimits {
  readonly #owner: TimeLimitsOwner;
  readonly #options: TimeLimitsOptions;
  readonly #silence: IdleTimer | undefined;
  #work: Stopwatch | undefined;
  #input: Stopwatch | undefined;
  #overText = '';

  constructor(owner: TimeLimitsOwner, options: TimeLimitsOptions) {
    this.#owner = owner;
    this.#options = options;
    const { clock, idleTimeoutMs } = options;
    if (!Number.isFinite(idleTimeoutMs)) return;
    this.#silence = createIdleTimer(clock, idleTimeoutMs, () => {
      this.#end('The agent said nothing for too long');
    });
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
    this.#silence?.touch();
  }

  stop(): void {
    this.#work?.pause();
    this.#input?.pause();
    this.#silence?.stop();
  }

  #goOn(): void {
    this.#work?.start();
    this.#silence?.start();
  }

  #limit(limitMs: number, text: string): Stopwatch {
    return createStopwatch(this.#options.clock, limitMs, () => {
      this.#end(text);
    });
  }

  #end(text: string): void {
    // an agent that takes its time to stop may pass another one meanwhile
    if (this.#overText !== '') return;
    this.#overText = text;
    this.#owner.onTimeOver();
  }
}
