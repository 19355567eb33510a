import { foldLog } from '../../core/fold.ts';
import type { TaskId } from '../../core/log.ts';
import { eventually } from '../eventually.ts';
import type { StorageKit } from '../storage-suite.ts';
import { ANN, artifact, chunk, pause, start, status } from './bodies.ts';
import { createBench, newTask, type Bench } from './bench.ts';
import { writeOn } from './process-cases.ts';

/** S17, S18, S21, S22: what writing costs, time, what is removed, and what survives. */
export function upkeepCases(kit: StorageKit): void {
  costCases(kit);
  clockCases(kit);
  retentionCases(kit);
  restartCases(kit);
}

function costCases({ api: { expect }, test, hooks }: StorageKit): void {
  test(
    'S17 cost: an append touches no more entries and writes no more bytes when the task is large',
    async (bench) => {
      const taskId = await bench.createTask();
      const holder = await bench.take(taskId);
      await holder.append(start(), artifact('a', '0000'));
      const costOf = async () => {
        const before = await hooks.work?.(bench.storage, taskId);
        for (let n = 0; n < 100; n += 1) await holder.append(chunk('a', 'word'));
        const after = await hooks.work?.(bench.storage, taskId);
        return [(after?.entries ?? 0) - (before?.entries ?? 0), (after?.bytes ?? 0) - (before?.bytes ?? 0)];
      };
      const [entries = 0, bytes = 0] = await costOf();
      for (let n = 0; n < 100; n += 1)
        await holder.append(...Array.from({ length: 200 }, () => chunk('a', 'word')));
      const [entriesLater = 0, bytesLater = 0] = await costOf();
      expect(entriesLater).toBeLessThanOrEqual(entries);
      // numbers with more digits are allowed for
      expect(bytesLater).toBeLessThanOrEqual(bytes * 1.2);
    },
    { hooks: ['work'] },
  );

  test('S17 cost: a token stream of 5,000 chunks is one part', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    await holder.append(artifact('a', ''));
    for (let n = 0; n < 50; n += 1)
      await holder.append(...Array.from({ length: 100 }, (_, i) => chunk('a', `${String(n * 100 + i)} `)));
    await holder.append(
      artifact('a', '', { append: true, join: true, lastChunk: true }),
      status('COMPLETED'),
    );
    const text = Array.from({ length: 5000 }, (_, n) => `${String(n)} `).join('');
    expect((await bench.load(taskId)).task.artifacts).toEqual([{ artifactId: 'a', parts: [{ text }] }]);
  });

  test('S17 cost: a checkpoint changes no result', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    for (let n = 0; n < 60; n += 1) {
      await holder.append(chunk('a', String(n)), artifact(`b${String(n % 3)}`, String(n)));
      const { task, seq } = await bench.load(taskId);
      if (n % 7 === 0) await bench.storage.checkpoint?.(taskId, seq, task, 5);
      // an older one than there is
      if (n % 11 === 0) await bench.storage.checkpoint?.(taskId, 1, (await bench.load(taskId)).task, 0);
    }
    const { task, seq, first } = await bench.load(taskId);
    expect([seq, first]).toEqual([121, 1]);
    expect(task).toEqual(foldLog(await bench.log(taskId)));
    await bench.storage.release(holder.lease, 0, false);
    expect((await bench.take(taskId)).claimed.pending.length).toBe(1);
  });

  test('S17 cost: a checkpoint trims what it covers, but for what is to be kept', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    for (let n = 0; n < 50; n += 1) await holder.append(chunk('a', String(n)));
    await holder.append(pause(1));
    const covered = await bench.load(taskId);
    await bench.say(taskId, 'm');
    const before = await bench.load(taskId);
    await bench.storage.checkpoint?.(taskId, covered.seq, covered.task, 20);
    const after = await bench.load(taskId);
    expect(after.task).toEqual(before.task);
    expect(after.first).toBeLessThanOrEqual(33);
    expect((await bench.take(taskId)).claimed.pending.map(({ seq }) => seq)).toEqual([53]);
  });
}

