import { getHeapSpaceStatistics } from 'node:v8';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Bag } from '../../lib/core/bag.ts';
import { TransientMap } from '../../lib/core/transient-map.ts';
import { createMemoryEventBus } from '../../lib/memory/event-bus.ts';
import { gc } from '../helpers/memory.ts';

describe('a bag', () => {
  it('has what was put in and not taken out', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 100 }), (steps) => {
        const bag = new Bag<{ readonly n: number; place: number }>();
        const items = Array.from({ length: 10 }, (_, n) => ({ n, place: 0 }));
        const inside = new Set<number>();
        for (const n of steps) {
          const item = items[n];
          if (item === undefined) continue;
          // twice is fine
          expect([bag.remove(item), bag.remove(item)]).toEqual([inside.has(n), false]);
          if (!inside.delete(n)) {
            bag.add(item);
            inside.add(n);
          }
          const names = bag.all().map((one) => one.n);
          expect(names.toSorted()).toEqual([...inside].toSorted());
          expect(bag.size).toBe(inside.size);
        }
      }),
    );
  });

  it('gives a copy, so that who is told may leave', () => {
    const bag = new Bag<{ place: number }>();
    for (let n = 0; n < 5; n += 1) bag.add({ place: 0 });
    for (const item of bag.all()) bag.remove(item);
    expect(bag.size).toBe(0);
  });
});

describe('a transient map', () => {
  it('is as a map', () => {
    const step = fc.record({ key: fc.nat(5), value: fc.option(fc.nat(9), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const transient = new TransientMap<number, object>();
        const plain = new Map<number, object>();
        for (const { key, value } of steps) {
          if (value === undefined) {
            transient.delete(key);
            plain.delete(key);
          } else {
            const it = { value };
            transient.set(key, it);
            plain.set(key, it);
          }
          expect(transient.get(key)).toBe(plain.get(key));
          expect(transient.all()).toEqual([...plain.values()]);
          expect(transient.size).toBe(plain.size);
        }
      }),
    );
  });
});

interface Held {
  readonly weight: readonly number[];
  place: number;
}

/** Puts something somewhere, and has what takes it out put down. */
type Come = (held: Held, putDown: (leave: () => unknown) => void) => void;

const WORDS = 500;
const BYTES = WORDS * 8;
const AT_ONCE = 8;

describe('lets go of what was taken out, also when it is old itself:', () => {
  const leaving: (() => unknown)[] = [];
  const nothing = () => undefined;

  function oldBytes(): number {
    gc({ type: 'minor' });
    gc({ type: 'minor' });
    return (
      getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space')?.space_used_size ?? NaN
    );
  }

  function comeAll(come: Come): void {
    for (let n = 0; n < AT_ONCE; n += 1) {
      come({ weight: Array(WORDS).fill(0), place: 0 }, (leave) => {
        leaving[n] = leave;
      });
    }
  }

  function leaveAll(): void {
    for (let n = 0; n < AT_ONCE; n += 1) {
      leaving[n]?.();
      leaving[n] = nothing;
    }
  }

  async function churn(come: Come, rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      comeAll(come);
      await Promise.resolve();
      // not each time: where most of what a place in the code makes outlives a collection, V8 makes it old from the first
      if (round % 8 === 0) gc({ type: 'minor' });
      leaveAll();
    }
  }

  async function keptOfEach(come: Come): Promise<number> {
    await churn(come, 40);
    gc();
    const before = oldBytes();
    await churn(come, 400);
    return (oldBytes() - before) / 400 / AT_ONCE;
  }

  const bag = new Bag<Held>();
  const map = new TransientMap<number, Held>();
  const bus = createMemoryEventBus();
  let keys = 0;

  it.each<[string, Come]>([
    [
      'a bag',
      (held, putDown) => {
        bag.add(held);
        putDown(() => bag.remove(held));
      },
    ],
    [
      'a transient map',
      (held, putDown) => {
        const key = (keys += 1);
        map.set(key, held);
        putDown(() => {
          map.delete(key);
        });
      },
    ],
    [
      'the event bus of the memory backend',
      (held, putDown) => {
        void bus.subscribe(`t${String((keys += 1))}`, () => held).then(putDown);
      },
    ],
  ])('%s', async (_name, come) => {
    expect(await keptOfEach(come)).toBeLessThan(BYTES / 4);
  });
});
