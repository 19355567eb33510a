import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createRingBudget, Ring, type RingOwner } from '../../lib/core/feed-ring.ts';
import type { LogEntry } from '../../lib/core/log.ts';

function entry(seq: number, text = ''): LogEntry {
  return {
    ...{ v: 1, seq, ts: 0, epoch: 1, kind: 'artifact', append: true, lastChunk: false },
    artifact: { artifactId: 'a', parts: [{ text }] },
  } as const;
}

const seqs = (entries: readonly LogEntry[] | undefined) => entries?.map(({ seq }) => seq);

describe('a ring', () => {
  it('gives what it has after a cursor, and nothing where the next entry is not there', () => {
    const ring = new Ring(10, 1e6);
    ring.push([entry(5), entry(6), entry(7)]);
    expect([3, 4, 6, 7, 9].map((cursor) => seqs(ring.after(cursor)))).toEqual([
      undefined,
      [5, 6, 7],
      [7],
      undefined,
      undefined,
    ]);
  });

  it('skips what it has, and starts anew after a hole', () => {
    const ring = new Ring(10, 1e6);
    ring.push([entry(1), entry(2)]);
    ring.push([entry(1), entry(2), entry(3)]);
    expect(seqs(ring.after(0))).toEqual([1, 2, 3]);
    ring.push([entry(6)]);
    expect([seqs(ring.after(2)), seqs(ring.after(5))]).toEqual([undefined, [6]]);
    ring.push([entry(4)]);
    expect(seqs(ring.after(5))).toEqual([6]);
  });

  it('holds so many entries, and so many bytes', () => {
    const few = new Ring(3, 1e6);
    few.push([1, 2, 3, 4, 5].map((seq) => entry(seq)));
    expect([seqs(few.after(1)), seqs(few.after(2))]).toEqual([undefined, [3, 4, 5]]);
    const small = new Ring(100, 5000);
    small.push([1, 2, 3, 4, 5].map((seq) => entry(seq, 'x'.repeat(1500))));
    expect(seqs(small.after(3))).toEqual([4, 5]);
    expect(small.after(1)).toBe(undefined);
    expect(small.bytes).toBeLessThanOrEqual(5000);
    small.push([entry(6, 'x'.repeat(9000))]);
    expect([small.after(5), small.bytes]).toEqual([undefined, 0]);
  });

  it('gives readers at the same place the same array, until there is news', () => {
    const ring = new Ring(10, 1e6);
    ring.push([entry(1), entry(2)]);
    const batch = ring.after(0);
    expect(ring.after(0)).toBe(batch);
    ring.push([entry(3)]);
    expect(seqs(ring.after(0))).toEqual([1, 2, 3]);
    expect(seqs(batch)).toEqual([1, 2]);
  });

  it('has no hole and nothing twice, whatever it is given', () => {
    const pushes = fc.array(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 5 }), { maxLength: 8 });
    fc.assert(
      fc.property(pushes, fc.integer({ min: 1, max: 6 }), (given, most) => {
        const ring = new Ring(most, 1e6);
        let held: number[] = [];
        let hi = 0;
        for (const push of given) {
          ring.push(push.map((seq) => entry(seq)));
          for (const seq of push) {
            if (seq <= hi) continue;
            held = seq === hi + 1 ? [...held, seq] : [seq];
            hi = seq;
          }
          held = held.slice(-most);
          for (let cursor = 0; cursor <= 12; cursor += 1) {
            const isNext = held.includes(cursor + 1);
            expect(seqs(ring.after(cursor))).toEqual(isNext ? held.filter((seq) => seq > cursor) : undefined);
          }
        }
      }),
    );
  });

  it.each(['artifactId', 'name', 'description', 'text', 'filename', 'mediaType'])(
    'counts the %s of an artifact',
    (field) => {
      const huge = { [field]: 'x'.repeat(100_000) };
      const isOfPart = ['text', 'filename', 'mediaType'].includes(field);
      const part = { text: 'hi', ...(isOfPart && huge) };
      const artifact = { artifactId: 'a', parts: [part], ...(!isOfPart && huge) };
      const ring = new Ring(10, 1e6);
      ring.push([
        { v: 1, seq: 1, ts: 0, epoch: 1, kind: 'artifact', artifact, append: false, lastChunk: true },
      ]);
      expect(ring.bytes).toBeGreaterThan(100_000);
      expect(ring.bytes).toBeLessThan(102_000);
    },
  );

  it('counts a body that is deeper than any stack without falling', () => {
    const ring = new Ring(10, 1e6);
    let deep: Record<string, unknown> = {};
    for (let level = 0; level < 100_000; level += 1) deep = { deep };
    ring.push([{ v: 1, seq: 1, ts: 0, epoch: 1, kind: 'resume', data: deep }]);
    expect(seqs(ring.after(0))).toEqual([1]);
  });
});

describe('the budget of all rings', () => {
  it('drops the ring that took nothing for longest', () => {
    const { remember, drop, clear } = createRingBudget({ totalBytes: 6500 });
    const [a, b, c]: RingOwner[] = [{ ring: undefined }, { ring: undefined }, { ring: undefined }];
    if (a === undefined || b === undefined || c === undefined) throw new Error('three are needed');
    remember(a, [entry(1, 'x'.repeat(2000))]);
    remember(b, [entry(1, 'x'.repeat(2000))]);
    remember(a, [entry(2)]);
    remember(c, [entry(1, 'x'.repeat(2000))]);
    expect([a, b, c].map(({ ring }) => seqs(ring?.after(0)))).toEqual([[1, 2], undefined, [1]]);
    drop(a);
    remember(b, [entry(2, 'x'.repeat(2000))]);
    expect([a, b, c].map(({ ring }) => ring !== undefined)).toEqual([false, true, true]);
    clear();
    expect([a, b, c].map(({ ring }) => ring)).toEqual([undefined, undefined, undefined]);
  });

  it('keeps those that took something last, whatever came and went', () => {
    const step = fc.record({ owner: fc.nat(4), isDrop: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        // room for three rings of one entry each
        const one = new Ring(1, 1e6);
        one.push([entry(1)]);
        const { remember, drop, clear } = createRingBudget({ ringEntries: 1, totalBytes: 3 * one.bytes });
        const owners: RingOwner[] = Array.from({ length: 5 }, () => ({ ring: undefined }));
        let order: RingOwner[] = [];
        steps.forEach(({ owner: n, isDrop }, at) => {
          const owner = owners[n];
          if (owner === undefined) return;
          if (isDrop) drop(owner);
          else remember(owner, [entry(at + 1)]);
          order = [...order.filter((other) => other !== owner), ...(isDrop ? [] : [owner])].slice(-3);
          expect(owners.map(({ ring }) => ring !== undefined)).toEqual(
            owners.map((other) => order.includes(other)),
          );
        });
        clear();
        expect(owners.every(({ ring }) => ring === undefined)).toBe(true);
      }),
    );
  });
});
