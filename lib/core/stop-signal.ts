import type { Clock } from './clock.ts';
import { Ending } from './ending.ts';
import type { AbortReason } from './turn.ts';

/** What a stop signal needs. */
export interface StopSignalOptions {
  readonly clock: Clock;
  readonly graceMs: number;
  readonly renew: () => Promise<number | undefined>;
  /** Called once, right after the agent has heard of it. */
  readonly onStop: (reason: AbortReason) => void;
}

/**
 * Tells an agent to stop, and says when it has had its time to do so. After a cancel the lease ends with the grace of the
 * client's call, which `renew` tells; everything else has `graceMs`. A class, as each run has one.
 */
export class StopSignal {
  readonly #options: StopSignalOptions;
  readonly #control = new AbortController();
  readonly #forced = new Ending();
  #reason: AbortReason | undefined;
  #isDisposed = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: StopSignalOptions) {
    this.#options = options;
  }

  /** Aborted with an AbortReason. */
  get signal(): AbortSignal {
    return this.#control.signal;
  }

  /** Why the agent is to stop; undefined while it may go on. */
  get reason(): AbortReason | undefined {
    return this.#reason;
  }

  /** Stops the agent. The first reason counts, except that a lost lease ends every grace. */
  stop(reason: AbortReason): void {
    if (reason === 'lease-lost') this.#force();
    if (this.#reason !== undefined || this.#isDisposed) return;
    this.#reason = reason;
    this.#control.abort(reason);
    this.#options.onStop(reason);
    if (reason === 'cancel') void this.#forceBeforeLeaseEnds();
    else this.#forceAfter(this.#options.graceMs);
  }

  /** Calls back when an agent that does not stop has lost its say. */
  onForced(callback: () => void): void {
    this.#forced.listen(callback);
  }

  /** The run is over: nothing is forced any more. */
  dispose(): void {
    this.#isDisposed = true;
    this.#cancelTimer?.();
  }

  async #forceBeforeLeaseEnds(): Promise<void> {
    const leftMs = (await this.#options.renew()) ?? this.#options.graceMs;
    // time for one more append: whoever claims the task next would end it without this agent's last words
    this.#forceAfter(leftMs - Math.min(500, leftMs / 2));
  }

  #forceAfter(delayMs: number): void {
    if (this.#isDisposed) return;
    this.#cancelTimer = this.#options.clock.after(delayMs, () => {
      this.#force();
    });
  }

  #force(): void {
    this.#forced.end(undefined);
  }
}
