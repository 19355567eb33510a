import type { Clock } from './clock.ts';
import { createIdleTimer } from './idle-timer.ts';
import { createStopwatch } from './stopwatch.ts';

/** The time limits of a run: for its work and its silence, and for each wait for the client. */
export interface TimeLimits {
  /** A run begins. */
  readonly begin: () => void;
  /** It waits for the client from now on, or no longer. */
  readonly setWaiting: (waits: boolean) => void;
  /** The agent says something. */
  readonly touch: () => void;
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
  idleTimeoutMs: number;
  inputTimeoutMs: number;
  onOver: () => void;
}): TimeLimits {
  const { clock, onOver } = options;
  let overText = '';
  const end = (text: string) => () => {
    overText = text;
    onOver();
  };
  const forWork = () => createStopwatch(clock, options.runTimeoutMs, end('The agent took too long'));
  const forInput = () => createStopwatch(clock, options.inputTimeoutMs, end(INPUT_TIMEOUT));
  const silence = createIdleTimer(clock, options.idleTimeoutMs, end('The agent said nothing for too long'));
  let work = forWork();
  let input = forInput();

  function stop(): void {
    work.pause();
    input.pause();
    silence.stop();
  }

  function goOn(): void {
    work.start();
    silence.start();
  }

  return {
    begin() {
      stop();
      work = forWork();
      goOn();
    },
    setWaiting(waits) {
      stop();
      if (waits) {
        input = forInput();
        input.start();
      } else {
        goOn();
      }
    },
    touch: silence.touch,
    stop,
    overText: () => overText,
  };
}
