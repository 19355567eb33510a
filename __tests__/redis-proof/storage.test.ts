import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EntryBody, Scope, StoredTask } from '../../lib/core/log.ts';
import type { ClaimedTask, NewTask } from '../../lib/core/storage.ts';
import { StorageError } from '../../lib/core/storage.ts';
import type { Message } from '../../lib/protocol/v1.ts';
import * as scripts from './scripts.ts';
import { connect, findRedis, removeKeys, type TestRedis } from './server.ts';
import { redisProof, type ProofStorage } from './storage.ts';

const start = findRedis();
if (!start) {
  const text = 'NO REDIS: set REDIS_URL or install redis-server; the Redis proof has NOT run';
  if (process.env['CI'] === 'true') throw new Error(text);
  console.warn(text);
}

const COMPLETED: EntryBody = { kind: 'status', state: 'TASK_STATE_COMPLETED' };
const WORKING: EntryBody = { kind: 'status', state: 'TASK_STATE_WORKING' };
const STARTED: EntryBody = { kind: 'start', attempt: 1, worker: 'w' };
const asking = (upTo: number, pause?: { timeoutMs?: number }): EntryBody => ({
  ...{ kind: 'status', state: 'TASK_STATE_INPUT_REQUIRED', upTo },
  ...(pause && { pause }),
});
const message = (text: string, over: Partial<Message> = {}): Message => ({
  ...{ messageId: 'm', role: 'ROLE_USER', parts: [{ text }], ...over },
});

