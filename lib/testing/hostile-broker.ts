import type { Broker, WorkHint, WorkOutcome } from '../core/broker.ts';
import { later, seededRandom } from './hostile-bus.ts';

/** How often a hint for workers meets which fate, from 0 (never, the default) to 1. */
export interface BrokerHostility {
  readonly drop?: number;
  /** Comes twice, where the worker has room for it. */
  readonly repeat?: number;
  /** Comes some turns of the event loop later, so that others overtake it. */
  readonly delay?: number;
  /** Comes without the name of its task. */
  readonly strip?: number;
  /** Makes the fates the same in every run. @defaultValue 1 */
  readonly seed?: number;
}

/** A broker that does what a real one may do at worst, and counts. */
export interface HostileBroker extends Broker {
  /** While it is down every `wake` rejects and nothing arrives. */
  readonly setDown: (isDown: boolean) => void;
  /** Hints that were given to `wake`. */
  readonly woken: () => number;
  /** Those of them that never arrive. */
  readonly lost: () => number;
}

const MOST_TURNS = 5;

/** Wraps a broker so that it loses, repeats, delays and reorders hints. Holds nothing back for more than a few turns, and sets no timer. */
export function hostileBroker(inner: Broker, hostility: BrokerHostility = {}): HostileBroker {
  const { drop = 0, repeat = 0, delay = 0, strip = 0, seed = 1 } = hostility;
  const random = seededRandom(seed);
  let isDown = false;
  let woken = 0;
  let lost = 0;

  async function wake(hint: WorkHint): Promise<void> {
    woken += 1;
    if (isDown || random() < drop) {
      lost += 1;
      if (isDown) throw new Error('The broker is down');
      return;
    }
    const given = random() < strip ? { agent: hint.agent } : hint;
    if (random() >= delay) return inner.wake(given);
    // nobody who wakes workers is made to wait
    void turns(1 + Math.floor(random() * MOST_TURNS))
      .then(() => inner.wake(given))
      .catch(() => undefined);
  }

  async function work(
    agent: string,
    free: () => number,
    onWork: (hint: WorkHint) => Promise<WorkOutcome>,
  ): ReturnType<Broker['work']> {
    const repeats = new Set<Promise<unknown>>();
    let isStopped = false;

    /** As another process would redeliver it: some turns later, and only where there is room. */
    function repeatLater(hint: WorkHint): void {
      const again = turns(1 + Math.floor(random() * MOST_TURNS))
        .then(() => (isStopped || free() <= 0 ? undefined : onWork(hint)))
        .catch(() => undefined)
        .finally(() => repeats.delete(again));
      repeats.add(again);
    }

    const handle = await inner.work(agent, free, (hint) => {
      if (random() < repeat) repeatLater(hint);
      return onWork(hint);
    });
    return {
      async stop() {
        isStopped = true;
        await handle.stop();
        await Promise.all(repeats);
      },
    };
  }

  return {
    ...{ wake, work },
    close: () => inner.close(),
    setDown(down) {
      isDown = down;
    },
    woken: () => woken,
    lost: () => lost,
  };
}

function turns(count: number): Promise<void> {
  return new Promise((resolve) => {
    later(count, resolve);
  });
}
