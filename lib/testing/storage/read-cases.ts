import { foldLog } from '../../core/fold.ts';
import type { EntryBody } from '../../core/log.ts';
import type { StorageKit } from '../storage-suite.ts';
import { ANN, artifact, pause, said, start, status } from './bodies.ts';
import { taken, type Bench } from './bench.ts';

/** S4, S13: what readers get while others write. */
export function readCases(kit: StorageKit): void {
  pageCases(kit);
  trimCases(kit);
  snapshotCases(kit);
}

async function taskOf(bench: Bench, count: number): Promise<string> {
  const taskId = await bench.createTask();
  const holder = await bench.take(taskId);
  await holder.append(
    ...Array.from({ length: count - 1 }, (_, n) => artifact(`a${String(n)}`, 'x'.repeat(100))),
  );
  return taskId;
}

function pageCases({ api: { expect }, test }: StorageKit): void {
  test('S13 read: gives the entries after a position, and no more than asked for', async (bench) => {
    const taskId = await taskOf(bench, 10);
    const read = async (after: number, limit: number) =>
      (await bench.storage.read(taskId, after, limit, 1e9)).entries.map(({ seq }) => seq);
    expect(await read(0, 3)).toEqual([1, 2, 3]);
    expect(await read(3, 3)).toEqual([4, 5, 6]);
    expect(await read(7, 100)).toEqual([8, 9, 10]);
    expect(await read(10, 100)).toEqual([]);
    expect(await read(500, 100)).toEqual([]);
  });

  test('S13 read: keeps to maxBytes, but gives at least one entry', async (bench) => {
    const taskId = await taskOf(bench, 10);
    const count = async (maxBytes: number) =>
      (await bench.storage.read(taskId, 1, 100, maxBytes)).entries.length;
    expect(await count(1)).toBe(1);
    expect(await count(0)).toBe(1);
    const some = await count(1000);
    expect(some).toBeGreaterThan(1);
    // each entry has 100 bytes of text alone
    expect(some).toBeLessThanOrEqual(9);
    expect(await count(1e6)).toBe(9);
  });

  test('S13 read: tells head, first and closed with every page, also with an empty one', async (bench) => {
    const taskId = await taskOf(bench, 5);
    const facts = { head: 5, first: 1, closed: false };
    expect({ ...(await bench.storage.read(taskId, 0, 2, 1e6)), entries: [] }).toEqual({
      ...facts,
      entries: [],
    });
    expect(await bench.storage.read(taskId, 5, 2, 1e6)).toEqual({ ...facts, entries: [] });
  });

  test('S13 read: an unknown task reads as empty', async (bench) => {
    const { entries, head, closed } = await bench.storage.read('unknown', 0, 10, 1e6);
    expect({ entries, head, closed }).toEqual({ entries: [], head: 0, closed: false });
  });

  test('S13 read: heads tells of many tasks at once and leaves unknown ones out', async (bench) => {
    const [one, two] = [await taskOf(bench, 4), await bench.createTask()];
    await (await bench.take(two)).append(status('COMPLETED'));
    const heads = await bench.storage.heads([one, 'unknown', two]);
    expect([...heads].sort()).toEqual([
      [one, { head: 4, closed: false }],
      [two, { head: 2, closed: true }],
    ]);
    expect((await bench.storage.heads([])).size).toBe(0);
  });
}

