import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Bag } from '../../lib/core/bag.ts';
import { TransientMap } from '../../lib/core/transient-map.ts';

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
          if (inside.delete(n)) bag.remove(item);
          else {
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
        const transient = new TransientMap<number, number>();
        const plain = new Map<number, number>();
        for (const { key, value } of steps) {
          if (value === undefined) {
            transient.delete(key);
            plain.delete(key);
          } else {
            transient.set(key, value);
            plain.set(key, value);
          }
          expect(transient.get(key)).toBe(plain.get(key));
          expect(transient.all()).toEqual([...plain.values()]);
          expect(transient.size).toBe(plain.size);
        }
      }),
    );
  });
});
