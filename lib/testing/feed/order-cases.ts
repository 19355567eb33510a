import { createFold } from '../../core/fold.ts';
import type { Seq, StoredTask, TaskId } from '../../core/log.ts';
import type { FeedKit } from '../feed-suite.ts';
import { seededRandom } from '../hostile-bus.ts';
import { BUSES, COMPLETED, type FeedBench, type Life, randomBodies, SCOPE, turn } from './bench.ts';
import { iterate } from '../iterate.ts';

/** T1, T2, T9: every entry once, in order, from wherever a reader begins. */
export function orderCases(kit: FeedKit): void {
  for (const [bus, hostility] of BUSES) {
    const { expect } = kit.api;

    kit.test(
      `T1 each entry comes once and in order, on ${bus}`,
      async (bench) => {
        const life = await bench.createLife();
        const readers = [0, 0, 1, 1].map((after) => readSeqs(bench, life.taskId, after));
        await live(life, seededRandom(1), 60);
        for (const [n, after] of [0, 0, 1, 1].entries()) {
          expect(await readers[n]).toEqual(range(after, life.head()));
        }
      },
      { hostility },
    );

    kit.test(
      `T2 snapshot and tail are the final task for whoever joins at any time, on ${bus}`,
      async (bench) => {
        const life = await bench.createLife();
        const random = seededRandom(2);
        const joined: Promise<StoredTask | undefined>[] = [];
        const over = new AbortController();
        const joining = (async () => {
          for (let n = 0; n < 120 && !over.signal.aborted; n += 1) {
            joined.push(readTask(bench, life.taskId));
            for (let turns = Math.floor(random() * 3); turns > 0; turns -= 1) await turn();
          }
        })();
        await live(life, random, 80);
        over.abort();
        await joining;
        const stored = await bench.storage.loadTask(life.taskId);
        expect(joined.length).toBeGreaterThan(10);
        for (const task of joined) expect(await task).toEqual(stored?.task);
      },
      { hostility },
    );
  }
  resumeCases(kit);
}

function resumeCases({ api: { expect }, test }: FeedKit): void {
  test('T9 a reader goes on after every position, of a task that lives and of one that has ended', async (bench) => {
    const life = await bench.createLife();
    await life.append(...randomBodies(seededRandom(3), 20));
    const early = range(0, life.head()).map((after) => readSeqs(bench, life.taskId, after));
    await live(life, seededRandom(4), 20);
    for (const [n, seqs] of early.entries()) expect(await seqs).toEqual(range(n + 1, life.head()));
    for (const after of [0, ...range(0, life.head())]) {
      expect(await readSeqs(bench, life.taskId, after)).toEqual(range(after, life.head()));
    }
  });

  test(
    'T9 a reader that falls behind reads pages, and catches up',
    async (bench) => {
      const life = await bench.createLife();
      const reader = iterate(bench.feed.tail(life.taskId, 1, new AbortController().signal));
      const seen: Seq[] = [];
      const random = seededRandom(5);
      for (let round = 0; round < 30; round += 1) {
        await life.append(...randomBodies(random, 1 + Math.floor(random() * 20)));
        const { value, done } = await reader.next();
        if (done !== true) seen.push(...value.map(({ seq }) => seq));
        if (random() < 0.5) await turn();
      }
      await life.append(COMPLETED);
      for (let next = await reader.next(); next.done !== true; next = await reader.next()) {
        seen.push(...next.value.map(({ seq }) => seq));
      }
      expect(seen).toEqual(range(1, life.head()));
      expect(bench.reads.count).toBeGreaterThan(1);
    },
    { limits: { ringEntries: 4, pageEntries: 3 } },
  );
}

/** A task's life until its end: entries, single or some at once, and messages, with turns of the loop between. */
async function live(life: Life, random: () => number, entries: number): Promise<void> {
  const bodies = randomBodies(random, entries);
  while (bodies.length > 0) {
    await life.append(...bodies.splice(0, 1 + Math.floor(random() * 4)));
    if (random() < 0.1) await life.say(`and ${bodies.length} more?`);
    for (let turns = Math.floor(random() * 4); turns > 0; turns -= 1) await turn();
  }
  await life.append(COMPLETED);
}

/** The numbers that a reader gets until the end. */
async function readSeqs({ feed }: FeedBench, taskId: TaskId, after: Seq): Promise<Seq[]> {
  const seqs: Seq[] = [];
  for await (const batch of iterate(feed.tail(taskId, after, new AbortController().signal))) {
    if (batch.length === 0) throw new Error('A batch is empty');
    seqs.push(...batch.map(({ seq }) => seq));
  }
  return seqs;
}

/** The task as somebody sees it who takes the snapshot and applies what comes after it. */
async function readTask({ feed }: FeedBench, taskId: TaskId): Promise<StoredTask | undefined> {
  const opened = await feed.open(taskId, SCOPE, new AbortController().signal);
  if (opened === undefined) return undefined;
  const fold = createFold(opened.snapshot.task);
  for await (const batch of iterate(opened.tail)) for (const entry of batch) fold.apply(entry);
  return fold.snapshot();
}

/** The numbers after `after`, up to `head`. */
function range(after: Seq, head: Seq): Seq[] {
  return Array.from({ length: Math.max(0, head - after) }, (_, n) => after + 1 + n);
}