function clockCases({ api: { expect }, test, hooks, advance }: StorageKit): void {
  const shift = (bench: Bench, ms: number) => hooks.shiftWall?.(bench.storage, ms);

  test(
    'S18 time: status timestamps do not go back when the clock does',
    async (bench) => {
      const taskId = await bench.createTask();
      const holder = await bench.take(taskId);
      for (const ms of [0, -3_600_000, 5, 7_200_000, -1]) {
        await shift(bench, ms);
        await holder.append(status('WORKING'), artifact('a', 'x'));
      }
      const times = (await bench.checkFold(taskId)).map(({ ts }) => ts);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect((await bench.load(taskId)).task.status.timestamp).toBe(
        new Date(times.at(-2) ?? 0).toISOString(),
      );
    },
    { hooks: ['shiftWall'] },
  );

  test(
    'S18 time: the clock put back or forward by an hour neither ends a lease nor prolongs it',
    async (bench) => {
      for (const ms of [-3_600_000, 3_600_000]) {
        const taskId = await bench.createTask();
        await bench.take(taskId, 30 * bench.second);
        await shift(bench, ms);
        await advance(bench, 29 * bench.second);
        expect(await bench.claimOne(taskId)).toBe(undefined);
        await advance(bench, 2 * bench.second);
        expect((await bench.claimOne(taskId))?.reason).toBe('lease-expired');
      }
    },
    { hooks: ['shiftWall', 'advance'] },
  );

  test('S18 time: the status timestamp, the entry and the sort key of the list are the same millisecond', async (bench) => {
    const ids = [await bench.createTask(), await bench.createTask()];
    for (const taskId of ids) await (await bench.take(taskId)).append(status('WORKING'), artifact('a', 'x'));
    const page = await bench.storage.listTasks(ANN, { limit: 1, includeArtifacts: false });
    const [, entry] = await bench.log(page.next?.id ?? '');
    const { timestamp } = (await bench.load(page.next?.id ?? '')).task.status;
    expect(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(timestamp)).toBe(true);
    expect([page.next?.ts, Date.parse(timestamp)]).toEqual([entry?.ts, entry?.ts]);
  });
}

async function finish(bench: Bench, taskId: TaskId): Promise<TaskId> {
  await (await bench.take(taskId)).append(artifact('a', 'x'), status('COMPLETED'));
  return taskId;
}

async function sweepAll({ storage }: Bench): Promise<number> {
  let count = 0;
  for (let swept = await storage.sweep(3); swept > 0; swept = await storage.sweep(3)) count += swept;
  return count;
}

