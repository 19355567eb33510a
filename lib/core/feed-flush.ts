import type { Clock } from './clock.ts';
import { inMicrotask } from './promises.ts';

/** Something that has news, or not. */
export interface Marked {
  /** Written by the flush, and by nobody else. */
  isMarked: boolean;
}

/** Wakes the readers of all tasks with news together. */
export interface Flush<T> {
  /** This one has news. */
  readonly mark: (item: T) => void;
  readonly forget: (item: T) => void;
  /** Resolves with the next flush, or at the next tick where that is too far away for a client that waits for its first event. */
  readonly soon: () => Promise<void>;
}

// a turn of the loop that was long for another reason must not hold readers up
const MAX_PAUSE_MS = 100;
// a timer needs a millisecond at least: for less, turns of the loop are counted, so few that an idle one burns next to nothing
const SHORT_PAUSE_MS = 0.5;
const SHORT_PAUSE_TURNS = 8;
// where several tasks have news more is gathered: each task is a write of its own
const GATHER = { times: 4, mostMs: 1 };
// clients that wait for their first event are not to wait longer than that for others
const FAR_MS = 5;

/**
 * Gathers: after a flush that took T ms the next comes no sooner than T ms later, or up to 4 T, within a millisecond, where it
 * was of several tasks. So an idle process delivers at the end of the current turn, and a busy one spends half of its time
 * on delivery at most, in batches that grow with the load.
 * T ends when the readers have written to their sockets, not when they were woken.
 */
export function createFlush<T extends Marked>(clock: Clock, deliver: (item: T) => void): Flush<T> {
  let dirty: T[] = [];
  let waiting: (() => void)[] = [];
  let planned = false;
  let isFar = false;
  let notBefore = -Infinity;

  function plan(): void {
    planned = true;
    const pauseMs = notBefore - clock.elapsed();
    // a tick comes after the microtasks of this turn: what they append goes along, and no turn is waited for
    if (pauseMs <= 0) process.nextTick(run);
    else if (pauseMs < SHORT_PAUSE_MS) setImmediate(runLater, SHORT_PAUSE_TURNS);
    // not the injected clock's timer: this one has to keep the process alive
    else setTimeout(run, Math.ceil(pauseMs));
    isFar = pauseMs > FAR_MS;
    if (isFar) process.nextTick(tellWaiting);
  }

  function tellWaiting(): void {
    const told = waiting;
    waiting = [];
    for (const tell of told) tell();
  }

  function runLater(turns: number): void {
    if (turns > 1 && clock.elapsed() < notBefore) setImmediate(runLater, turns - 1);
    else run();
  }

  function run(): void {
    isFar = false;
    const startedMs = clock.elapsed();
    const items = dirty;
    dirty = [];
    let tasks = 0;
    for (const item of items) {
      if (!item.isMarked) continue;
      item.isMarked = false;
      tasks += 1;
      deliver(item);
    }
    tellWaiting();
    // the first tick comes when all readers have run, the second when node has written what they gave it
    inMicrotask(() => {
      process.nextTick(() => {
        process.nextTick(rest, startedMs, tasks);
      });
    });
  }

  function rest(startedMs: number, tasks: number): void {
    const nowMs = clock.elapsed();
    const tookMs = nowMs - startedMs;
    const leastMs = tasks > 1 ? Math.min(tookMs * GATHER.times, GATHER.mostMs) : 0;
    notBefore = nowMs + Math.min(Math.max(tookMs, leastMs), MAX_PAUSE_MS);
    planned = false;
    if (dirty.length > 0 || waiting.length > 0) plan();
  }

  return {
    mark(item) {
      if (!item.isMarked) {
        item.isMarked = true;
        dirty.push(item);
      }
      if (!planned) plan();
    },
    forget(item) {
      item.isMarked = false;
    },
    soon() {
      return new Promise((resolve) => {
        waiting.push(resolve);
        if (!planned) plan();
        else if (isFar) process.nextTick(tellWaiting);
      });
    },
  };
}
