import type { TaskId } from '../../core/log.ts';
import type { Storage } from '../../core/storage.ts';
import type { StorageKit } from '../storage-suite.ts';
import { ANN, pause, start } from './bodies.ts';
import type { Bench } from './bench.ts';
import { rounds } from './rounds.ts';

/** S8: who gets which task, and when. */
export function claimCases(kit: StorageKit): void {
  takingCases(kit);
  timeCases(kit);
  attemptCases(kit);
}

function takingCases({ api: { expect }, test, hooks }: StorageKit): void {
  test('S8 claim: eight claimers share 1,000 tasks and none gets a task twice', async (bench) => {
    await checkShared(
      bench,
      Array.from({ length: 8 }, () => bench.storage),
      expect,
    );
  });

  test(
    'S8 claim: claimers on several handles share 1,000 tasks and none gets a task twice',
    async (bench) => {
      const others = await Promise.all([1, 2, 3].map(async () => hooks.connect?.(bench.storage)));
      const handles = others.filter((other) => other !== undefined);
      await checkShared(bench, [bench.storage, ...handles, ...handles], expect);
    },
    { hooks: ['connect'] },
  );

  test('S8 claim: gives at most `limit` tasks, and with 0 none', async (bench) => {
    for (let n = 0; n < 5; n += 1) await bench.createTask();
    const by = { worker: 'w', agent: ANN.agent, leaseMs: 30 * bench.second };
    const sizes: number[] = [];
    for (const limit of [0, 2, 2, 2, 2]) sizes.push((await bench.storage.claim({ ...by, limit })).length);
    expect(sizes).toEqual([0, 2, 2, 1, 0]);
  });

  test('S8 claim: gives only tasks of the agent', async (bench) => {
    const one = await bench.createTask();
    const two = await bench.createTask({ scope: { ...ANN, agent: 'another' } });
    const by = { worker: 'w', limit: 9, leaseMs: 30 * bench.second };
    expect(await bench.storage.claim({ ...by, agent: 'another', taskId: one })).toEqual([]);
    expect(idsOf(await bench.storage.claim({ ...by, agent: 'another' }))).toEqual([two]);
    expect(idsOf(await bench.storage.claim({ ...by, agent: ANN.agent }))).toEqual([one]);
  });

  test('S8 claim: by name it gives that task and no other, and only if it is due', async (bench) => {
    const [one, two] = [await bench.createTask(), await bench.createTask()];
    const by = { worker: 'w', agent: ANN.agent, limit: 9, leaseMs: 30 * bench.second };
    expect(idsOf(await bench.storage.claim({ ...by, taskId: two }))).toEqual([two]);
    expect(await bench.storage.claim({ ...by, taskId: two })).toEqual([]);
    expect(await bench.storage.claim({ ...by, taskId: 'unknown' })).toEqual([]);
    expect(idsOf(await bench.storage.claim(by))).toEqual([one]);
  });

  test('S8 claim: each lease has an id of its own and a higher epoch', async (bench) => {
    const taskId = await bench.createTask();
    const leases = [];
    for (let n = 0; n < 3; n += 1) {
      const { lease } = await bench.take(taskId);
      leases.push(lease);
      await bench.storage.release(lease, 0, true);
    }
    expect(leases.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(new Set(leases.map(({ id }) => id)).size).toBe(3);
  });
}

function timeCases({ api: { expect }, test, advance }: StorageKit): void {
  test(
    'S8 claim: the task that has been due for longest comes first',
    async (bench) => {
      const { second } = bench;
      const created: TaskId[] = [];
      for (let n = 0; n < 6; n += 1) {
        created.push(await bench.createTask({ id: `task-${String(9 - n)}` }));
        await advance(bench, second);
      }
      const [first = '', ...others] = created;
      // given back, it is the newest that is due
      await bench.storage.release((await bench.take(first)).lease, 0, true);
      await advance(bench, second);
      const by = { worker: 'w', agent: ANN.agent, limit: 3, leaseMs: 30 * second };
      const claimed = [...(await bench.storage.claim(by)), ...(await bench.storage.claim(by))];
      expect(idsOf(claimed)).toEqual([...others, first]);
    },
    { hooks: ['advance'] },
  );

  test(
    'S8 claim: a task with a live lease is not given, one whose lease has ended is',
    async (bench) => {
      const taskId = await bench.createTask();
      await bench.take(taskId, 10 * bench.second);
      await advance(bench, 9 * bench.second);
      expect(await bench.claimOne(taskId)).toBe(undefined);
      await advance(bench, 2 * bench.second);
      const claimed = await bench.claimOne(taskId);
      expect(claimed && [claimed.reason, claimed.attempt]).toEqual(['lease-expired', 2]);
    },
    { hooks: ['advance'] },
  );

  test(
    'S8 claim: a lease that is renewed does not end',
    async (bench) => {
      const taskId = await bench.createTask();
      const { lease } = await bench.take(taskId, 10 * bench.second);
      for (let n = 0; n < 5; n += 1) {
        await advance(bench, 6 * bench.second);
        const renewed = await bench.storage.renew(lease, 10 * bench.second);
        const { leftMs = 0, ...others } = renewed.ok ? renewed : {};
        expect(others).toEqual({ ok: true, cancelRequested: false, inputSeq: 1 });
        expect(leftMs).toBeGreaterThan(8 * bench.second);
        expect(leftMs).toBeLessThanOrEqual(10 * bench.second);
        expect(await bench.claimOne(taskId)).toBe(undefined);
      }
      await advance(bench, 11 * bench.second);
      expect((await bench.claimOne(taskId))?.reason).toBe('lease-expired');
    },
    { hooks: ['advance'] },
  );

  test(
    'S8 claim: a renew never shortens a lease',
    async (bench) => {
      const taskId = await bench.createTask();
      const { lease } = await bench.take(taskId, 30 * bench.second);
      const renewed = await bench.storage.renew(lease, 5 * bench.second);
      expect(renewed.ok ? renewed.leftMs : 0).toBeGreaterThan(25 * bench.second);
      await advance(bench, 28 * bench.second);
      expect(await bench.claimOne(taskId)).toBe(undefined);
    },
    { hooks: ['advance'] },
  );

  test(
    'S8 claim: a task that was given back with a delay is due after it',
    async (bench) => {
      const taskId = await bench.createTask();
      const { lease } = await bench.take(taskId);
      await bench.storage.release(lease, 10 * bench.second, false);
      await advance(bench, 9 * bench.second);
      expect(await bench.claimOne(taskId)).toBe(undefined);
      await advance(bench, 2 * bench.second);
      const claimed = await bench.claimOne(taskId);
      expect(claimed && [claimed.reason, claimed.attempt]).toEqual(['work', 2]);
    },
    { hooks: ['advance'] },
  );
}

function attemptCases({ api: { expect }, test, advance }: StorageKit): void {
  const lose = (bench: Bench) => advance(bench, 31 * bench.second);

  test(
    'S8 claim: tells of a lost attempt whether the agent may have run',
    async (bench) => {
      const taskId = await bench.createTask();
      const seen = [];
      for (const starts of [false, true, false, false]) {
        const holder = await bench.take(taskId);
        seen.push([holder.claimed.attempt, holder.claimed.startedBefore]);
        if (starts) await holder.append(start());
        await lose(bench);
      }
      // an attempt that was lost before its start does not undo that an earlier one may have run
      expect(seen).toEqual([
        [1, false],
        [2, false],
        [3, true],
        [4, true],
      ]);
    },
    { hooks: ['advance'] },
  );

  test('S8 claim: a task that was given back cleanly begins with its first attempt again', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    await holder.append(start());
    await bench.storage.release(holder.lease, 0, true);
    const claimed = await bench.claimOne(taskId);
    expect(claimed && [claimed.attempt, claimed.startedBefore, claimed.reason]).toEqual([1, false, 'work']);
  });

  test('S8 claim: a task that was given back otherwise counts the attempt', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    await holder.append(start());
    await bench.storage.release(holder.lease, 0, false);
    const claimed = await bench.claimOne(taskId);
    expect(claimed && [claimed.attempt, claimed.startedBefore, claimed.reason]).toEqual([2, true, 'work']);
  });

  test('S8 claim: after a pause the attempts begin anew, and only what is new is pending', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    await holder.append(start());
    await holder.append(pause(1));
    await bench.say(taskId, 'm');
    await bench.say(taskId, 'n');
    const claimed = await bench.claimOne(taskId);
    expect(claimed && [claimed.attempt, claimed.startedBefore, claimed.reason, claimed.doneSeq]).toEqual([
      1,
      false,
      'work',
      1,
    ]);
    const inputs = (await bench.log(taskId)).filter(({ kind }) => kind === 'input');
    expect(inputs.length).toBe(2);
    bench.checkPending(claimed, inputs);
  });

  test('S8 claim: what a lost run had not finished is pending again, with what came meanwhile', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    await bench.say(taskId, 'm');
    await bench.storage.release(holder.lease, 0, false);
    const claimed = await bench.claimOne(taskId);
    bench.checkPending(claimed, await bench.log(taskId));
  });
}

/** Claimers take all of many tasks at once. */
export async function checkShared(
  bench: Bench,
  handles: readonly Storage[],
  expect: StorageKit['api']['expect'],
): Promise<void> {
  const created: TaskId[] = [];
  await rounds(bench.rounds, async () => {
    created.push(await bench.createTask());
  });
  const claimed = await Promise.all(
    handles.map(async (storage, index) => {
      const own: TaskId[] = [];
      for (;;) {
        const by = {
          worker: `w${String(index)}`,
          agent: ANN.agent,
          limit: 1 + (index % 5),
          leaseMs: 300 * bench.second,
        };
        const ids = idsOf(await storage.claim(by));
        if (ids.length === 0) return own;
        own.push(...ids);
      }
    }),
  );
  expect(claimed.flat().sort()).toEqual(created.sort());
}

function idsOf(claimed: Awaited<ReturnType<Storage['claim']>>): TaskId[] {
  return claimed.map(({ lease }) => lease.taskId);
}
