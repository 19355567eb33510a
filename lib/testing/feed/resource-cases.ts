import type { FeedKit } from '../feed-suite.ts';
import { seededRandom } from '../hostile-bus.ts';
import type { LogEntry } from '../../core/log.ts';
import { COMPLETED, type FeedBench, randomBodies, SCOPE, turn, until } from './bench.ts';
import { type BatchIterator, iterate } from '../iterate.ts';

/** T4, T5, T6: what readers cost, and that nothing stays when they have gone. */
export function resourceCases(kit: FeedKit): void {
  leaveCases(kit);
  shareCases(kit);
}

function leaveCases({ api: { expect }, rounds, test }: FeedKit): void {
  const nothing = { subscriptions: 0, timers: 0 };
  const kept = ({ bus, clock }: FeedBench) => ({ subscriptions: bus.open(), timers: clock.pending() });

  test('T4 an abort frees a reader that waits, and ends it', async (bench) => {
    const life = await bench.createLife();
    const { reader, gone } = follow(bench, life.taskId, 0);
    expect((await reader.next()).done).toBe(false);
    const next = reader.next();
    await turn();
    expect(kept(bench)).toEqual({ subscriptions: 1, timers: 1 });
    gone.abort();
    expect(kept(bench)).toEqual(nothing);
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  test('T4 an abort frees what was opened and never read', async (bench) => {
    const life = await bench.createLife();
    const other = follow(bench, life.taskId, 1);
    const waiting = other.reader.next();
    await until(() => bench.bus.open() === 1);
    const gone = new AbortController();
    const opened = await bench.feed.open(life.taskId, SCOPE, gone.signal);
    other.gone.abort();
    await waiting;
    expect(bench.bus.open()).toBe(1);
    gone.abort();
    expect(kept(bench)).toEqual(nothing);
    for await (const batch of iterate(opened?.tail)) expect(batch).toBe(undefined);
  });

  test('T4 with a signal that is aborted already, nothing begins', async (bench) => {
    const life = await bench.createLife();
    const gone = new AbortController();
    gone.abort();
    for await (const batch of iterate(bench.feed.tail(life.taskId, 0, gone.signal)))
      expect(batch).toBe(undefined);
    expect(bench.bus.subscribed()).toBe(0);
    expect(kept(bench)).toEqual(nothing);
  });

  test('T4 return wakes a waiting next; leaving a loop frees as well', async (bench) => {
    const life = await bench.createLife();
    const { reader } = follow(bench, life.taskId, 1);
    const next = reader.next();
    await until(() => bench.bus.open() === 1);
    expect(await reader.return()).toEqual({ done: true, value: undefined });
    expect(await next).toEqual({ done: true, value: undefined });
    for await (const batch of iterate(bench.feed.tail(life.taskId, 0, new AbortController().signal))) {
      expect(batch.length).toBe(1);
      break;
    }
    expect(kept(bench)).toEqual(nothing);
  });

  test('T4 a reader that leaves while its subscription or its read is under way leaves nothing', async (bench) => {
    const life = await bench.createLife();
    const early = follow(bench, life.taskId, 0);
    const subscribing = early.reader.next();
    early.gone.abort();
    expect(await subscribing).toEqual({ done: true, value: undefined });
    await until(() => bench.bus.subscribed() === 1 && bench.bus.open() === 0);
    bench.reads.mode = 'hang';
    const late = follow(bench, life.taskId, 0);
    const reading = late.reader.next();
    await until(() => bench.reads.count > 0);
    late.gone.abort();
    expect(await reading).toEqual({ done: true, value: undefined });
    expect(bench.bus.open()).toBe(0);
  });

  test('T4 close ends every reader, and later ones at once', async (bench) => {
    const life = await bench.createLife();
    const readers = [follow(bench, life.taskId, 1), follow(bench, life.taskId, 1)];
    const nexts = readers.map(({ reader }) => reader.next());
    await until(() => bench.bus.open() === 1);
    bench.feed.close();
    expect(await Promise.all(nexts)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    expect(await follow(bench, life.taskId, 0).reader.next()).toEqual({ done: true, value: undefined });
    // a call to the store that was under way has a time limit until it is answered
    await until(() => kept(bench).timers === 0);
    expect({ ...kept(bench), gaps: bench.bus.gapCallbacks() }).toEqual({ ...nothing, gaps: 0 });
  });

  test(`T4 ${rounds.toLocaleString('en')} times subscribed and left, nothing is left`, async (bench) => {
    const lives = [await bench.createLife(), await bench.createLife()];
    for (let n = 0; n < rounds; n += 1) {
      const { reader, gone } = follow(bench, lives[n % 2]?.taskId ?? '', 0);
      const next = reader.next();
      if (n % 3 > 0) await next;
      if (n % 3 > 1) void reader.next();
      gone.abort();
    }
    // the last subscriptions may still be on their way
    await turn();
    await until(() => bench.bus.open() === 0 && bench.clock.pending() === 0);
    expect(kept(bench)).toEqual(nothing);
  });
}

function shareCases({ api: { expect }, test }: FeedKit): void {
  test(
    'T5 1,000 readers of one task share a subscription, a read and the batches',
    async (bench) => {
      const life = await bench.createLife();
      const readers = Array.from({ length: 1000 }, () => follow(bench, life.taskId, 0).reader);
      const first = await Promise.all(readers.map((reader) => reader.next()));
      expect({ subscribed: bench.bus.subscribed(), reads: bench.reads.count }).toEqual({
        subscribed: 1,
        reads: 1,
      });
      const nexts = readers.map((reader) => reader.next());
      await turn();
      await life.append(COMPLETED);
      const last = await Promise.all(nexts);
      expect({ subscribed: bench.bus.subscribed(), reads: bench.reads.count }).toEqual({
        subscribed: 1,
        reads: 1,
      });
      expect([
        new Set(first.map(({ value }) => value)).size,
        new Set(last.map(({ value }) => value)).size,
      ]).toEqual([1, 1]);
      expect(bench.bus.open()).toBe(0);
    },
    // readers do not wait for a subscription that takes long
    { needsHints: true, pace: 0.1 },
  );

  test(
    'T6 a reader that does not read holds nobody up, and later gets it all in small pages',
    async (bench) => {
      const life = await bench.createLife();
      const slow = follow(bench, life.taskId, 0).reader;
      const seen = [(await slow.next()).value?.length];
      const fast = follow(bench, life.taskId, 1).reader;
      let count = 0;
      const reading = (async () => {
        for (let next = await fast.next(); next.done !== true; next = await fast.next())
          count += next.value.length;
      })();
      const random = seededRandom(6);
      for (let n = 0; n < 100; n += 1) {
        await life.append(...randomBodies(random, 20));
        await turn();
      }
      await until(() => count === 2000);
      await life.append(COMPLETED);
      await reading;
      const before = bench.reads.count;
      for (let next = await slow.next(); next.done !== true; next = await slow.next())
        seen.push(next.value.length);
      expect(seen.reduce((sum: number, length) => sum + (length ?? 0), 0)).toBe(life.head());
      // all but what the ring still had came in pages of ten
      expect(bench.reads.count - before).toBeGreaterThan(190);
      expect(Math.max(...seen.map((length) => length ?? 0))).toBeLessThanOrEqual(40);
      expect(bench.reads.largest).toBeLessThanOrEqual(10);
    },
    { limits: { ringEntries: 40, pageEntries: 10 } },
  );

  test(
    'T6 entries too large to be remembered are read by all together',
    async (bench) => {
      const life = await bench.createLife();
      const readers = Array.from({ length: 50 }, () => follow(bench, life.taskId, 1).reader);
      const nexts = readers.map((reader) => reader.next());
      await turn();
      const before = bench.reads.count;
      const artifact = { artifactId: 'large', parts: [{ text: 'x'.repeat(5000) }] };
      await life.append({ kind: 'artifact', artifact, append: false, lastChunk: true });
      for (const { value } of await Promise.all(nexts)) expect(value?.map(({ seq }) => seq)).toEqual([2]);
      expect(bench.reads.count - before).toBe(1);
    },
    { limits: { ringBytes: 2000 } },
  );

  test(
    'T6 over the limit for all tasks, readers read, and miss nothing',
    async (bench) => {
      const lives = await Promise.all(Array.from({ length: 10 }, () => bench.createLife()));
      const counts = lives.map(async ({ taskId }) => {
        let seqs = 0;
        for await (const batch of iterate(bench.feed.tail(taskId, 0, new AbortController().signal)))
          seqs += batch.length;
        return seqs;
      });
      for (let n = 0; n < 20; n += 1) {
        for (const life of lives) await life.append(...randomBodies(seededRandom(n), 5));
        if (n % 2 === 0) await turn();
      }
      for (const life of lives) await life.append(COMPLETED);
      expect(await Promise.all(counts)).toEqual(lives.map(() => 102));
    },
    { limits: { totalBytes: 3000 } },
  );
}

function follow(
  { feed }: FeedBench,
  taskId: string,
  after: number,
): { reader: BatchIterator<readonly LogEntry[]>; gone: AbortController } {
  const gone = new AbortController();
  return { reader: iterate(feed.tail(taskId, after, gone.signal)), gone };
}