function retentionCases({ api: { expect }, test, hooks, advance }: StorageKit): void {
  test(
    'S21 retention: the log of a finished task goes first, the task itself stays',
    async (bench) => {
      const taskId = await finish(bench, await bench.createTask());
      const before = await bench.load(taskId);
      await advance(bench, 11 * bench.second);
      await sweepAll(bench);
      expect(await bench.load(taskId)).toEqual({ ...before, first: 4 });
      expect(await bench.storage.read(taskId, 0, 10, 1e6)).toEqual({
        entries: [],
        head: 3,
        first: 4,
        closed: true,
      });
      expect((await bench.storage.listTasks(ANN, { limit: 1, includeArtifacts: true })).tasks).toEqual([
        before.task,
      ]);
    },
    { hooks: ['advance', 'retention'], logMs: 10_000, finishedMs: 600_000 },
  );

  test(
    'S21 retention: a finished task is gone when its time is over, one that has not ended stays',
    async (bench) => {
      const [done, active, message] = [
        await bench.createTask(),
        await bench.createTask(),
        await bench.createTask({ answers: 'message' }),
      ];
      await finish(bench, done);
      await (
        await bench.take(message)
      ).append({ kind: 'message', message: { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: '' }] } });
      await advance(bench, 61 * bench.second);
      await sweepAll(bench);
      expect([...(await bench.storage.heads([done, active, message])).keys()]).toEqual([active]);
      expect(await bench.storage.loadTask(done)).toBe(undefined);
      expect((await bench.storage.listTasks(ANN, { limit: 9, includeArtifacts: false })).total).toBe(1);
      expect((await bench.storage.read(done, 0, 9, 1e6)).head).toBe(0);
      expect(await bench.createTask({ id: done })).toBe(done);
    },
    { hooks: ['advance', 'retention'], logMs: 10_000, finishedMs: 60_000 },
  );

  test(
    'S21 retention: of too many finished tasks those that finished first go',
    async (bench) => {
      const ids = [];
      for (let n = 0; n < 8; n += 1) ids.push(await bench.createTask());
      for (const taskId of [...ids].reverse()) await finish(bench, taskId);
      await sweepAll(bench);
      expect([...(await bench.storage.heads(ids)).keys()]).toEqual(ids.slice(0, 5));
      expect((await bench.storage.listTasks(ANN, { limit: 9, includeArtifacts: false })).total).toBe(5);
    },
    { hooks: ['retention'], finishedTasks: 5 },
  );

  test(
    'S21 retention: sweep removes at most as many as it is told',
    async (bench) => {
      for (let n = 0; n < 10; n += 1) await finish(bench, await bench.createTask());
      await advance(bench, 61 * bench.second);
      expect(await bench.storage.sweep(3)).toBeLessThanOrEqual(3);
      expect(await sweepAll(bench)).toBeGreaterThan(0);
      expect(await bench.storage.sweep(100)).toBe(0);
    },
    { hooks: ['advance', 'retention'], logMs: 10_000, finishedMs: 60_000 },
  );

  test(
    'S21 retention: nothing is left of tasks and keys whose time is over',
    async (bench) => {
      const idempotency = { key: 'k', fingerprint: 'f', windowMs: 30 * bench.second };
      await finish(bench, (await bench.storage.createTask(newTask({ id: 'keyed', idempotency }))).taskId);
      for (let n = 0; n < 20; n += 1) {
        const taskId = await bench.createTask({
          contextId: `context-${String(n)}`,
          answers: n % 2 === 0 ? 'task' : 'message',
        });
        if (n % 3 === 0) await finish(bench, taskId);
        else await bench.storage.requestCancel(ANN, taskId, 0);
      }
      await advance(bench, 61 * bench.second);
      await sweepAll(bench);
      expect(await hooks.usage?.(bench.storage)).toBe(0);
    },
    { hooks: ['advance', 'retention', 'usage'], logMs: 10_000, finishedMs: 60_000 },
  );

  test(
    'S21 retention: an idempotency key stays for its window, though its task is gone',
    async (bench) => {
      const idempotency = { key: 'k', fingerprint: 'f', windowMs: 600 * bench.second };
      await finish(bench, await bench.createTask({ id: 'keyed', idempotency }));
      await advance(bench, 61 * bench.second);
      await sweepAll(bench);
      expect(await bench.storage.loadTask('keyed')).toBe(undefined);
      expect(await bench.storage.createTask(newTask({ id: 'again', idempotency }))).toEqual({
        ...{ created: false, taskId: 'keyed', seq: 1 },
      });
      expect(await bench.storage.loadTask('again')).toBe(undefined);
    },
    { hooks: ['advance', 'retention'], logMs: 10_000, finishedMs: 60_000 },
  );

  test('S21 retention: an empty storage has nothing to sweep', async (bench) => {
    expect(await bench.storage.sweep(100)).toBe(0);
  });
}

function restartCases({ api, test, hooks }: StorageKit): void {
  const { expect } = api;
  test('S22 restart: init once more, and twice at once, changes nothing', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    await holder.append(start());
    const before = await bench.load(taskId);
    await Promise.all([bench.storage.init(), bench.storage.init()]);
    expect(await bench.load(taskId)).toEqual(before);
    expect(await bench.claimOne(taskId)).toBe(undefined);
    await holder.append(status('COMPLETED'));
    await bench.storage.init();
    expect((await bench.checkFold(taskId)).length).toBe(3);
  });

  test(
    'S22 restart: what was acknowledged when the store was killed is there after it, without a hole',
    async (bench) => {
      const names = ['one', 'two', 'three'];
      const writers = await Promise.all(names.map((id) => writeOn(bench, id)));
      await eventually(
        () => writers.every(({ acknowledged }) => acknowledged() > 50),
        'fifty acknowledged appends of each task',
      );
      const storage = await hooks.restart?.(bench.storage);
      for (const writer of writers) writer.stop();
      await Promise.all(writers.map(({ ended }) => ended));
      if (storage === undefined) return;
      const after = createBench(storage, bench.second, api);
      for (const writer of writers) await writer.check(after);
    },
    { hooks: ['restart'] },
  );
}
