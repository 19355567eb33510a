import type { StorageKit } from '../storage-suite.ts';
import { ANN, said, status } from './bodies.ts';
import { codeOf, newTask } from './bench.ts';

/** S1: what a new task is. */
export function createCases({ api: { expect }, test, advance }: StorageKit): void {
  test('S1 create: the first entry is the open entry with the task, its request and its kind', async (bench) => {
    const request = { extensions: ['urn:x'], metadata: { a: 1 }, caller: { plan: 'free' } };
    const init = newTask({ id: 'one', request, task: { metadata: { kept: true } } });
    const { entry, ...created } = { entry: undefined, ...(await bench.storage.createTask(init)) };
    expect(created).toEqual({ created: true, taskId: 'one', seq: 1 });
    const { entries, head, first, closed } = await bench.storage.read('one', 0, 10, 1e6);
    expect({ head, first, closed }).toEqual({ head: 1, first: 1, closed: false });
    const { task, ts, seq } = await bench.load('one');
    const timestamp = new Date(ts).toISOString();
    expect(task).toEqual({ ...init.task, status: { state: 'TASK_STATE_SUBMITTED', timestamp } });
    expect(seq).toBe(1);
    expect(entries).toEqual([{ kind: 'open', task, request, answers: 'task', v: 1, seq: 1, ts, epoch: 0 }]);
    expect(entry).toEqual(entries[0]);
  });

  test('S1 create: a new task is due at once, with its open entry pending', async (bench) => {
    const taskId = await bench.createTask();
    const { claimed } = await bench.take(taskId);
    const pending = await bench.log(taskId);
    const { lease, ...others } = claimed;
    expect({ taskId: lease.taskId, epoch: lease.epoch }).toEqual({ taskId, epoch: 1 });
    expect(others).toEqual({
      ...{ scope: ANN, answers: 'task', doneSeq: 0, head: 1, pending, attempt: 1, startedBefore: false },
      ...{ cancelRequested: false, reason: 'work', newest: pending[0] },
    });
  });

  test('S1 create: a name that is taken is refused, also for another scope, and nothing changes', async (bench) => {
    await bench.createTask({ id: 'one' });
    const before = await bench.log('one');
    expect(await codeOf(bench.createTask({ id: 'one', contextId: 'context-2' }))).toBe('exists');
    expect(await codeOf(bench.createTask({ id: 'one', scope: { ...ANN, owner: 'bob' } }))).toBe('exists');
    expect(await bench.log('one')).toEqual(before);
    expect((await bench.storage.listTasks(ANN, { limit: 9, includeArtifacts: false })).total).toBe(1);
  });

  test('S1 create: the same idempotency key gives the first task, and its reuse for another call is refused', async (bench) => {
    const idempotency = { key: 'k', fingerprint: 'f', windowMs: 60 * bench.second };
    const { storage } = bench;
    await storage.createTask(newTask({ id: 'one', idempotency }));
    const again = await storage.createTask(newTask({ id: 'two', idempotency }));
    expect(again).toEqual({ created: false, taskId: 'one', seq: 1 });
    expect(await storage.loadTask('two')).toBe(undefined);
    const other = { ...idempotency, fingerprint: 'g' };
    expect(await codeOf(storage.createTask(newTask({ id: 'two', idempotency: other })))).toBe('key-reused');
    expect(await storage.loadTask('two')).toBe(undefined);
  });

  test('S1 create: two calls at once with one idempotency key make one task', async (bench) => {
    const idempotency = { key: 'k', fingerprint: 'f', windowMs: 60 * bench.second };
    const results = await Promise.all(
      ['one', 'two', 'three'].map((id) => bench.storage.createTask(newTask({ id, idempotency }))),
    );
    expect(results.filter(({ created }) => created).length).toBe(1);
    expect(new Set(results.map(({ taskId }) => taskId)).size).toBe(1);
    expect((await bench.storage.listTasks(ANN, { limit: 9, includeArtifacts: false })).total).toBe(1);
  });

  test('S1 create: an idempotency key belongs to its scope', async (bench) => {
    const idempotency = { key: 'k', fingerprint: 'f', windowMs: 60 * bench.second };
    await bench.createTask({ id: 'one', idempotency });
    await bench.createTask({ id: 'two', idempotency, scope: { ...ANN, owner: 'bob' } });
    await bench.createTask({ id: 'three', idempotency, scope: { ...ANN, tenant: 't' } });
    expect([...(await bench.storage.heads(['one', 'two', 'three'])).keys()]).toEqual(['one', 'two', 'three']);
  });

  test(
    'S1 create: after its window an idempotency key is free again',
    async (bench) => {
      const idempotency = { key: 'k', fingerprint: 'f', windowMs: 60 * bench.second };
      await bench.createTask({ id: 'one', idempotency });
      await advance(bench, 59 * bench.second);
      expect((await bench.storage.createTask(newTask({ id: 'two', idempotency }))).created).toBe(false);
      await advance(bench, 2 * bench.second);
      expect((await bench.storage.createTask(newTask({ id: 'two', idempotency }))).created).toBe(true);
    },
    { hooks: ['advance'] },
  );

  test(
    'S1 create: an idempotency key is free after its own window, though an older one has a longer window',
    async (bench) => {
      const { second } = bench;
      const long = { key: 'long', fingerprint: 'f', windowMs: 600 * second };
      const short = { key: 'short', fingerprint: 'f', windowMs: 60 * second };
      await bench.createTask({ id: 'one', idempotency: long });
      await bench.createTask({ id: 'two', idempotency: short });
      await advance(bench, 61 * second);
      const create = async (id: string, idempotency: typeof long) =>
        (await bench.storage.createTask(newTask({ id, idempotency }))).taskId;
      expect([await create('three', short), await create('four', long)]).toEqual(['three', 'one']);
    },
    { hooks: ['advance'] },
  );

  test(
    'S1 create: with no room for another active task it is refused, and a finished one makes room',
    async (bench) => {
      const one = await bench.createTask();
      await bench.createTask();
      expect(await codeOf(bench.createTask({ id: 'third' }))).toBe('full');
      expect(await bench.storage.loadTask('third')).toBe(undefined);
      await (await bench.take(one)).append(status('COMPLETED'));
      expect(await bench.createTask({ id: 'third' })).toBe('third');
    },
    { hooks: ['limits'], activeTasks: 2 },
  );

  test(
    'S1 create: a repeated call with its key is answered though there is no room',
    async (bench) => {
      const idempotency = { key: 'k', fingerprint: 'f', windowMs: 60 * bench.second };
      await bench.createTask({ id: 'one', idempotency });
      expect((await bench.storage.createTask(newTask({ id: 'two', idempotency }))).taskId).toBe('one');
    },
    { hooks: ['limits'], activeTasks: 1 },
  );

  test(
    'S1 create: a task that is too large by itself is refused, and leaves its name and its key free',
    async (bench) => {
      const idempotency = { key: 'k', fingerprint: 'f', windowMs: 60 * bench.second };
      const large = { id: 'one', idempotency, task: { history: [said('m', 'x'.repeat(20_000))] } };
      expect(await codeOf(bench.createTask(large))).toBe('too-large');
      expect(await bench.storage.loadTask('one')).toBe(undefined);
      const { created, taskId, seq } = await bench.storage.createTask(newTask({ id: 'one', idempotency }));
      expect({ created, taskId, seq }).toEqual({ created: true, taskId: 'one', seq: 1 });
    },
    { hooks: ['limits'], taskBytes: 10_000 },
  );

  test('S1 create: what the client first said counts as the newest message', async (bench) => {
    const taskId = await bench.createTask({ task: { history: [said('m', 'text')] } });
    const again = await bench.storage.addInput(ANN, taskId, { message: said('m', 'text'), request: {} });
    expect(again).toEqual({ ok: true, seq: 1, closed: false, entries: [], duplicate: true });
  });
}
