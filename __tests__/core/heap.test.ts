import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Heap, type Placed } from '../../lib/core/heap.ts';

interface Item extends Placed {
  at: number;
}

const heapOf = () => new Heap<Item>((one, other) => one.at < other.at);

function drained(heap: Heap<Item>): number[] {
  const order: number[] = [];
  for (let first = heap.first(); first !== undefined; first = heap.first()) {
    order.push(first.at);
    heap.remove(first);
  }
  return order;
}

describe('a heap', () => {
  it('stays in order when what takes the place of a removed one belongs further up', () => {
    const heap = heapOf();
    const items = [4, 3, 2, 5, 6, 1, 0].map((at) => ({ at, place: 0 }));
    for (const item of items) heap.add(item);
    // the last one, 2 by then, takes the place of 5 below 3
    const five = items.find(({ at }) => at === 5);
    if (five !== undefined) heap.remove(five);
    expect(drained(heap)).toEqual([0, 1, 2, 3, 4, 6]);
  });

  it('gives what a sorted list gives, whatever is added, moved and removed', () => {
    const step = fc.record({
      what: fc.constantFrom('add', 'add', 'add', 'move', 'remove'),
      at: fc.nat(50),
      which: fc.nat(50),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 120 }), (steps) => {
        const heap = heapOf();
        const list: Item[] = [];
        for (const { what, at, which } of steps) {
          const index = which % Math.max(1, list.length);
          const known = list[index];
          if (what === 'add' || known === undefined) {
            const item = { at, place: 0 };
            list.push(item);
            heap.add(item);
          } else if (what === 'move') {
            known.at = at;
            heap.moved(known);
          } else {
            list.splice(index, 1);
            heap.remove(known);
          }
          expect(heap.size).toBe(list.length);
          expect(heap.first()?.at).toBe(list.length === 0 ? undefined : Math.min(...list.map((it) => it.at)));
        }
        expect(drained(heap)).toEqual(list.map((it) => it.at).sort((a, b) => a - b));
      }),
      { numRuns: 500 },
    );
  });
});
