import type { StorageKit } from '../storage-suite.ts';
import { newTask, otherScopes, reasonOf } from './bench.ts';
import { ANN, artifact, pause, reply, said, start, status } from './bodies.ts';
import { createPushBench, webhook } from './push-bench.ts';

const NEEDS = { hooks: ['push'] } as const;

/** S19: webhooks, and who has which. */
export function pushCases({ api: { expect }, test }: StorageKit): void {
  test(
    'S19 push: a new webhook stands at the head of the log, and is due when clients have something to see',
    async (bench) => {
      const { save, claim, due } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask();
      const holder = await bench.take(taskId);
      await holder.append(start(), status('WORKING'));
      await save(taskId);
      expect(await due()).toBe(0);
      await bench.say(taskId, 'more');
      expect(await due()).toBe(0);
      await holder.append(artifact('a', 'text'), artifact('b', 'text'));
      const [taken, ...others] = await claim();
      expect([taken?.cursor, taken?.failures, taken?.failingMs, others.length]).toEqual([3, 0, 0, 0]);
      expect(taken?.registration).toEqual(webhook(taskId));
      expect([taken?.lease.taskId, taken?.lease.id]).toEqual([taskId, 'hook']);
    },
    NEEDS,
  );

  test(
    'S19 push: a webhook that comes with a new task sees all that follows',
    async (bench) => {
      const { list, take, due } = createPushBench(bench.storage, bench.second);
      const registration = { ...webhook('t'), dialect: '0.3' as const, traceparent: '00-1-2-01' };
      await bench.storage.createTask(newTask({ id: 't', push: registration }));
      expect(await due()).toBe(0);
      expect(await list('t')).toEqual([{ ...registration, nth: 1, failures: 0, disabled: false }]);
      await (await bench.take('t')).append(status('WORKING'));
      const taken = await take();
      expect([taken.cursor, taken.registration]).toEqual([1, registration]);
    },
    NEEDS,
  );

  test(
    'S19 push: a webhook that comes with an input sees what that leads to, in the same step',
    async (bench) => {
      const { list, take } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask();
      await (await bench.take(taskId)).append(pause(1));
      const input = { message: said('m'), request: {}, push: webhook(taskId) };
      expect((await bench.storage.addInput(ANN, taskId, input)).ok).toBe(true);
      expect((await take()).cursor).toBe(3);
      const again = { ...input, push: webhook(taskId, 'second') };
      expect(await bench.storage.addInput(ANN, taskId, again)).toEqual({
        ...{ ok: true, seq: 3, closed: false, entries: [], duplicate: true },
      });
      expect((await list(taskId)).map(({ config }) => config.id)).toEqual(['hook']);
    },
    NEEDS,
  );

  test(
    'S19 push: an input that is refused leaves no webhook behind',
    async (bench) => {
      const { list } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask();
      await (await bench.take(taskId)).append(status('COMPLETED'));
      const input = { message: said('m'), request: {}, push: webhook(taskId) };
      expect(reasonOf(await bench.storage.addInput(ANN, taskId, input))).toBe('closed');
      expect(await list(taskId)).toEqual([]);
    },
    NEEDS,
  );

  test(
    'S19 push: the same id replaces, keeps place and cursor, and begins anew',
    async (bench) => {
      const { push, save, list, take, due } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask();
      await save(taskId, 'one');
      await save(taskId, 'two');
      await (await bench.take(taskId)).append(status('WORKING'), artifact('a', 'text'));
      const first = await take();
      await push.disable(first.lease, 'broken');
      await save(taskId, 'one', 'https://elsewhere.example.com/');
      const listed = await list(taskId);
      expect(
        listed.map(({ config, nth, failures, disabled }) => [config.url, nth, failures, disabled]),
      ).toEqual([
        ['https://elsewhere.example.com/', 1, 0, false],
        ['https://hooks.example.com/two', 2, 0, false],
      ]);
      expect(listed.some((one) => 'reason' in one)).toBe(false);
      const [two, one] = [await take(), await take()];
      expect([two.lease.id, one.lease.id, one.cursor, one.failures]).toEqual(['two', 'one', 1, 0]);
      await save(taskId, 'one');
      expect(await push.ack(one.lease, 3)).toBe(false);
      expect(await due()).toBe(1);
    },
    NEEDS,
  );

  test(
    'S19 push: a task has at most so many webhooks, and what is too much changes nothing',
    async (bench) => {
      const { push, save, list } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask();
      await save(taskId, 'one');
      await save(taskId, 'two');
      const before = await list(taskId);
      expect(await push.save(ANN, webhook(taskId, 'three'))).toBe('full');
      const input = { message: said('m'), request: {}, push: webhook(taskId, 'three') };
      expect(reasonOf(await bench.storage.addInput(ANN, taskId, input))).toBe('push-full');
      expect([await list(taskId), (await bench.load(taskId)).seq]).toEqual([before, 1]);
      await save(taskId, 'two');
      await push.delete(ANN, taskId, 'one');
      await save(taskId, 'three');
      expect((await list(taskId)).map(({ config, nth }) => [config.id, nth])).toEqual([
        ['two', 2],
        ['three', 3],
      ]);
    },
    { hooks: ['push', 'limits'], webhooks: 2 },
  );

  test(
    'S19 push: for others the task and its webhooks are unknown',
    async (bench) => {
      const { push, save, list } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask();
      await save(taskId);
      for (const scope of otherScopes()) {
        for (const id of [taskId, 'unknown']) {
          expect(await push.save(scope, webhook(id))).toBe('not-found');
          expect(await push.list(scope, id)).toBe(undefined);
          expect(await push.delete(scope, id, 'hook')).toBe(false);
        }
      }
      expect((await list(taskId)).length).toBe(1);
    },
    NEEDS,
  );

  test(
    'S19 push: a task that answers with a message has no webhooks',
    async (bench) => {
      const { push, due } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask({ answers: 'message' });
      expect(await push.save(ANN, webhook(taskId))).toBe('not-found');
      expect(await push.list(ANN, taskId)).toBe(undefined);
      expect(await push.delete(ANN, taskId, 'hook')).toBe(false);
      await (await bench.take(taskId)).append({ kind: 'message', message: reply('m') });
      expect(await due()).toBe(0);
    },
    NEEDS,
  );

  test(
    'S19 push: a deleted webhook is gone, whoever is at it; twice is fine',
    async (bench) => {
      const { push, save, list, take, due } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask();
      await save(taskId);
      const holder = await bench.take(taskId);
      await holder.append(status('WORKING'));
      const { lease } = await take();
      expect(await push.delete(ANN, taskId, 'hook')).toBe(true);
      expect(await push.delete(ANN, taskId, 'hook')).toBe(true);
      expect(await push.ack(lease, 2)).toBe(false);
      expect(await push.retry(lease, 0, 'why')).toBe(false);
      expect(await push.disable(lease, 'why')).toBe(false);
      await holder.append(status('COMPLETED'));
      expect([await list(taskId), await due()]).toEqual([[], 0]);
    },
    NEEDS,
  );

  test(
    'S19 push: what is passed in and handed out changes nothing stored',
    async (bench) => {
      const { push, list, take } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask();
      const given = { ...webhook(taskId), config: { ...webhook(taskId).config } };
      await push.save(ANN, given);
      given.config.url = 'https://changed.example.com/';
      await (await bench.take(taskId)).append(status('WORKING'));
      const { config } = (await take()).registration;
      const before = { ...config };
      // frozen or a copy, either will do
      Reflect.set(config, 'url', 'https://changed.example.com/');
      expect((await list(taskId)).map((one) => one.config)).toEqual([before]);
      expect(before).toEqual(webhook(taskId).config);
    },
    NEEDS,
  );
}
