import type { StorageKit } from '../storage-suite.ts';
import { ANN, artifact, pause, status } from './bodies.ts';
import { reasonOf } from './bench.ts';

/** S11, S12: a cancel, and how long a run may still go on after it. */
export function cancelCases(kit: StorageKit): void {
  requestCases(kit);
  capCases(kit);
}

function requestCases({ api: { expect }, test, advance }: StorageKit): void {
  test('S11 cancel: a task that nobody runs is canceled at once, and never due again', async (bench) => {
    const taskId = await bench.createTask();
    const result = await bench.storage.requestCancel(ANN, taskId, 5 * bench.second, {
      why: 'changed my mind',
    });
    const entries = (await bench.log(taskId)).slice(1);
    expect(result).toEqual({ ok: true, seq: 2, closed: true, entries });
    const { ts, closed } = await bench.load(taskId);
    expect(entries).toEqual([
      { kind: 'cancel', metadata: { why: 'changed my mind' }, v: 1, seq: 2, ts: entries[0]?.ts, epoch: 0 },
      { kind: 'status', state: 'TASK_STATE_CANCELED', v: 1, seq: 3, ts, epoch: 0 },
    ]);
    expect(closed).toBe(true);
    expect(await bench.claimOne(taskId)).toBe(undefined);
    await bench.checkFold(taskId);
  });

  test('S11 cancel: so is one that waits for its client', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    await holder.append(pause(1, 20 * bench.second));
    const result = await bench.storage.requestCancel(ANN, taskId, 5 * bench.second);
    expect(result.ok && [result.seq, result.closed, result.entries.length]).toEqual([3, true, 2]);
    expect((await bench.load(taskId)).task.status.state).toBe('TASK_STATE_CANCELED');
  });

  test('S11 cancel: so is one that was given back', async (bench) => {
    const taskId = await bench.createTask();
    await bench.storage.release((await bench.take(taskId)).lease, 0, true);
    const result = await bench.storage.requestCancel(ANN, taskId, 5 * bench.second);
    expect(result.ok && result.closed).toBe(true);
  });

  test('S11 cancel: a running task only hears of it, and its run may end it as it likes', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    const result = await bench.storage.requestCancel(ANN, taskId, 30 * bench.second);
    expect(result.ok && [result.seq, result.closed, result.entries.map(({ kind }) => kind)]).toEqual([
      2,
      false,
      ['cancel'],
    ]);
    const renewed = await bench.storage.renew(holder.lease, 30 * bench.second);
    expect(renewed.ok && renewed.cancelRequested).toBe(true);
    expect(await bench.claimOne(taskId)).toBe(undefined);
    await holder.append(artifact('a', 'x'), status('COMPLETED'));
    expect((await bench.load(taskId)).task.status.state).toBe('TASK_STATE_COMPLETED');
  });

  test('S11 cancel: the second joins the first', async (bench) => {
    const taskId = await bench.createTask();
    await bench.take(taskId);
    await bench.storage.requestCancel(ANN, taskId, 30 * bench.second);
    const again = await bench.storage.requestCancel(ANN, taskId, 30 * bench.second, { other: 1 });
    expect(again).toEqual({ ok: true, seq: 2, closed: false, entries: [], duplicate: true });
    expect((await bench.log(taskId)).length).toBe(2);
  });

  test('S11 cancel: on a task that has ended it is refused with its state', async (bench) => {
    const taskId = await bench.createTask();
    await (await bench.take(taskId)).append(status('REJECTED'));
    const refused = { ok: false, reason: 'closed', state: 'TASK_STATE_REJECTED' };
    expect(await bench.storage.requestCancel(ANN, taskId, bench.second)).toEqual(refused);
    const canceled = await bench.createTask();
    await bench.storage.requestCancel(ANN, canceled, 0);
    expect(await bench.storage.requestCancel(ANN, canceled, 0)).toEqual({
      ...refused,
      state: 'TASK_STATE_CANCELED',
    });
  });

  test(
    'S11 cancel: a task whose lease has ended is canceled at once, and its late run is told so',
    async (bench) => {
      const taskId = await bench.createTask();
      const holder = await bench.take(taskId, 10 * bench.second);
      await advance(bench, 11 * bench.second);
      const result = await bench.storage.requestCancel(ANN, taskId, 5 * bench.second);
      expect(result.ok && result.closed).toBe(true);
      expect(reasonOf(await holder.tryAppend(status('COMPLETED')))).toBe('closed');
      expect(await bench.claimOne(taskId)).toBe(undefined);
      expect((await bench.checkFold(taskId)).length).toBe(3);
    },
    { hooks: ['advance'] },
  );

  test('S11 cancel: a task that is given back while it is wanted is due at once', async (bench) => {
    const taskId = await bench.createTask();
    const { lease } = await bench.take(taskId);
    await bench.storage.requestCancel(ANN, taskId, 30 * bench.second);
    await bench.storage.release(lease, 60 * bench.second, false);
    expect((await bench.claimOne(taskId))?.cancelRequested).toBe(true);
  });
}

