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
const authorizing = (upTo: number): EntryBody => ({
  ...{ kind: 'status', state: 'TASK_STATE_AUTH_REQUIRED', upTo },
});
const chunk = (text: string): EntryBody => ({
  ...{ kind: 'artifact', append: false, lastChunk: true },
  artifact: { artifactId: randomUUID(), parts: [{ text }] },
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

  describe('createTask', () => {
    it('writes open as entry 1 at the time of the server, due at once', async () => {
      const task = await create();
      const { entries, ...rest } = await storage.read(task.taskId, 0, 10, 1e6);
      expect(rest).toEqual({ head: 1, first: 1, closed: false });
      const ts = entries[0]?.ts ?? 0;
      const status = { state: 'TASK_STATE_SUBMITTED', timestamp: new Date(ts).toISOString() };
      const folded = { id: task.taskId, contextId: 'c', status, history: [message('hello')] };
      expect(entries).toEqual([
        { v: 1, seq: 1, ts, epoch: 0, kind: 'open', task: folded, request: {}, answers: 'task' },
      ]);
      expect(await elsewhere.loadTask(task.taskId, task.scope)).toEqual({
        ...{ scope: task.scope, task: folded, seq: 1, ts, closed: false, answers: 'task', first: 1 },
      });
      const { lease, ...claimed } = await taken(task);
      expect({ ...lease, id: '' }).toEqual({ taskId: task.taskId, id: '', epoch: 1 });
      expect(claimed).toEqual({
        ...{ scope: task.scope, answers: 'task', doneSeq: 0, pending: entries, attempt: 1 },
        ...{ startedBefore: false, cancelRequested: false, reason: 'work', newest: entries[0] },
      });
    });

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

    it('keeps bodies as they are', async () => {
      const data = {
        empty: [],
        none: {},
        big: 2 ** 53,
        odd: '\u0000\ud83d\ude00',
        nested: [[], [{}]],
      };
      const init = newTask(newScope());
      await storage.createTask({ ...init, task: { ...init.task, metadata: data } });
      expect((await storage.loadTask(init.task.id))?.task.metadata).toEqual(data);
    });
  });

  describe('append', () => {
    it('numbers the entries without holes while others read', async () => {
      const task = await create();
      const { lease } = await taken(task);
      const writing = { done: false };
      const reader = (async () => {
        for (;;) {
          const { done } = writing;
          const { entries, head } = await elsewhere.read(task.taskId, 0, 1e6, 1e9);
          expect(entries.map((entry) => entry.seq)).toEqual(entries.map((_, i) => i + 1));
          expect(entries).toHaveLength(head);
          if (done) return;
        }
      })();
      const batches = Array.from({ length: 40 }, (_, i) => Array.from({ length: i + 1 }, () => chunk('x')));
      for (const [i, batch] of batches.entries()) {
        const result = await storage.append(lease, i + 1, batch);
        expect(result).toMatchObject({ ok: true, closed: false, seq: 1 + ((i + 1) * (i + 2)) / 2 });
      }
      writing.done = true;
      await reader;
      expect(await elsewhere.heads([task.taskId, 'unknown'])).toEqual(
        new Map([[task.taskId, { head: 821, closed: false }]]),
      );
    });

    it('gives back the entries as they are read', async () => {
      const task = await create();
      const { lease } = await taken(task);
      const result = await storage.append(lease, 1, [STARTED, WORKING, chunk('x'), COMPLETED]);
      const { entries, closed } = await elsewhere.read(task.taskId, 1, 10, 1e6);
      expect(result).toEqual({ ok: true, seq: 5, closed: true, entries });
      expect(entries.map(({ seq, epoch }) => [seq, epoch])).toEqual([
        [2, 1],
        [3, 1],
        [4, 1],
        [5, 1],
      ]);
      expect(closed).toBe(true);
    });

    it('answers a repeated append with what the first one did, and refuses a gap', async () => {
      const task = await create();
      const { lease } = await taken(task);
      await storage.append(lease, 1, [STARTED]);
      expect(await storage.append(lease, 1, [STARTED])).toEqual({
        ...{ ok: true, seq: 2, closed: false, entries: [], duplicate: true },
      });
      expect(await storage.append(lease, 3, [WORKING])).toEqual({
        ...{ ok: false, reason: 'gap', state: 'TASK_STATE_SUBMITTED' },
      });
      await task.say('more');
      await storage.append(lease, 2, [asking(1, {})]);
      expect(await storage.append(lease, 2, [asking(1, {})])).toEqual({
        ...{ ok: true, seq: 5, closed: false, entries: [], more: true, duplicate: true },
      });
      await storage.append(lease, 3, [COMPLETED]);
      expect(await storage.append(lease, 3, [COMPLETED])).toEqual({
        ...{ ok: true, seq: 6, closed: true, entries: [], duplicate: true },
      });
      expect(await task.kinds()).toEqual([
        ...[
          'open',
          'start',
          'input',
          'TASK_STATE_INPUT_REQUIRED',
          'TASK_STATE_WORKING',
          'TASK_STATE_COMPLETED',
        ],
      ]);
    });

    it('answers a repeated pause, but not after the next worker has begun', async () => {
      const task = await create();
      const first = await taken(task);
      const pause = () => storage.append(first.lease, 1, [STARTED, asking(1, {})]);
      expect(await pause()).toMatchObject({ ok: true, seq: 3 });
      await task.say('next');
      expect(await pause()).toEqual({ ok: true, seq: 3, closed: false, entries: [], duplicate: true });
      await taken(task);
      expect(await pause()).toMatchObject({ ok: false, reason: 'fenced' });
    });

    it('takes nothing of a batch that goes on after its end', async () => {
      const task = await create();
      const { lease } = await taken(task);
      expect(await storage.append(lease, 1, [COMPLETED, WORKING])).toMatchObject({ reason: 'closed' });
      expect(await storage.append(lease, 1, [asking(1, {}), WORKING])).toMatchObject({ reason: 'fenced' });
      expect(await task.kinds()).toEqual(['open']);
      expect(await storage.append(lease, 1, [asking(1, {}), COMPLETED])).toMatchObject({
        ok: true,
        closed: true,
      });
    });

    it.each<[string, EntryBody, 'task' | 'message']>([
      ['COMPLETED', COMPLETED, 'task'],
      ['FAILED', { kind: 'status', state: 'TASK_STATE_FAILED' }, 'task'],
      ['CANCELED', { kind: 'status', state: 'TASK_STATE_CANCELED' }, 'task'],
      ['REJECTED', { kind: 'status', state: 'TASK_STATE_REJECTED' }, 'task'],
      ['a message', { kind: 'message', message: message('hi', { role: 'ROLE_AGENT' }) }, 'message'],
    ])('refuses every write after %s', async (_, end, answers) => {
      const task = await create({ answers });
      const { lease } = await taken(task);
      const result = await storage.append(lease, 1, [end]);
      expect(result).toMatchObject({ ok: true, seq: 2, closed: true });
      const state = end.kind === 'status' && { state: end.state };
      const closed = { ok: false, reason: 'closed', ...state };
      expect(await storage.append(lease, 2, [WORKING])).toEqual(closed);
      expect(await task.say('more')).toEqual(closed);
      expect(await storage.addInput(task.scope, task.taskId, { resume: 1 })).toEqual(closed);
      expect(await task.cancel()).toEqual(closed);
      expect(await storage.renew(lease, 60_000)).toEqual({ ok: false });
      expect(await storage.release(lease, 0, true)).toBe(false);
      expect(await task.claim()).toBeUndefined();
      expect(await task.kinds()).toHaveLength(2);
    });

    it('lets exactly one of two ends win', async () => {
      for (let i = 0; i < 100; i += 1) {
        const task = await create();
        const { lease } = await taken(task, i % 2 ? 60_000 : 0);
        const [end, canceled] = await Promise.all([storage.append(lease, 1, [COMPLETED]), task.cancel(0)]);
        const kinds = await task.kinds();
        const ends = kinds.filter((it) => it === 'TASK_STATE_COMPLETED' || it === 'TASK_STATE_CANCELED');
        expect(ends).toHaveLength(1);
        expect(end.ok).toBe(ends[0] === 'TASK_STATE_COMPLETED');
        expect(canceled.ok).toBe(kinds.includes('cancel'));
      }
    });

    it('refuses what would make the task too large, but never its end', async () => {
      const task = await create();
      const { lease } = await taken(task);
      const big = chunk('x'.repeat(600_000));
      expect(await storage.append(lease, 1, [STARTED, big])).toMatchObject({ ok: true, seq: 3 });
      const refused = { ok: false, reason: 'too-large', state: 'TASK_STATE_SUBMITTED' };
      expect(await storage.append(lease, 2, [WORKING, big])).toEqual(refused);
      expect(await task.say('x'.repeat(600_000))).toEqual(refused);
      const text = 'x'.repeat(600_000);
      const end: EntryBody = { ...COMPLETED, message: message(text, { role: 'ROLE_AGENT' }) };
      expect(await storage.append(lease, 2, [end])).toMatchObject({ ok: true, seq: 4, closed: true });
    });
  });

  describe('leases', () => {
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

    it('lets a lease write past its end while nobody else has claimed', async () => {
      const task = await create();
      const { lease } = await taken(task, 0);
      expect(await storage.append(lease, 1, [WORKING])).toMatchObject({ ok: true });
      expect(await storage.renew(lease, 60_000)).toMatchObject({
        ok: true,
        cancelRequested: false,
        inputSeq: 1,
      });
      const shorter = await storage.renew(lease, 10);
      expect(shorter.ok && shorter.leftMs).toBeGreaterThan(10);
      expect(await task.claim()).toBeUndefined();
    });

    it('gives each of many tasks to one of many claimers, the oldest first', async () => {
      const scope = newScope();
      const ids: string[] = [];
      for (let i = 0; i < 100; i += 1) ids.push((await create({ scope })).taskId);
      const by = { worker: 'w', agent: scope.agent, leaseMs: 60_000 };
      const ninth = await storage.loadTask(ids[8] ?? '');
      const oldest = await storage.claim({ ...by, limit: 9 });
      expect(oldest).toHaveLength(9);
      // ids of the same millisecond come in any order
      for (const { pending } of oldest) expect(pending[0]?.ts).toBeLessThanOrEqual(ninth?.ts ?? 0);
      const first = new Set(oldest.map(({ lease }) => lease.taskId));
      const claimers = [storage, elsewhere, storage, elsewhere].map(async (it) => {
        const got: string[] = [];
        for (;;) {
          const claimed = await it.claim({ ...by, limit: 7 });
          if (claimed.length === 0) return got;
          got.push(...claimed.map(({ lease }) => lease.taskId));
        }
      });
      expect((await Promise.all(claimers)).flat().sort()).toEqual(ids.filter((id) => !first.has(id)).sort());
      expect(await storage.claim({ ...by, agent: 'another', limit: 7 })).toEqual([]);
    });

    it('counts attempts, and remembers whether a lost one had started', async () => {
      const task = await create();
      const first = await taken(task, 0);
      await storage.append(first.lease, 1, [STARTED]);
      const second = await claimWhenDue({ claim: () => task.claim(60_000) });
      expect(second).toMatchObject({ attempt: 2, startedBefore: true, reason: 'lease-expired' });
      await storage.release(second.lease, 0, false);
      const third = await taken(task);
      expect(third).toMatchObject({ attempt: 3, startedBefore: true, reason: 'work' });
      await storage.release(third.lease, 0, true);
      expect(await taken(task)).toMatchObject({ attempt: 1, startedBefore: false, reason: 'work' });
    });

    it('does not offer a released task before its delay', async () => {
      const task = await create();
      const { lease } = await taken(task);
      expect(await storage.release(lease, 60_000, false)).toBe(true);
      expect(await task.claim()).toBeUndefined();
    });
  });

  describe('pause', () => {
    it('lets go of the task, until the client speaks', async () => {
      const task = await create();
      const { lease } = await taken(task);
      await storage.append(lease, 1, [STARTED, asking(1, {})]);
      expect(await task.claim()).toBeUndefined();
      const said = await task.say('go on');
      expect(said).toMatchObject({ ok: true, seq: 4, closed: false });
      const { entries } = await storage.read(task.taskId, 3, 10, 1e6);
      expect(said.ok && said.entries).toEqual(entries);
      expect(entries.map((it) => it.kind)).toEqual(['input', 'status']);
      expect(await taken(task)).toMatchObject({
        ...{ doneSeq: 1, pending: entries.slice(0, 1), attempt: 1, startedBefore: false, reason: 'work' },
      });
    });

    it('keeps the lease when newer input exists', async () => {
      const task = await create();
      const { lease } = await taken(task);
      const said = await task.say('wait');
      const { entries } = await storage.read(task.taskId, 1, 10, 1e6);
      expect(said).toEqual({ ok: true, seq: 2, closed: false, entries });
      const paused = await storage.append(lease, 1, [STARTED, asking(1, { timeoutMs: 0 })]);
      expect(paused).toMatchObject({ ok: true, seq: 5, closed: false, more: true });
      expect(await task.kinds()).toEqual([
        ...['open', 'input', 'start', 'TASK_STATE_INPUT_REQUIRED', 'TASK_STATE_WORKING'],
      ]);
      expect(await task.claim()).toBeUndefined();
      expect(await storage.append(lease, 2, [asking(2, {})])).not.toHaveProperty('more');
    });

    it('leaves no input behind, whichever comes first', async () => {
      for (let i = 0; i < 100; i += 1) {
        const task = await create();
        const { lease } = await taken(task);
        const [paused, said] = await Promise.all([
          storage.append(lease, 1, [asking(1, {})]),
          task.say(`${i}`),
        ]);
        const next = await task.claim();
        expect(said).toMatchObject({ ok: true });
        if (paused.ok && paused.more) expect(next).toBeUndefined();
        else expect(next?.pending.map((it) => it.kind)).toEqual(['input']);
      }
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

  describe('addInput', () => {
    it('joins the same message until an interrupted status has seen it', async () => {
      const task = await create();
      const joined = (seq: number) => ({ ok: true, seq, closed: false, entries: [], duplicate: true });
      expect(await task.say('hello')).toEqual(joined(1));
      expect(await task.say('hello', { metadata: { a: 1 } })).toMatchObject({ ok: true, seq: 2 });
      expect(await task.say('hello', { taskId: task.taskId, metadata: { a: 1 } })).toEqual(joined(2));
      expect(await task.say('hello')).toMatchObject({ ok: true, seq: 3 });
      const { lease } = await taken(task);
      await storage.append(lease, 1, [authorizing(2)]);
      expect(await task.say('hello')).toEqual(joined(3));
      await storage.append(lease, 2, [authorizing(3)]);
      expect(await task.say('hello')).toMatchObject({ ok: true, seq: 6 });
    });

    it('joins calls with the same key, also after the end', async () => {
      const task = await create();
      const idempotency = { key: randomUUID(), fingerprint: 'f', windowMs: 60_000 };
      const input = { message: message('again', { messageId: 'n' }), request: {}, idempotency };
      const send = () => elsewhere.addInput(task.scope, task.taskId, input);
      expect(await send()).toMatchObject({ ok: true, seq: 2 });
      const { lease } = await taken(task);
      await storage.append(lease, 1, [COMPLETED]);
      expect(await send()).toEqual({ ok: true, seq: 2, closed: true, entries: [], duplicate: true });
      const changed = { ...input, idempotency: { ...idempotency, fingerprint: 'g' } };
      expect(await storage.addInput(task.scope, task.taskId, changed)).toMatchObject({
        reason: 'key-reused',
      });
    });

    it('resumes only what waits in AUTH_REQUIRED', async () => {
      const task = await create();
      const resume = () => storage.addInput(task.scope, task.taskId, { resume: { token: 1 } });
      const state = 'TASK_STATE_SUBMITTED';
      expect(await resume()).toEqual({ ok: false, reason: 'not-waiting', state });
      const { lease } = await taken(task);
      await storage.append(lease, 1, [authorizing(1)]);
      expect(await resume()).toMatchObject({
        ok: true,
        seq: 3,
        entries: [{ kind: 'resume' }, { kind: 'status' }],
      });
      expect(await resume()).toEqual({ ok: false, reason: 'not-waiting', state: 'TASK_STATE_WORKING' });
      expect(await storage.renew(lease, 60_000)).toMatchObject({ ok: true, inputSeq: 3 });
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

  describe('requestCancel', () => {
    it('ends a task that nobody runs', async () => {
      const task = await create();
      const result = await task.cancel();
      const { entries } = await storage.read(task.taskId, 1, 10, 1e6);
      expect(result).toEqual({ ok: true, seq: 2, closed: true, entries });
      expect(await task.kinds()).toEqual(['open', 'cancel', 'TASK_STATE_CANCELED']);
      expect(await task.claim()).toBeUndefined();
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

    it('does not prolong a lease that ends before the grace', async () => {
      const task = await create();
      const { lease } = await taken(task, 1_000);
      await task.cancel(60_000);
      const renewed = await storage.renew(lease, 60_000);
      expect(renewed.ok && renewed.leftMs).toBeLessThanOrEqual(1_000);
    });

    it('does not let a release put it off', async () => {
      const task = await create();
      const { lease } = await taken(task);
      await task.cancel();
      await storage.release(lease, 60_000, true);
      expect(await taken(task)).toMatchObject({ cancelRequested: true, reason: 'work' });
    });

    it('is not lost when the run pauses', async () => {
      const task = await create();
      const { lease } = await taken(task);
      await task.cancel();
      await storage.append(lease, 1, [asking(1, {})]);
      const next = await taken(task);
      expect(next).toMatchObject({ cancelRequested: true, pending: [], reason: 'work' });
    });
  });
});
