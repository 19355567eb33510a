import type { EventBus, TaskHint } from '../core/event-bus.ts';

/** How often a hint meets which fate, from 0 (never, the default) to 1. */
export interface Hostility {
  readonly drop?: number;
  /** Comes twice. */
  readonly repeat?: number;
  /** Comes some turns of the event loop later, so that others overtake it. */
  readonly delay?: number;
  /** Tells a lower head than there is. */
  readonly staleHead?: number;
  /** Comes without its entries. */
  readonly strip?: number;
  /** Makes the fates the same in every run. Default: 1. */
  readonly seed?: number;
}

/** An event bus that does what a real one may do at worst, and counts. */
export interface HostileBus extends EventBus {
  /** While it is down nothing arrives, and nobody can subscribe. */
  readonly setDown: (isDown: boolean) => void;
  /** Tells everybody that hints may have been missed. */
  readonly gap: () => void;
  /** Subscriptions that are open now. */
  readonly open: () => number;
  /** Subscriptions that there have been. */
  readonly subscribed: () => number;
  /** Callbacks for gaps that are registered now. */
  readonly gapCallbacks: () => number;
}

const MOST_TURNS = 5;

/** Wraps an event bus so that it loses, repeats, delays and reorders hints, for each subscriber apart. */
export function hostileBus(inner: EventBus, hostility: Hostility = {}): HostileBus {
  const { drop = 0, repeat = 0, delay = 0, staleHead = 0, strip = 0, seed = 1 } = hostility;
  const random = seededRandom(seed);
  const onGaps = new Set<() => void>();
  let isDown = false;
  let open = 0;
  let subscribed = 0;

  function distort({ entries, ...hint }: TaskHint): TaskHint {
    const head = random() < staleHead ? Math.max(0, hint.head - 1 - Math.floor(random() * 3)) : hint.head;
    return { ...hint, head, ...(entries && random() >= strip && { entries }) };
  }

  function pass(hint: TaskHint, onHint: (hint: TaskHint) => void): void {
    if (isDown || random() < drop) return;
    const distorted = distort(hint);
    if (random() < delay) later(1 + Math.floor(random() * MOST_TURNS), () => onHint(distorted));
    else onHint(distorted);
    if (random() < repeat) pass(hint, onHint);
  }

  return {
    publish: (hint) => inner.publish(hint),
    async subscribe(taskId, onHint) {
      if (isDown) throw new Error('The event bus is down');
      const stop = await inner.subscribe(taskId, (hint) => {
        pass(hint, onHint);
      });
      open += 1;
      subscribed += 1;
      let isOpen = true;
      return () => {
        if (isOpen) open -= 1;
        isOpen = false;
        stop();
      };
    },
    onGap(callback) {
      const stop = inner.onGap(callback);
      onGaps.add(callback);
      return () => {
        onGaps.delete(callback);
        stop();
      };
    },
    close: () => inner.close(),
    setDown(down) {
      isDown = down;
    },
    gap() {
      for (const callback of [...onGaps]) callback();
    },
    open: () => open,
    subscribed: () => subscribed,
    gapCallbacks: () => onGaps.size,
  };
}

/** Calls back some turns of the event loop later. */
export function later(turns: number, callback: () => void): void {
  if (turns === 0) callback();
  else setImmediate(later, turns - 1, callback);
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
