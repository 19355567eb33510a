import type { Clock } from './clock.ts';
import { createStopwatch } from './stopwatch.ts';

/** The time limits of a run: for its work, and for each wait for the client. Only one of the two runs at a time. */
export interface TimeLimits {
  /** A run begins. */
  readonly begin: () => void;
  /** It waits for the client from now on, or no longer. */
  readonly setWaiting: (waits: boolean) => void;
  readonly stop: () => void;
  /** Which limit is over, in words for the client. */
  readonly overText: () => string;
}

/** What a client is told that did not answer. */
export const INPUT_TIMEOUT = 'The client did not answer in time';

/** Makes the limits; `onOver` is called when one is over. Infinity stands for no limit. */
export function createTimeLimits(options: {
  clock: Clock;
  runTimeoutMs: number;
  inputTimeoutMs: number;
  onOver: () => void;
}): TimeLimits {
  const { clock, onOver } = options;
  let overText = 'The agent took too long';
  const forWork = () => createStopwatch(clock, options.runTimeoutMs, onOver);
  const forInput = () =>
    createStopwatch(clock, options.inputTimeoutMs, () => {
      overText = INPUT_TIMEOUT;
      onOver();
    });
  let work = forWork();
  let input = forInput();

  function stop(): void {
    work.pause();
    input.pause();
  }

  return {
    begin() {
      stop();
      work = forWork();
      work.start();
    },
    setWaiting(waits) {
      stop();
      if (waits) {
        input = forInput();
        input.start();
      } else {
        work.start();
      }
    },
    stop,
    overText: () => overText,
  };
}
