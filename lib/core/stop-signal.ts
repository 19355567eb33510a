import type { Clock } from './clock.ts';
import { Ending } from './ending.ts';
import type { AbortReason } from './turn.ts';

/** The run that a stop signal belongs to. */
export interface StopSignalOwner {
  /** Renews the lease, and gives how long it still lasts where that is known. */
  readonly renew: () => Promise<number | undefined>;
  /** Called once, right after the agent has heard of it. */
  readonly onStop: (reason: AbortReason) => void;
}

/**
 * Tells an agent to stop, and says when it has had its time to do so. After a cancel the lease ends with the grace of the
 * client's call, which `renew` tells; everything else has `graceMs`. A class, as each run has one.
 */
export class StopSignal {
  readonly #owner: StopSignalOwner;
  readonly #clock: Clock;
  readonly #graceMs: number;
  readonly #forced = new Ending();
  #control: AbortController | undefined;
  #reason: AbortReason | undefined;
  #isDisposed = false;
  #cancelTimer: (() => void) | undefined;

  constructor(owner: StopSignalOwner, clock: Clock, graceMs: number) {
    this.#owner = owner;
    this.#clock = clock;
    this.#graceMs = graceMs;
  }

  /** Aborted with an AbortReason. Made for who asks: many agents never do. */
  get signal(): AbortSignal {
    if (this.#control === undefined) {
      this.#control = new AbortController();
      if (this.#reason !== undefined) this.#control.abort(this.#reason);
    }
    return this.#control.signal;
  }

  /** Whether the agent is to stop. */
  get isStopped(): boolean {
    return this.#reason !== undefined;
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
    this.#control?.abort(reason);
    this.#owner.onStop(reason);
    if (reason === 'cancel') void this.#forceBeforeLeaseEnds();
    else this.#forceAfter(this.#graceMs);
  }

  /** Ends when an agent that does not stop has lost its say. */
  get forced(): Ending {
    return this.#forced;
  }

  /** The run is over: nothing is forced any more. */
  dispose(): void {
    this.#isDisposed = true;
    this.#cancelTimer?.();
  }

  async #forceBeforeLeaseEnds(): Promise<void> {
    const leftMs = (await this.#owner.renew()) ?? this.#graceMs;
    // time for one more append: whoever claims the task next would end it without this agent's last words
    this.#forceAfter(leftMs - Math.min(500, leftMs / 2));
  }

  #forceAfter(delayMs: number): void {
    if (this.#isDisposed) return;
    this.#cancelTimer = this.#clock.after(delayMs, () => {
      this.#force();
    });
  }

  #force(): void {
    this.#forced.end(undefined);
  }
}
