import type { Clock } from './clock.ts';
import { Ending } from './ending.ts';
import type { AbortReason } from './turn.ts';

/** Tells an agent to stop, and says when it has had its time to do so. */
export interface StopSignal {
  /** Aborted with an AbortReason. */
  readonly signal: AbortSignal;
  /** Why the agent is to stop; undefined while it may go on. */
  readonly reason: () => AbortReason | undefined;
  /** Stops the agent. The first reason counts, except that a lost lease ends every grace. */
  readonly stop: (reason: AbortReason) => void;
  /** Called back when an agent that does not stop has lost its say. */
  readonly onForced: (callback: () => void) => void;
  /** The run is over: nothing is forced any more. */
  readonly dispose: () => void;
}

/**
 * Makes the signal of a run. `onStop` is called once, right after the agent has heard of it. After a cancel the lease
 * ends with the grace of the client's call, which `renew` tells; everything else has `graceMs`.
 */
export function createStopSignal(options: {
  clock: Clock;
  graceMs: number;
  renew: () => Promise<number | undefined>;
  onStop: (reason: AbortReason) => void;
}): StopSignal {
  const { clock, graceMs, renew, onStop } = options;
  const control = new AbortController();
  let given: AbortReason | undefined;
  let isDisposed = false;
  let cancelTimer: () => void = () => undefined;
  const forced = new Ending();
  const force = () => {
    forced.end(undefined);
  };

  function stop(reason: AbortReason): void {
    if (reason === 'lease-lost') force();
    if (given !== undefined || isDisposed) return;
    given = reason;
    control.abort(reason);
    onStop(reason);
    if (reason === 'cancel') void forceBeforeLeaseEnds();
    else forceAfter(graceMs);
  }

  async function forceBeforeLeaseEnds(): Promise<void> {
    const leftMs = (await renew()) ?? graceMs;
    // time for one more append: whoever claims the task next would end it without this agent's last words
    forceAfter(leftMs - Math.min(500, leftMs / 2));
  }

  function forceAfter(delayMs: number): void {
    if (!isDisposed) cancelTimer = clock.after(delayMs, force);
  }

  return {
    signal: control.signal,
    reason: () => given,
    stop,
    onForced: forced.listen.bind(forced),
    dispose() {
      isDisposed = true;
      cancelTimer();
    },
  };
}