(start ? describe : describe.skip)('the writes of Storage on Redis', () => {
  const prefix = `{a2a-proof-${randomUUID()}}:`;
  let redis: TestRedis;
  let client: Awaited<ReturnType<typeof connect>>;
  let other: typeof client;
  let storage: ProofStorage;
  /** Another process: a connection and a cache of its own. */
  let elsewhere: ProofStorage;

  beforeAll(async () => {
    if (!start) throw new Error('unreachable: the block is skipped');
    redis = await start();
    [client, other] = await Promise.all([connect(redis.url), connect(redis.url)]);
    storage = redisProof({ client, prefix, maxTaskBytes: 1 << 20 });
    elsewhere = redisProof({ client: other, prefix, maxTaskBytes: 1 << 20 });
  });
  afterAll(async () => {
    await removeKeys(client, prefix);
    client.destroy();
    other.destroy();
    await redis.stop();
  });

  const newScope = (): Scope => ({ agent: randomUUID(), tenant: 't:1', owner: null });

  function newTask(scope: Scope, over: Partial<NewTask> = {}): NewTask & { task: StoredTask } {
    const status = { state: 'TASK_STATE_SUBMITTED', timestamp: '1970-01-01T00:00:00.000Z' } as const;
    const task = { id: randomUUID(), contextId: 'c', status, history: [message('hello')] };
    return { scope, task, request: {}, answers: 'task', ...over };
  }

  async function create(over: Partial<NewTask> = {}) {
    const scope = over.scope ?? newScope();
    const { taskId } = await storage.createTask(newTask(scope, over));
    const say = (text: string, more: Partial<Message> = {}) =>
      elsewhere.addInput(scope, taskId, { message: message(text, more), request: {} });
    const cancel = (graceMs = 60_000) => elsewhere.requestCancel(scope, taskId, graceMs);
    const claim = async (leaseMs = 60_000) => {
      const [claimed] = await storage.claim({
        ...{ worker: 'w', agent: scope.agent, limit: 1 },
        ...{ leaseMs, taskId },
      });
      return claimed;
    };
    const kinds = async () =>
      (await storage.read(taskId, 0, 1e6, 1e9)).entries.map((e) => (e.kind === 'status' ? e.state : e.kind));
    return { scope, taskId, say, cancel, claim, kinds };
  }

  /** Claims again and again until the server's clock makes the task due. */
  async function claimWhenDue(task: { claim: () => Promise<ClaimedTask | undefined> }): Promise<ClaimedTask> {
    for (;;) {
      const claimed = await task.claim();
      if (claimed) return claimed;
    }
  }

  async function taken(
    task: { claim: (leaseMs?: number) => Promise<ClaimedTask | undefined> },
    leaseMs?: number,
  ) {
    const claimed = await task.claim(leaseMs);
    if (!claimed) throw new Error('the task was not due');
    return claimed;
  }

  describe('scripts', () => {
    it.each(Object.entries(scripts))('%s touches declared keys only', (_, script) => {
      const calls = [...script.matchAll(/redis\.call\('(\w+)'(?:, (\w+\[?\d?\]?))?/g)];
      expect(calls.length).toBeGreaterThan(0);
      for (const [, command, key] of calls) if (command !== 'TIME') expect(key).toMatch(/^KEYS\[\d\]$/);
    });
  });

  describe('what the suite asks of lists as well', () => {
    it('refuses an id that is taken, and joins calls with the same idempotency key', async () => {
      const init = newTask(newScope());
      await storage.createTask(init);
      await expect(storage.createTask(init)).rejects.toMatchObject({ code: 'exists' });
      const scope = newScope();
      const idempotency = { key: 'k', fingerprint: 'f', windowMs: 60_000 };
      const first = await storage.createTask(newTask(scope, { idempotency }));
      expect(await elsewhere.createTask(newTask(scope, { idempotency }))).toEqual({
        ...first,
        created: false,
      });
      const reused = elsewhere.createTask(
        newTask(scope, { idempotency: { ...idempotency, fingerprint: 'g' } }),
      );
      await expect(reused).rejects.toEqual(expect.any(StorageError));
      await expect(reused).rejects.toMatchObject({ code: 'key-reused' });
      expect(await storage.createTask(newTask(newScope(), { idempotency }))).toMatchObject({ created: true });
    });

    it('knows no task of another scope', async () => {
      const task = await create();
      const unknown = { ok: false, reason: 'not-found' };
      for (const over of [{ agent: 'x' }, { tenant: 'x' }, { owner: 'x' }, { owner: '' }]) {
        const scope = { ...task.scope, ...over };
        const input = { message: message('hi'), request: {} };
        expect(await storage.addInput(scope, task.taskId, input)).toEqual(unknown);
        expect(await storage.addInput(scope, randomUUID(), input)).toEqual(unknown);
        expect(await storage.requestCancel(scope, task.taskId, 0)).toEqual(unknown);
        expect(await storage.loadTask(task.taskId, scope)).toBeUndefined();
      }
      expect(await task.kinds()).toEqual(['open']);
    });
  });

  describe('the clock of the server', () => {
    it('fences a lease after another claim, a pause and a release', async () => {
      const fenced = expect.objectContaining({ ok: false, reason: 'fenced' });
      const task = await create();
      const lost = await taken(task, 0);
      const second = await claimWhenDue(task);
      expect(second.lease.epoch).toBe(2);
      expect(await storage.append(lost.lease, 1, [WORKING])).toEqual(fenced);
      expect(await storage.append({ ...second.lease, id: lost.lease.id }, 1, [WORKING])).toEqual(fenced);
      expect(await storage.renew(lost.lease, 60_000)).toEqual({ ok: false });
      await storage.append(second.lease, 1, [asking(1, {})]);
      expect(await storage.append(second.lease, 2, [WORKING])).toEqual(fenced);
      await task.say('go on');
      const third = await taken(task);
      expect(await storage.release(third.lease, 0, true)).toBe(true);
      expect(await storage.append(third.lease, 1, [WORKING])).toEqual(fenced);
      expect(await storage.release(third.lease, 0, true)).toBe(false);
    });

    it('ends a lease after the grace, whatever its holder does', async () => {
      const task = await create();
      const { lease } = await taken(task, 60_000);
      expect(await task.cancel(20)).toMatchObject({ ok: true, seq: 2, closed: false });
      expect(await task.cancel(60_000)).toEqual({
        ...{ ok: true, seq: 2, closed: false, entries: [], duplicate: true },
      });
      const refused = { ok: false, reason: 'cancelling', state: 'TASK_STATE_SUBMITTED' };
      expect(await task.say('stop that')).toEqual(refused);
      const renewed = await storage.renew(lease, 60_000);
      expect(renewed).toMatchObject({ ok: true, cancelRequested: true });
      expect(renewed.ok && renewed.leftMs).toBeLessThanOrEqual(20);
      const next = await claimWhenDue({ claim: () => task.claim(10_000) });
      expect(next).toMatchObject({ cancelRequested: true, reason: 'lease-expired', attempt: 2 });
      const left = await storage.renew(next.lease, 60_000);
      expect(left.ok && left.leftMs).toBeLessThanOrEqual(10_000);
      expect(await storage.append(lease, 1, [COMPLETED])).toMatchObject({ ok: false, reason: 'fenced' });
    });

    it('comes due when the client is silent too long, and says so until somebody deals with it', async () => {
      const task = await create();
      const { lease } = await taken(task);
      await storage.append(lease, 1, [STARTED, asking(1, { timeoutMs: 0 })]);
      const late = await claimWhenDue({ claim: () => task.claim(0) });
      expect(late).toMatchObject({ reason: 'deadline', doneSeq: 1, pending: [], attempt: 1 });
      expect(await claimWhenDue(task)).toMatchObject({ reason: 'deadline', pending: [], attempt: 2 });
    });
  });
});
