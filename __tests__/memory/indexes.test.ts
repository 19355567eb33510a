import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Due, DueIndex } from '../../lib/memory/due-index.ts';
import { createFifo } from '../../lib/memory/fifo.ts';
import { jsonBytes } from '../../lib/memory/frozen-copy.ts';
import { createListIndex } from '../../lib/memory/list-index.ts';
import { createListing, type ListedTask } from '../../lib/memory/listing.ts';
import { scopeKeyOf } from '../../lib/memory/task-record.ts';
import { TaskLog } from '../../lib/memory/task-log.ts';
import type { LogEntry } from '../../lib/core/log.ts';

interface Named extends Due<Named> {
  readonly id: string;
}

describe('the due index', () => {
  /** Things that have names. */
  function named(count: number): Named[] {
    return Array.from({ length: count }, (_, n) => ({ id: `t${String(n)}`, due: undefined }));
  }

  const step = fc.record({
    which: fc.nat(4),
    at: fc.option(fc.nat(20), { nil: undefined }),
    now: fc.option(fc.nat(20), { nil: undefined }),
  });

  it('always knows the task that has been due for longest', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const index = new DueIndex<Named>();
        const items = named(5);
        const expected = new Map<Named, { at: number; order: number }>();
        steps.forEach(({ which, at, now }, order) => {
          const item = items[which];
          if (item === undefined) return;
          if (at === undefined) {
            index.delete(item);
            expected.delete(item);
          } else {
            index.set(item, at);
            expected.set(item, { at, order });
          }
          expect(item.due?.at).toBe(expected.get(item)?.at);
          expect(index.size).toBe(expected.size);
          if (now === undefined) return;
          const due = [...expected].filter(([, slot]) => slot.at <= now);
          due.sort(([, a], [, b]) => a.at - b.at || a.order - b.order);
          expect(index.oldest(now)).toBe(due[0]?.[0]);
        });
      }),
    );
  });

  it('stays in order when it is tidied up in the middle of many changes', () => {
    const index = new DueIndex<Named>();
    const items = named(10);
    for (let round = 0; round < 200; round += 1) {
      for (const [n, item] of items.entries()) index.set(item, 1000 * round + ((n * 7) % 10));
    }
    const order: (string | undefined)[] = [];
    for (let n = 0; n < 11; n += 1) {
      const oldest = index.oldest(Infinity);
      order.push(oldest?.id);
      if (oldest !== undefined) index.delete(oldest);
    }
    expect(order).toEqual(['t0', 't3', 't6', 't9', 't2', 't5', 't8', 't1', 't4', 't7', undefined]);
  });
});

describe('the list index', () => {
  it('keeps tasks sorted through any changes', () => {
    const task = fc.record({ id: fc.string({ maxLength: 2 }), statusTs: fc.nat(5) });
    fc.assert(
      fc.property(
        fc.uniqueArray(task, { selector: ({ id }) => id, maxLength: 40 }),
        fc.nat(),
        (tasks, seed) => {
          const index = createListIndex<{ id: string; statusTs: number }>();
          for (const one of tasks) index.insert('k', one);
          const gone = tasks.filter((_, n) => (n + seed) % 3 === 0);
          for (const one of gone) index.remove('k', one);
          const left = tasks.filter((one) => !gone.includes(one));
          left.sort((a, b) => a.statusTs - b.statusTs || (a.id < b.id ? -1 : 1));
          const list = index.list('k');
          expect(Array.from({ length: list.size }, (_, at) => list.at(at))).toEqual(left);
          expect(index.list('other').size).toBe(0);
          expect(index.size()).toBe(left.length > 0 ? 1 : 0);
          for (const { id, statusTs } of tasks) {
            const before = left.filter(
              (one) => one.statusTs < statusTs || (one.statusTs === statusTs && one.id < id),
            );
            expect(list.countBefore({ ts: statusTs, id })).toBe(before.length);
          }
        },
      ),
    );
  });
});

describe('the list index of a table that is full', () => {
  it('stays sorted while the oldest go, the newest change, and others are added', () => {
    const index = createListIndex<{ id: string; statusTs: number }>();
    const kept: { id: string; statusTs: number }[] = [];
    for (let step = 0; step < 6000; step += 1) {
      // ids run against the order of creation within a millisecond
      const task = { id: `${String(9 - (step % 10))}-${String(step)}`, statusTs: Math.floor(step / 10) };
      kept.push(task);
      index.insert('k', task);
      if (step % 3 === 0) {
        const wasTs = task.statusTs;
        task.statusTs += step % 2;
        index.move('k', task, wasTs);
      }
      const oldest = kept.length > 500 ? kept.shift() : undefined;
      if (oldest !== undefined) index.remove('k', oldest);
    }
    const list = index.list('k');
    const sorted = kept.toSorted((a, b) => a.statusTs - b.statusTs || (a.id < b.id ? -1 : 1));
    const keys = (tasks: typeof kept) => tasks.map(({ id, statusTs }) => [statusTs, id]);
    expect(list.size).toBe(500);
    expect(
      keys(Array.from({ length: list.size }, (_, at) => list.at(at) ?? { id: '', statusTs: 0 })),
    ).toEqual(keys(sorted));
  });
});

