import type { Broker, WorkHint, WorkOutcome } from '../core/broker.ts';
import { later, seededRandom } from './hostile-bus.ts';

/** How often a hint for workers meets which fate, from 0 (never, the default) to 1. */
export interface BrokerHostility {
  readonly drop?: number;
  /** Comes twice, the second time while the first is being worked on. */
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

  async function held(): Promise<void> {
    if (random() >= delay) return;
    const turns = 1 + Math.floor(random() * MOST_TURNS);
    await new Promise<void>((resolve) => {
      later(turns, resolve);
    });
  }

  async function wake(hint: WorkHint): Promise<void> {
    woken += 1;
    if (isDown || random() < drop) {
      lost += 1;
      if (isDown) throw new Error('The broker is down');
      return;
    }
    const given = random() < strip ? { agent: hint.agent } : hint;
    // nobody who wakes workers is made to wait
    void held()
      .then(() => inner.wake(given))
      .catch(() => undefined);
  }

  async function work(
    agent: string,
    free: () => number,
    onWork: (hint: WorkHint) => Promise<WorkOutcome>,
  ): ReturnType<Broker['work']> {
    const repeats = new Set<Promise<unknown>>();
    const handle = await inner.work(agent, free, async (hint) => {
      await held();
      const outcome = onWork(hint);
      if (random() < repeat && free() > 0) {
        const again = onWork(hint).catch(() => undefined);
        repeats.add(again);
        void again.then(() => repeats.delete(again));
      }
      return outcome;
    });
    return {
      async stop() {
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