function capCases({ api: { expect }, test, advance }: StorageKit): void {
  test(
    'S12 cap: after a cancel no renew reaches past the grace, and the next claimer hears of it',
    async (bench) => {
      const { second, storage } = bench;
      const taskId = await bench.createTask();
      const { lease } = await bench.take(taskId, 30 * second);
      await storage.requestCancel(ANN, taskId, 5 * second);
      const first = await storage.renew(lease, 30 * second);
      expect(first.ok ? first.leftMs : Infinity).toBeLessThanOrEqual(5 * second);
      await advance(bench, 3 * second);
      const later = await storage.renew(lease, 30 * second);
      expect(later.ok ? later.leftMs : Infinity).toBeLessThanOrEqual(2 * second);
      expect(await bench.claimOne(taskId)).toBe(undefined);
      await advance(bench, 3 * second);
      const holder = await bench.take(taskId);
      expect([holder.claimed.cancelRequested, holder.claimed.reason]).toEqual([true, 'lease-expired']);
      await holder.append(status('CANCELED'));
      expect(await bench.claimOne(taskId)).toBe(undefined);
    },
    { hooks: ['advance'] },
  );

  test(
    'S12 cap: a renew after the grace gives no more time',
    async (bench) => {
      const taskId = await bench.createTask();
      const { lease } = await bench.take(taskId, 30 * bench.second);
      await bench.storage.requestCancel(ANN, taskId, 5 * bench.second);
      await advance(bench, 6 * bench.second);
      const late = await bench.storage.renew(lease, 30 * bench.second);
      expect(late.ok ? late.leftMs : 0).toBe(0);
      expect((await bench.claimOne(taskId))?.cancelRequested).toBe(true);
    },
    { hooks: ['advance'] },
  );

  test(
    'S12 cap: a grace longer than the lease does not prolong it',
    async (bench) => {
      const taskId = await bench.createTask();
      const { lease } = await bench.take(taskId, 10 * bench.second);
      await bench.storage.requestCancel(ANN, taskId, 60 * bench.second);
      await bench.storage.renew(lease, 60 * bench.second);
      await advance(bench, 11 * bench.second);
      expect((await bench.claimOne(taskId))?.cancelRequested).toBe(true);
    },
    { hooks: ['advance'] },
  );

  test(
    'S12 cap: a second cancel with a longer grace changes nothing',
    async (bench) => {
      const taskId = await bench.createTask();
      await bench.take(taskId, 30 * bench.second);
      await bench.storage.requestCancel(ANN, taskId, 5 * bench.second);
      await bench.storage.requestCancel(ANN, taskId, 25 * bench.second);
      await advance(bench, 6 * bench.second);
      expect((await bench.claimOne(taskId))?.cancelRequested).toBe(true);
    },
    { hooks: ['advance'] },
  );
}
