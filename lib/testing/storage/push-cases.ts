import type { StorageKit } from '../storage-suite.ts';
import { codeOf, newTask, otherScopes, reasonOf } from './bench.ts';
import { ANN, artifact, pause, reply, said, start, status } from './bodies.ts';
import { createPushBench, webhook } from './push-bench.ts';

const NEEDS = { hooks: ['push'] } as const;

/** S19: webhooks, and who has which. */
export function pushCases({ api: { expect }, test, hooks }: StorageKit): void {
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

  test(
    'S19 push: a send that is refused changes no webhook, whatever the reason',
    async (bench) => {
      const { save, list, due } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask();
      await save(taskId);
      const before = await list(taskId);
      const push = webhook(taskId, 'another');
      const say = (more: object) =>
        bench.storage.addInput(ANN, taskId, { message: said('m'), request: {}, push, ...more });
      expect(await codeOf(bench.storage.createTask(newTask({ id: taskId, push })))).toBe('exists');
      expect(reasonOf(await say({ ifWaiting: true }))).toBe('busy');
      expect(reasonOf(await say({ message: said('m', 'x'.repeat(20_000)) }))).toBe('too-large');
      await bench.take(taskId);
      await bench.storage.requestCancel(ANN, taskId, 30 * bench.second);
      expect(reasonOf(await say({}))).toBe('cancelling');
      expect([await list(taskId), await due()]).toEqual([before, 0]);
      expect(await codeOf(bench.storage.createTask(newTask({ id: 'full', push: webhook('full') })))).toBe(
        'full',
      );
      expect(await bench.storage.push?.list(ANN, 'full')).toBe(undefined);
    },
    { hooks: ['push', 'limits'], webhooks: 5, taskBytes: 10_000, activeTasks: 1 },
  );

  test(
    'S19 push: ids are any text, of tasks and of webhooks',
    async (bench) => {
      const { push, save, list, claim } = createPushBench(bench.storage, bench.second);
      for (const [n, taskId] of HOSTILE_IDS.entries()) {
        const ids = [taskId, HOSTILE_IDS[n + 1] ?? 'last'];
        const holder = await bench.take(await bench.createTask({ id: taskId }));
        for (const id of ids) await save(taskId, id);
        await holder.append(status('WORKING'));
        expect((await list(taskId)).map(({ config }) => config)).toEqual(
          ids.map((id) => webhook(taskId, id).config),
        );
        const taken = await claim();
        expect(taken.map(({ lease }) => lease.id)).toEqual(ids);
        for (const { lease, registration } of taken) {
          expect([lease.taskId, registration.config.id]).toEqual([taskId, lease.id]);
          expect(await push.retry(lease, 30 * bench.second, `why ${lease.id}`)).toBe(true);
        }
        expect((await list(taskId)).map(({ reason }) => reason)).toEqual(ids.map((id) => `why ${id}`));
        for (const id of ids) expect(await push.delete(ANN, taskId, id)).toBe(true);
        expect(await list(taskId)).toEqual([]);
      }
    },
    NEEDS,
  );

  test(
    'S19 push: of a hundred that are registered at once from two handles, as many as fit are there',
    async (bench) => {
      const other = await hooks.connect?.(bench.storage);
      const { push, list } = createPushBench(bench.storage, bench.second);
      const taskId = await bench.createTask();
      const saves = Array.from({ length: 100 }, (_, n) =>
        (n % 2 === 0 ? push : (other?.push ?? push)).save(ANN, webhook(taskId, String(n))),
      );
      const saved = (await Promise.all(saves)).map((result, n) => (result === 'saved' ? String(n) : result));
      const listed = await list(taskId);
      expect([...listed.map(({ config }) => config.id)].sort()).toEqual(
        saved.filter((it) => it !== 'full').sort(),
      );
      expect(listed.map(({ nth }) => nth)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    },
    // the other handle may have the default
    { hooks: ['push', 'limits', 'connect'], webhooks: 10 },
  );
}

/** Names that a store might take for something else. */
const HOSTILE_IDS = [
  ...[
    'a:b',
    '{other}',
    '}{',
    '*',
    's',
    '1',
    '__proto__',
    'constructor',
    ' ',
    "'); return 1 --",
    '%3A',
    '../..',
  ],
  ...['"quoted" \\ and \\"', '\u0000\u0001\n', 'é', 'e\u0301', '\u{1f600}', '\ud800', 'n'.repeat(256)],
];
