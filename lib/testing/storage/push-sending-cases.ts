import type { StorageKit } from '../storage-suite.ts';
import { ANN, artifact, chunk, pause, status } from './bodies.ts';
import type { TaskWish } from './bench.ts';
import { createPushBench, webhook } from './push-bench.ts';

const NEEDS = { hooks: ['push'] } as const;
const TIMED = { hooks: ['push', 'advance'] } as const;

/** S19: what senders do to webhooks. */
export function pushSendingCases({ api: { expect }, test, advance, hooks }: StorageKit): void {
  test(
    'S19 push: a webhook is given to one sender only, also when many ask at once',
    async (bench) => {
      const { save, claim } = createPushBench(bench.storage, bench.second);
      const ids = await Promise.all(Array.from({ length: 40 }, () => bench.createTask()));
      for (const taskId of ids) {
        await save(taskId);
        await (await bench.take(taskId)).append(status('WORKING'));
      }
      const claims = await Promise.all(Array.from({ length: 8 }, () => claim({ limit: 7 })));
      const taken = claims.flatMap((each) => each.map(({ lease }) => lease.taskId));
      expect([new Set(taken).size, Math.max(...claims.map(({ length }) => length))]).toEqual([40, 7]);
      expect(taken.length).toBe(40);
      expect(await claim()).toEqual([]);
    },
    NEEDS,
  );

  test(
    'S19 push: a sender gets the webhooks of its own agent',
    async (bench) => {
      const { push, claim } = createPushBench(bench.storage, bench.second);
      const scope = { ...ANN, agent: 'another' };
      const taskId = await bench.createTask({ scope });
      await push.save(scope, webhook(taskId));
      await (await bench.take(taskId)).append(status('WORKING'));
      expect(await claim()).toEqual([]);
      expect((await claim({ agent: 'another' })).length).toBe(1);
    },
    NEEDS,
  );

  test(
    'S19 push: every kind of visible entry makes a webhook due, whoever wrote it',
    async (bench) => {
      const { push, take, due } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask({ id: 't', push: webhook('t') });
      const settled = async () => {
        const { lease } = await take();
        expect(await push.ack(lease, (await bench.load(taskId)).seq)).toBe(true);
        expect(await due()).toBe(0);
      };
      const holder = await bench.take(taskId);
      await holder.append(artifact('a', 'text'));
      await settled();
      await holder.append(pause(1));
      await settled();
      await bench.say(taskId, 'more'); // and WORKING
      await settled();
      await bench.storage.requestCancel(ANN, taskId, 0); // and CANCELED
      await settled();
    },
    NEEDS,
  );

  test(
    'S19 push: ack moves the cursor and never back; what is behind is due at once',
    async (bench) => {
      const { push, save, take, due } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask();
      await save(taskId);
      const holder = await bench.take(taskId);
      await holder.append(status('WORKING'), artifact('a', '1'), chunk('a', '2'));
      const { lease } = await take();
      expect(await push.ack(lease, 3, bench.second)).toBe(true);
      expect(await due()).toBe(0);
      expect(await push.ack(lease, 2)).toBe(true);
      expect(await push.ack(lease, 4)).toBe(false);
      const second = await take();
      expect(second.cursor).toBe(3);
      await push.ack(second.lease, 4);
      expect(await due()).toBe(0);
      await holder.append(chunk('a', '3'));
      expect((await take()).cursor).toBe(4);
    },
    NEEDS,
  );

  test(
    'S19 push: a lease ends and is taken over; until then a late holder still counts',
    async (bench) => {
      const { push, save, take, due } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask();
      await save(taskId);
      await (await bench.take(taskId)).append(status('WORKING'), artifact('a', '1'));
      const late = await take(bench.second);
      await advance(bench, bench.second / 2);
      expect(await due()).toBe(0);
      await advance(bench, bench.second);
      expect(await push.ack(late.lease, 2, bench.second)).toBe(true);
      expect(await due()).toBe(0);
      await advance(bench, 2 * bench.second);
      const next = await take();
      expect(next.cursor).toBe(2);
      expect(next.lease.token === late.lease.token).toBe(false);
      expect(await push.ack(late.lease, 3)).toBe(false);
      expect(await push.retry(late.lease, 0, 'late')).toBe(false);
      expect(await push.disable(late.lease, 'late')).toBe(false);
      expect(await push.ack(next.lease, 3)).toBe(true);
    },
    TIMED,
  );

  test(
    'S19 push: a failure waits as long as it was told, whatever comes, and is remembered until a success',
    async (bench) => {
      const { push, save, list, take, due } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask();
      await save(taskId);
      const holder = await bench.take(taskId);
      await holder.append(status('WORKING'));
      await push.retry((await take()).lease, 4 * bench.second, 'first');
      await holder.append(artifact('a', '1'));
      await advance(bench, bench.second);
      expect(await due()).toBe(0);
      await advance(bench, 4 * bench.second);
      const second = await take();
      expect([second.failures, second.cursor]).toEqual([1, 1]);
      expect(second.failingMs).toBeGreaterThan(4 * bench.second);
      await push.retry(second.lease, 0, 'second');
      expect((await list(taskId)).map(({ failures, reason }) => [failures, reason])).toEqual([[2, 'second']]);
      const third = await take();
      expect(third.failures).toBe(2);
      await push.ack(third.lease, 2);
      const fourth = await take();
      expect([fourth.failures, fourth.failingMs, 'reason' in ((await list(taskId))[0] ?? {})]).toEqual([
        ...[0, 0, false],
      ]);
    },
    TIMED,
  );

  test(
    'S19 push: a webhook that is given back without a reason has not failed',
    async (bench) => {
      const { push, save, list, take } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask();
      await save(taskId);
      await (await bench.take(taskId)).append(status('WORKING'));
      await push.retry((await take()).lease, 0);
      expect((await take()).failures).toBe(0);
      expect((await list(taskId)).map(({ failures }) => failures)).toEqual([0]);
    },
    NEEDS,
  );

  test(
    'S19 push: a disabled webhook stays for its owner to see, and is never due',
    async (bench) => {
      const { push, save, list, take, due } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask();
      await save(taskId);
      const holder = await bench.take(taskId);
      await holder.append(status('WORKING'));
      expect(await push.disable((await take()).lease, 'gone')).toBe(true);
      await holder.append(status('COMPLETED'));
      expect(await due()).toBe(0);
      const seen = (await list(taskId)).map(({ disabled, reason, failures }) => [disabled, reason, failures]);
      expect(seen).toEqual([[true, 'gone', 1]]);
    },
    NEEDS,
  );

  test(
    'S19 push: all of it works on tasks that have ended',
    async (bench) => {
      const { push, save, list, take, due } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask({ id: 't', push: webhook('t', 'early') });
      await (await bench.take(taskId)).append(status('WORKING'), status('COMPLETED'));
      await save(taskId, 'late');
      const { lease, cursor } = await take();
      expect([lease.id, cursor]).toEqual(['early', 1]);
      await push.retry(lease, 0, 'down');
      const again = await take();
      expect(await push.ack(again.lease, 2, bench.second)).toBe(true);
      expect(await push.ack(again.lease, 3)).toBe(true);
      expect([await due(), (await list(taskId)).length]).toEqual([0, 2]);
      expect(await push.delete(ANN, taskId, 'late')).toBe(true);
    },
    NEEDS,
  );

  test(
    'S19 push: a webhook that is registered while entries are written misses none after its cursor',
    async (bench) => {
      const { push, save, take, claim } = createPushBench(bench.storage, bench.second);
      for (let round = 0; round < Math.min(bench.rounds, 200); round += 1) {
        const taskId = await bench.createTask();
        const holder = await bench.take(taskId);
        const writes = [save(taskId), holder.append(status('WORKING'))];
        await Promise.all(round % 2 === 0 ? writes : writes.reverse());
        const [taken] = await claim();
        if (taken === undefined) {
          // it stands at what was written then: only what follows is for it
          await holder.append(artifact('a', 'text'));
          const next = await take();
          expect(next.cursor).toBe(2);
          await push.ack(next.lease, 3);
        } else {
          expect(taken.cursor).toBe(1);
          await push.ack(taken.lease, 2);
        }
      }
    },
    NEEDS,
  );

  test(
    'S19 push: webhooks go with their task',
    async (bench) => {
      const { push, list, claim } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask({ id: 't', push: webhook('t') });
      await (await bench.take(taskId)).append(status('COMPLETED'));
      expect((await list(taskId)).length).toBe(1);
      await advance(bench, 61 * bench.second);
      expect(await claim()).toEqual([]);
      expect(await push.list(ANN, taskId)).toBe(undefined);
      expect(await push.save(ANN, webhook(taskId))).toBe('not-found');
    },
    { hooks: ['push', 'advance', 'retention'], finishedMs: 60_000 },
  );

  test(
    'S19 push: of a webhook that goes with its task while it is sent to, nothing is left',
    async (bench) => {
      const { push, save, claim } = createPushBench(bench.storage, bench.second);
      for (const taskId of ['acked', 'retried', 'disabled', 'undelivered']) {
        const holder = await bench.take(await bench.createTask({ id: taskId }));
        await save(taskId);
        await holder.append(status('WORKING'), status('COMPLETED'));
      }
      const [acked, retried, disabled] = await claim({ limit: 3, leaseMs: 600 * bench.second });
      await advance(bench, 61 * bench.second);
      expect(acked && (await push.ack(acked.lease, 2, bench.second))).toBe(false);
      expect(retried && (await push.retry(retried.lease, 0, 'why'))).toBe(false);
      expect(disabled && (await push.disable(disabled.lease, 'why'))).toBe(false);
      while ((await bench.storage.sweep(100)) > 0);
      expect(await hooks.usage?.(bench.storage)).toBe(0);
    },
    { hooks: ['push', 'advance', 'retention', 'usage'], finishedMs: 60_000 },
  );

  test(
    'S19 push: a task that takes the name of one that is gone has webhooks of its own, whoever its agent is',
    async (bench) => {
      const { push, claim } = createPushBench(bench.storage, bench.second);
      const finish = async (wish: TaskWish) => {
        const holder = await bench.take(await bench.createTask({ id: 't', push: webhook('t'), ...wish }));
        await holder.append(status('WORKING'), status('COMPLETED'));
      };
      await finish({});
      const [old] = await claim();
      if (old !== undefined) await push.retry(old.lease, 600 * bench.second, 'down');
      await advance(bench, 61 * bench.second);
      await finish({});
      const [next] = await claim();
      expect([next?.cursor, next?.failures]).toEqual([1, 0]);
      await advance(bench, 61 * bench.second);
      await finish({ scope: { ...ANN, agent: 'another' } });
      expect(await claim()).toEqual([]);
      expect((await claim({ agent: 'another' })).length).toBe(1);
    },
    { hooks: ['push', 'advance', 'retention'], finishedMs: 60_000 },
  );

  test(
    'S19 push: webhooks and their cursors survive a restart of the store',
    async (bench) => {
      const before = createPushBench(bench.storage, bench.second);
      await bench.createTask({ id: 't', push: webhook('t') });
      await (await bench.take('t')).append(status('WORKING'), artifact('a', '1'), status('COMPLETED'));
      const { lease } = await before.take(bench.second);
      await before.push.ack(lease, 2);
      const storage = await hooks.restart?.(bench.storage);
      if (storage === undefined) throw new Error('The hook `restart` gave no storage');
      const after = createPushBench(storage, bench.second);
      const taken = await after.take();
      expect([taken.cursor, taken.registration]).toEqual([2, webhook('t')]);
      expect(await after.claim()).toEqual([]);
    },
    { hooks: ['push', 'restart'] },
  );
}