describe('the listing', () => {
  const scopes = ['ann', 'bob'].map((owner) => ({ agent: 'a', tenant: '', owner }));
  const task = fc.record({
    id: fc.string({ maxLength: 2 }),
    statusTs: fc.nat(5),
    scope: fc.constantFrom(...scopes),
    contextId: fc.constantFrom('c1', 'c2'),
    answers: fc.constantFrom('task' as const, 'message' as const),
  });
  const tasks = fc.uniqueArray(task, { selector: ({ id }) => id, maxLength: 40 });

  it('has the tasks of a context, whenever somebody asks for the first time', () => {
    fc.assert(
      fc.property(tasks, fc.nat(40), fc.nat(), (given, askedAfter, seed) => {
        const listing = createListing<ListedTask & { statusTs: number }>();
        const idsOf = (owner: number, contextId: string) => {
          const list = listing.of(scopes[owner] ?? { agent: '', tenant: '', owner: null }, contextId);
          return Array.from({ length: list.size }, (_, at) => list.at(at)?.id);
        };
        const kept: (ListedTask & { statusTs: number; owner: string })[] = [];
        given.forEach(({ scope, ...one }, n) => {
          if (n === askedAfter) idsOf(0, 'c1');
          const added = { ...one, scopeKey: scopeKeyOf(scope), owner: scope.owner };
          listing.add(added);
          if ((n + seed) % 3 === 0) {
            listing.remove(added);
            return;
          }
          kept.push(added);
          if ((n + seed) % 3 === 1) return;
          added.statusTs += 3;
          listing.move(added, one.statusTs);
        });
        kept.sort((a, b) => a.statusTs - b.statusTs || (a.id < b.id ? -1 : 1));
        const listed = kept.filter(({ answers }) => answers === 'task');
        for (const [n, { owner }] of scopes.entries()) {
          for (const contextId of ['c1', 'c2']) {
            const own = listed.filter((one) => one.owner === owner && one.contextId === contextId);
            expect(idsOf(n, contextId)).toEqual(own.map(({ id }) => id));
          }
        }
        for (const one of kept) listing.remove(one);
        expect(listing.size()).toBe(0);
      }),
    );
  });
});

describe('the queue', () => {
  it('gives back in order what was put in', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 500 }), (steps) => {
        const queue = createFifo<number>();
        const expected: number[] = [];
        steps.forEach((isPush, n) => {
          if (isPush) {
            queue.push(n);
            expected.push(n);
          } else {
            expect(queue.shift()).toBe(expected.shift());
          }
          expect([queue.at(0), queue.at(2), queue.size()]).toEqual([
            expected[0],
            expected[2],
            expected.length,
          ]);
        });
      }),
    );
  });

  it('stays in order over thousands', () => {
    const queue = createFifo<number>();
    const seen: (number | undefined)[] = [];
    for (let n = 0; n < 5000; n += 1) {
      queue.push(n);
      if (n % 3 !== 0) seen.push(queue.shift());
    }
    while (queue.size() > 0) seen.push(queue.shift());
    expect(seen).toEqual(Array.from({ length: 5000 }, (_, n) => n));
    expect(queue.shift()).toBeUndefined();
  });
});

describe('the log of a task', () => {
  const entryOf = (seq: number, letters: number): LogEntry => ({
    kind: 'resume',
    data: 'x'.repeat(letters),
    ...{ v: 1, seq, ts: 0, epoch: 0 },
  });
  const LEAST = jsonBytes(entryOf(1, 0));
  const letterCounts = (maxLength: number) => fc.array(fc.integer({ min: 1, max: 9 }), { maxLength });

  /** A log with entries of so many letters, and what each of them takes. */
  function logWith(letters: readonly number[]) {
    const log = new TaskLog();
    const entries = letters.map((count, n) => entryOf(n + 1, count));
    for (const entry of entries) log.push(entry, jsonBytes(entry));
    return { log, sizes: entries.map(jsonBytes) };
  }

  it('reads and trims as an array would', () => {
    const args = fc.record({
      letters: letterCounts(30),
      isClosed: fc.boolean(),
      trims: fc.array(fc.nat(35), { maxLength: 3 }),
      after: fc.nat(35),
      limit: fc.integer({ min: 1, max: 9 }),
      maxBytes: fc.oneof(fc.nat(9 * LEAST), fc.constant(1e9)),
    });
    fc.assert(
      fc.property(args, ({ letters, isClosed, trims, after, limit, maxBytes }) => {
        const { log, sizes } = logWith(letters);
        if (isClosed) log.close();
        for (const to of trims) log.trimTo(to);
        const first = Math.min(sizes.length + 1, Math.max(1, ...trims));
        const left = sizes.slice(first - 1);
        expect([log.first, log.length, log.bytes]).toEqual([
          first,
          left.length,
          left.reduce((a, b) => a + b, 0),
        ]);
        const from = Math.max(first, after + 1);
        const expected: number[] = [];
        let bytes = 0;
        for (let seq = from; seq <= sizes.length && expected.length < limit; seq += 1) {
          bytes += sizes[seq - 1] ?? 0;
          if (bytes > maxBytes && expected.length > 0) break;
          expected.push(seq);
        }
        expect(log.read(after, limit, maxBytes).map(({ seq }) => seq)).toEqual(expected);
      }),
    );
  });

  it('is cut where the rest is within both limits, and not later', () => {
    fc.assert(
      fc.property(letterCounts(20), fc.nat(20), fc.nat(20 * LEAST), (letters, entries, bytes) => {
        const { log, sizes } = logWith(letters);
        const fits = (first: number) => {
          const left = sizes.slice(first - 1);
          return left.length <= entries && left.reduce((a, b) => a + b, 0) <= bytes;
        };
        const cut = log.cutFor({ entries, bytes });
        expect(fits(cut)).toBe(true);
        expect(cut === 1 || !fits(cut - 1)).toBe(true);
      }),
    );
  });
});
