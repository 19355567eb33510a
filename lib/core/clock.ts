/** Time as the engine sees it; injected, so that tests can move it. */
export interface Clock {
  /** Wall clock, ms since 1970. */
  readonly now: () => number;
  /** Monotonic clock in ms; only differences mean something. */
  readonly elapsed: () => number;
  /** Calls back once after `delayMs`, without keeping the process alive. The returned function cancels it. */
  readonly after: (delayMs: number, callback: () => void) => () => void;
}

/** `elapsed` without what is below a ms: a number that V8 keeps within an object, where others are objects of 16 bytes. */
export function wholeMs(clock: Pick<Clock, 'elapsed'>): number {
  return Math.floor(clock.elapsed());
}

/** Node's timers fire at once beyond this. */
const LONGEST_MS = 2 ** 31 - 1;

/** The machine's clock. A delay of more than 24 days counts as 24 days. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMs, LONGEST_MS)).unref();
    return () => {
      clearTimeout(timer);
    };
  },
};