function trimCases({ api: { expect }, test }: StorageKit): void {
  test(
    'S13 trim: a long log loses its oldest entries, tells so, and the task stays whole',
    async (bench) => {
      const taskId = await bench.createTask();
      for (let turn = 0; turn < 10; turn += 1) {
        const holder = await bench.take(taskId);
        await holder.append(
          ...Array.from({ length: 20 }, (_, n) => artifact(`${String(turn)}-${String(n)}`, 'x')),
        );
        await holder.append(pause((await bench.load(taskId)).seq));
        await bench.say(taskId, `m${String(turn)}`);
      }
      const { head, first } = await bench.storage.read(taskId, 0, 10, 1e6);
      expect(first).toBeGreaterThan(1);
      expect(head - first).toBeLessThanOrEqual(100);
      const { task, first: told, seq } = await bench.load(taskId);
      expect([told, seq]).toEqual([first, head]);
      expect([task.artifacts?.length, task.history?.length]).toEqual([200, 11]);
      const entries = await bench.log(taskId);
      expect([entries[0]?.seq, entries.at(-1)?.seq]).toEqual([first, head]);
      // what the client last said stays readable, also when it has been processed
      const last = entries.findLast(({ kind }) => kind === 'input');
      expect(last?.kind === 'input' && last.message).toEqual(said('m9'));
    },
    { hooks: ['limits'], logEntries: 50 },
  );

  test(
    'S13 trim: never goes past the newest message, though it has been processed',
    async (bench) => {
      const taskId = await bench.createTask();
      await bench.say(taskId, 'm');
      for (let upTo = 2, turn = 0; turn < 3; turn += 1) {
        const holder = await bench.take(taskId);
        for (let n = 0; n < 100; n += 1) await holder.append(artifact('a', String(n)));
        await holder.append(pause(upTo, undefined, 'AUTH_REQUIRED'));
        upTo = taken(await bench.storage.addInput(ANN, taskId, { resume: turn })).seq;
      }
      const log = await bench.log(taskId);
      expect(log.some((entry) => entry.kind === 'input' && entry.message.messageId === 'm')).toBe(true);
    },
    { hooks: ['limits'], logEntries: 50 },
  );

  test(
    'S13 trim: never goes past an input that no finished run has processed',
    async (bench) => {
      const taskId = await bench.createTask();
      const holder = await bench.take(taskId);
      for (let n = 0; n < 100; n += 1) await holder.append(artifact('a', String(n)));
      await bench.say(taskId, 'm');
      expect((await bench.log(taskId)).length).toBe(102);
      expect((await holder.append(pause(1))).more).toBe(true);
      for (let n = 0; n < 100; n += 1) await holder.append(artifact('b', String(n)));
      const { first } = await bench.load(taskId);
      expect(first).toBeGreaterThan(1);
      expect(first).toBeLessThanOrEqual(102);
      await bench.storage.release(holder.lease, 0, false);
      const { pending } = (await bench.take(taskId)).claimed;
      expect(pending.map((entry) => entry.kind === 'input' && entry.message)).toEqual([said('m')]);
    },
    { hooks: ['limits'], logEntries: 50 },
  );
}

function snapshotCases({ api: { expect }, test, hooks, advance }: StorageKit): void {
  test(
    'S4 snapshot: its time is that of its newest entry, whatever that is',
    async (bench) => {
      const taskId = await bench.createTask();
      const holder = await bench.take(taskId);
      for (const body of [status('WORKING'), artifact('a', 'x'), start()]) {
        await advance(bench, bench.second);
        // `advance` may move leases only, and a store be fast enough for two entries in a millisecond
        await new Promise((resolve) => setTimeout(resolve, 5));
        const { entries } = await holder.append(body);
        expect((await bench.load(taskId)).ts).toBe(entries[0]?.ts);
      }
      const times = (await bench.checkFold(taskId)).map(({ ts }) => ts);
      expect(new Set(times).size).toBe(4);
    },
    { hooks: ['advance'] },
  );

  test('S4 snapshot: loaded at any moment, the task is the fold of its log up to that entry', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    const snapshots = [];
    const writes: Promise<unknown>[] = [];
    for (let n = 0; n < 100; n += 1) {
      writes.push(holder.append(...burst(n)));
      if (n % 7 === 0) writes.push(bench.say(taskId, `m${String(n)}`));
      snapshots.push(bench.load(taskId));
      if (n % 5 === 0) await new Promise(setImmediate);
    }
    await Promise.all(writes);
    const entries = await bench.checkFold(taskId);
    for (const { task, seq, ts, first } of await Promise.all(snapshots)) {
      expect(task).toEqual(foldLog(entries.slice(0, seq)));
      expect([ts, first]).toEqual([entries[seq - 1]?.ts, 1]);
    }
  });

  test('S4 snapshot: one that was handed out does not change when the task goes on', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    await holder.append(...burst(0), ...burst(1));
    const snapshot = await bench.load(taskId);
    const before = JSON.stringify(snapshot);
    await holder.append(...burst(2), status('COMPLETED', { metadata: { end: true } }));
    expect(JSON.stringify(snapshot)).toBe(before);
  });

  test(
    'S4 snapshot: another handle loads what was written, and not less',
    async (bench) => {
      const other = await hooks.connect?.(bench.storage);
      const taskId = await bench.createTask();
      const holder = await bench.take(taskId);
      for (let n = 0; n < 50; n += 1) {
        const { seq } = await holder.append(...burst(n));
        const snapshot = await other?.loadTask(taskId);
        expect(snapshot?.seq).toBe(seq);
        expect(snapshot).toEqual(await bench.load(taskId));
      }
    },
    { hooks: ['connect'] },
  );
}

function burst(n: number): EntryBody[] {
  const text = String(n);
  return [
    start(),
    artifact('joined', text, { append: n > 0, ...(n > 0 && { join: true as const }) }),
    artifact('grown', text, { append: n > 0 }),
    artifact('replaced', text),
    status('WORKING', {
      ...{ message: { messageId: text, role: 'ROLE_AGENT' as const, parts: [{ text }] } },
      ...{ metadata: { [`key${String(n % 3)}`]: n } },
    }),
  ];
}
