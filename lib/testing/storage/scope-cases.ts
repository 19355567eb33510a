import type { StorageKit } from '../storage-suite.ts';
import { ANN, pause, said, status } from './bodies.ts';
import { newTask, otherScopes } from './bench.ts';

/** S15: what belongs to another scope is not there. */
export function scopeCases({ api: { expect }, test }: StorageKit): void {
  for (const scope of otherScopes()) {
    const who = JSON.stringify(scope);

    test(`S15 scope: for ${who} a task of another scope is as unknown as one that never was`, async (bench) => {
      const { storage } = bench;
      const taskId = await bench.createTask();
      await (await bench.take(taskId)).append(pause(1, undefined, 'AUTH_REQUIRED'));
      const before = await bench.load(taskId);
      for (const id of [taskId, 'unknown']) {
        const unknown = { ok: false, reason: 'not-found' };
        expect(await storage.loadTask(id, scope)).toBe(undefined);
        expect(await storage.addInput(scope, id, { message: said('m'), request: {} })).toEqual(unknown);
        expect(await storage.addInput(scope, id, { resume: 1 })).toEqual(unknown);
        expect(await storage.requestCancel(scope, id, 0)).toEqual(unknown);
      }
      for (const filter of [{}, { contextId: 'context-1' }]) {
        const page = await storage.listTasks(scope, { limit: 9, includeArtifacts: true, ...filter });
        expect(page).toEqual({ tasks: [], total: 0 });
      }
      expect(await bench.load(taskId)).toEqual(before);
    });

    test(`S15 scope: ${who} has tasks of its own`, async (bench) => {
      const { storage } = bench;
      await bench.createTask({ id: 'ann' });
      await bench.createTask({ id: 'other', scope });
      const list = async (of: typeof scope) => {
        const page = await storage.listTasks(of, {
          limit: 9,
          includeArtifacts: false,
          contextId: 'context-1',
        });
        return [page.tasks.map(({ id }) => id), page.total];
      };
      expect([await list(ANN), await list(scope)]).toEqual([
        [['ann'], 1],
        [['other'], 1],
      ]);
      expect((await storage.loadTask('other', scope))?.scope).toEqual(scope);
      expect(await storage.loadTask('other', ANN)).toBe(undefined);
      expect((await storage.addInput(scope, 'other', { message: said('m'), request: {} })).ok).toBe(true);
      expect((await storage.requestCancel(scope, 'other', 0)).ok).toBe(true);
    });
  }

  test('S15 scope: names that run together when joined are still apart', async (bench) => {
    const scopes = [
      { agent: 'a', tenant: 'b:c', owner: 'd' },
      { agent: 'a:b', tenant: 'c', owner: 'd' },
      { agent: 'a', tenant: 'b', owner: 'c:d' },
      { agent: 'a', tenant: 'b/c', owner: 'd e' },
      { agent: 'a', tenant: 'b%3Ac', owner: 'd' },
      { agent: 'a', tenant: 'b","c', owner: 'd' },
      { agent: 'a', tenant: '', owner: 'null' },
      { agent: 'a', tenant: '', owner: null },
      { agent: 'a', tenant: '', owner: '' },
      { agent: 'Ä\u0000', tenant: '\ud83d\ude00', owner: 'ω' },
    ];
    for (const [n, scope] of scopes.entries())
      await bench.storage.createTask(newTask({ id: `t${String(n)}`, scope }));
    const listed = await Promise.all(
      scopes.map(
        async (scope) => (await bench.storage.listTasks(scope, { limit: 9, includeArtifacts: false })).tasks,
      ),
    );
    expect(listed.map((tasks) => tasks.map(({ id }) => id))).toEqual(scopes.map((_, n) => [`t${String(n)}`]));
    for (const [n, scope] of scopes.entries()) {
      const loaded = await Promise.all(
        scopes.map(async (_, other) => bench.storage.loadTask(`t${String(other)}`, scope)),
      );
      expect(loaded.flatMap((snapshot) => snapshot?.task.id ?? [])).toEqual([`t${String(n)}`]);
    }
  });

  test('S15 scope: a worker names no scope and gets that of the task', async (bench) => {
    const scope = { agent: ANN.agent, tenant: 't', owner: 'o' };
    const taskId = await bench.createTask({ scope });
    expect((await bench.storage.loadTask(taskId))?.scope).toEqual(scope);
    const holder = await bench.take(taskId);
    expect(holder.claimed.scope).toEqual(scope);
    await holder.append(status('COMPLETED'));
  });
}
