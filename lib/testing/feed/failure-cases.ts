import { CursorTrimmed } from '../../core/feed.ts';
import type { FeedKit } from '../feed-suite.ts';
import { COMPLETED, type FeedBench, turn, until } from './bench.ts';
import { iterate } from '../iterate.ts';

const WORKING = { kind: 'status', state: 'TASK_STATE_WORKING' } as const;

/** T7, T8: a log that is gone, a bus that is down, a storage that does not answer. */
export function failureCases(kit: FeedKit): void {
  trimCases(kit);
  busCases(kit);
  storageCases(kit);
}

function trimCases({ api: { expect }, test }: FeedKit): void {
  test('T7 a reader before the beginning of the log is told so, one behind it reads', async (bench) => {
    const life = await bench.createLife();
    for (let n = 0; n < 10; n += 1) await life.append(WORKING);
    await life.append(COMPLETED);
    bench.reads.first = 6;
    expect(await outcome(read(bench, life.taskId, 4))).toEqual([CursorTrimmed.name]);
    expect(await outcome(read(bench, life.taskId, 5))).toEqual([6, 7, 8, 9, 10, 11, 12]);
    expect(bench.bus.open()).toBe(0);
  });

  test(
    'T7 a live reader that the log has overtaken is cut',
    async (bench) => {
      const life = await bench.createLife();
      const reader = iterate(bench.feed.tail(life.taskId, 0, new AbortController().signal));
      await reader.next();
      for (let n = 0; n < 10; n += 1) await life.append(WORKING);
      bench.reads.first = 9;
      const error = await reader.next().catch((reason: unknown) => reason);
      expect(error instanceof CursorTrimmed).toBe(true);
      expect(await reader.next()).toEqual({ done: true, value: undefined });
      expect({ open: bench.bus.open(), timers: bench.clock.pending() }).toEqual({ open: 0, timers: 0 });
    },
    { limits: { ringEntries: 2 } },
  );
}

function busCases({ api: { expect }, test }: FeedKit): void {
  test('T8 with a bus that is down from the start, readers poll; when it is up again, it is used', async (bench) => {
    bench.bus.setDown(true);
    const life = await bench.createLife();
    let seen = 0;
    const reading = (async () => {
      for await (const batch of iterate(bench.feed.tail(life.taskId, 0, new AbortController().signal)))
        seen += batch.length;
    })();
    await until(() => seen === 1);
    await life.append(WORKING);
    await until(() => seen === 2);
    bench.bus.setDown(false);
    await until(() => bench.bus.open() === 1);
    await life.append(WORKING);
    await turn();
    await until(() => seen === 3);
    await life.append(COMPLETED);
    await reading;
    expect({ seen, open: bench.bus.open() }).toEqual({ seen: 4, open: 0 });
  });

  for (const tells of [true, false]) {
    test(`T8 a bus that was down for a while ${tells ? 'and tells so' : 'and says nothing'} loses nothing`, async (bench) => {
      const life = await bench.createLife();
      const readers = [read(bench, life.taskId, 0), read(bench, life.taskId, 1)];
      await until(() => bench.bus.open() === 1);
      await life.append(WORKING);
      bench.bus.setDown(true);
      for (let n = 0; n < 5; n += 1) await life.append(WORKING);
      bench.bus.setDown(false);
      if (tells) bench.bus.gap();
      else await life.append(WORKING);
      await life.append(COMPLETED);
      expect(await readers[0]).toEqual(Array.from({ length: life.head() }, (_, n) => n + 1));
      expect(await readers[1]).toEqual(Array.from({ length: life.head() - 1 }, (_, n) => n + 2));
    });
  }

  test(
    'T8 what one reader finds by itself wakes the others',
    async (bench) => {
      const life = await bench.createLife({ hints: false });
      const waiting = iterate(bench.feed.tail(life.taskId, 1, new AbortController().signal)).next();
      await until(() => bench.reads.count === 1);
      await turn();
      await life.append(WORKING);
      const other = iterate(bench.feed.tail(life.taskId, 1, new AbortController().signal));
      expect((await other.next()).done).toBe(false);
      // the poll would find it, too
      bench.reads.mode = 'fail';
      expect((await waiting).done).toBe(false);
      expect(bench.reads.count).toBe(2);
    },
    { pace: 1 },
  );

  test('T8 hints that never come are made up for by the poll, from then on every second', async (bench) => {
    const life = await bench.createLife({ hints: false });
    const reading = read(bench, life.taskId, 1);
    await until(() => bench.bus.open() === 1);
    for (let n = 0; n < 5; n += 1) await life.append(WORKING);
    await life.append(COMPLETED);
    expect(await reading).toEqual([2, 3, 4, 5, 6, 7]);
  });
}

function storageCases({ api: { expect }, test }: FeedKit): void {
  test(
    'T8 a storage that fails for a moment is asked again, and readers notice nothing',
    async (bench) => {
      const life = await bench.createLife();
      bench.reads.mode = 'fail';
      const reading = [read(bench, life.taskId, 0), read(bench, life.taskId, 0)];
      await until(() => bench.reads.count >= 3);
      bench.reads.mode = 'work';
      await life.append(COMPLETED);
      expect(await Promise.all(reading)).toEqual([
        [1, 2],
        [1, 2],
      ]);
    },
    // a busy machine must not take the moment for the ten seconds that are too long
    { pace: 10 },
  );

  // silence is told as a storage that can not be reached: clients go on elsewhere then
  for (const [mode, error] of [
    ['fail', 'Error'],
    ['hang', 'StorageError'],
  ] as const) {
    test(`T8 a reader whose reads ${mode} for 10 s ends with an error, and leaves nothing`, async (bench) => {
      const life = await bench.createLife();
      bench.reads.mode = mode;
      const [name] = await outcome(read(bench, life.taskId, 0));
      expect(name).toBe(error);
      expect(bench.bus.open()).toBe(0);
      // a poll that hangs too has a time of its own
      await until(() => bench.clock.pending() === 0);
    });
  }

  test(
    'T8 while the poll fails, hints go on to work; when it works again, it finds what they did not tell',
    async (bench) => {
      const life = await bench.createLife();
      let seen = 0;
      const reading = (async () => {
        for await (const batch of iterate(bench.feed.tail(life.taskId, 0, new AbortController().signal)))
          seen += batch.length;
      })();
      await until(() => seen === 1);
      bench.reads.mode = 'fail';
      bench.bus.gap();
      await life.append(WORKING);
      await until(() => seen === 2);
      bench.bus.setDown(true);
      await life.append(COMPLETED);
      bench.bus.setDown(false);
      await turn();
      bench.reads.mode = 'work';
      await reading;
      expect(seen).toBe(3);
    },
    { needsHints: true },
  );
}

async function read({ feed }: FeedBench, taskId: string, after: number): Promise<number[]> {
  const seqs: number[] = [];
  for await (const batch of iterate(feed.tail(taskId, after, new AbortController().signal))) {
    seqs.push(...batch.map(({ seq }) => seq));
  }
  return seqs;
}

/** What it gives, or the name of the error. */
function outcome(reading: Promise<number[]>): Promise<(number | string)[]> {
  return reading.catch((error: unknown) => [error instanceof Error ? error.name : String(error)]);
}
