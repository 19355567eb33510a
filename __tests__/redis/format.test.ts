import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { redisBackend, type RedisBackend } from 'express-a2a/redis';
import type { EntryBody, StoredTask, TaskId } from '../../lib/core/log.ts';
import type { Lease } from '../../lib/core/storage.ts';
import { eventually } from '../../lib/testing/eventually.ts';
import { makeApp } from '../helpers/make-app.ts';
import { openClient, type TestClient } from './clients.ts';
import { findRedis, removeKeys, type TestRedis, connect } from './server.ts';

const start = findRedis();
const scope = { agent: 'default', tenant: '', owner: null };
const REFUSED = { name: 'StorageError', code: 'unavailable', message: /newer version/ };
const refused = expect.objectContaining({ ...REFUSED, message: expect.stringMatching(REFUSED.message) });

/** Entries of versions to come: of a kind, with a field and in a format that this one does not know. */
const future = (entry: object) => entry as EntryBody;
const newKind = future({ kind: 'telemetry', tokens: 7 });
const newField = future({ kind: 'status', state: 'TASK_STATE_WORKING', progress: 0.5 });
const newFormat = future({ v: 2, kind: 'status', state: 'TASK_STATE_WORKING', progress: 0.5 });

(start ? describe : describe.skip)('what a newer version has written to Redis', () => {
  let redis: TestRedis;
  let own: TestClient;
  let admin: Awaited<ReturnType<typeof connect>>;
  let prefix = '';
  let backend: RedisBackend;
  const errors: unknown[] = [];

  beforeAll(async () => {
    if (!start) throw new Error('unreachable: the block is skipped');
    redis = await start();
    own = await openClient('node-redis', redis.url);
    admin = await connect(redis.url);
  });
  beforeEach(() => {
    prefix = `{a2a-test-${randomUUID()}}:`;
    errors.length = 0;
    const quiet = () => undefined;
    const logger = {
      debug: quiet,
      info: quiet,
      warn: quiet,
      error: (fields: unknown) => errors.push(fields),
    };
    backend = redisBackend({ client: own.client, prefix, logger });
  });
  afterEach(() => Promise.all([backend.broker.close(), backend.eventBus.close()]));
  afterAll(async () => {
    await removeKeys(admin, '{a2a-test-');
    own.close();
    admin.destroy();
    await redis.stop();
  });

  async function claimedTask(more: object = {}): Promise<Lease> {
    const { storage } = backend;
    const id = randomUUID();
    const message = { messageId: id, role: 'ROLE_USER', parts: [{ text: 'hi' }] } as const;
    const task: StoredTask = {
      ...{ id, contextId: 'c', history: [message as never] },
      status: { state: 'TASK_STATE_SUBMITTED', timestamp: new Date(0).toISOString() },
    };
    await storage.createTask({ scope, task, request: {}, answers: 'task', ...more });
    const [claimed] = await storage.claim({ ...by, taskId: id });
    if (claimed === undefined) throw new Error('the task was not due');
    return claimed.lease;
  }
  const by = { worker: 'w', agent: scope.agent, limit: 10, leaseMs: 60_000 };

  /** Appends as the newer version does: what it wrote is not read here. */
  async function write(lease: Lease, seq: number, ...entries: readonly EntryBody[]): Promise<void> {
    await backend.storage.append(lease, seq, entries).catch(() => undefined);
    const { taskId } = lease;
    const head = Number(await admin.hGet(`${prefix}t:${taskId}`, 'sq'));
    await backend.eventBus.publish({ taskId, head, closed: false });
  }

  it('of a kind or with a field that is not known changes nothing else, and has its number', async () => {
    const lease = await claimedTask();
    await write(lease, 1, newKind, newField);
    const { entries } = await backend.storage.read(lease.taskId, 1, 10, 1e6);
    expect(entries.map(({ seq, kind }) => [seq, kind])).toEqual([
      [2, 'telemetry'],
      [3, 'status'],
    ]);
    expect(await backend.storage.loadTask(lease.taskId)).toMatchObject({
      seq: 3,
      task: { status: { state: 'TASK_STATE_WORKING' } },
    });
  });

  it('is streamed without the entries of such a kind', async () => {
    const lease = await claimedTask();
    const app = await makeApp({ ...backend, push: { send: false } });
    try {
      const response = await app.open('SubscribeToTask', { id: lease.taskId });
      await write(lease, 1, newKind, newField);
      await write(lease, 2, { kind: 'status', state: 'TASK_STATE_COMPLETED' });
      const frames = (await response.text()).split('\n\n').filter((it) => it.startsWith('data:'));
      expect(frames.map((it) => /TASK_STATE_\w+/.exec(it)?.[0])).toEqual([
        ...['TASK_STATE_SUBMITTED', 'TASK_STATE_WORKING', 'TASK_STATE_COMPLETED'],
      ]);
    } finally {
      await app.close();
    }
  });

  it('in a newer format is refused: by reads, lists and stream, and no checkpoint is made of it', async () => {
    const lease = await claimedTask();
    await write(lease, 1, newFormat);
    const { storage } = backend;
    await expect(storage.loadTask(lease.taskId)).rejects.toEqual(refused);
    await expect(storage.read(lease.taskId, 0, 10, 1e6)).rejects.toEqual(refused);
    const app = await makeApp({ ...backend, push: { send: false } });
    try {
      for (const [method, params] of [
        ['GetTask', { id: lease.taskId }],
        ['SubscribeToTask', { id: lease.taskId }],
        ['ListTasks', {}],
      ] as const) {
        const response = await app.open(method, params);
        expect([method, response.status]).toEqual([method, 503]);
      }
    } finally {
      await app.close();
    }
    expect(await admin.get(`${prefix}c:${lease.taskId}`)).toBeNull();
  });

  it('in a newer format comes with no hint', async () => {
    const heard: unknown[] = [];
    const stop = await backend.eventBus.subscribe('t', (hint) => heard.push(hint));
    const entry = { seq: 2, ts: 0, epoch: 1, ...newFormat } as never;
    await backend.eventBus.publish({ taskId: 't', head: 2, closed: false, entries: [entry] });
    await backend.eventBus.publish({ taskId: 't', head: 3, closed: false });
    await eventually(() => heard.length >= 2, 'two hints');
    expect(heard).toEqual([
      { taskId: 't', head: 2, closed: false },
      { taskId: 't', head: 3, closed: false },
    ]);
    stop();
  });

  it('is not run: the task is left to others, and the tasks beside it are claimed', async () => {
    const odd = await claimedTask();
    const good = await claimedTask();
    const message = { messageId: 'm2', role: 'ROLE_USER', parts: [{ text: 'hi' }] } as const;
    await rewriteMessages(odd.taskId);
    for (const lease of [odd, good]) await backend.storage.release(lease, 0, true);
    await backend.storage.addInput(scope, good.taskId, { message: message as never, request: {} });
    const claimed = await backend.storage.claim(by);
    expect(claimed.map((it) => it.lease.taskId)).toEqual([good.taskId]);
    expect(errors).toEqual([{ err: refused, taskId: odd.taskId }]);
    // due again soon, and nobody's meanwhile
    const [lease, due] = await Promise.all([
      admin.hGet(`${prefix}t:${odd.taskId}`, 'cu'),
      admin.zScore(`${prefix}due:default`, odd.taskId),
    ]);
    expect(lease).toBe('0');
    expect(due).toBeLessThan(Date.now() + 30_000);
  });

  it('is not posted: a webhook is left to other senders, and those beside it are claimed', async () => {
    const lease = await claimedTask();
    const { push } = backend.storage;
    if (!push) throw new Error('unreachable: it keeps webhooks');
    for (const id of ['odd', 'good']) {
      const config = { taskId: lease.taskId, id, url: 'https://example.com/' };
      await push.save(scope, { config, version: '1.0', ...(id === 'odd' && { v: 2 }) } as never);
    }
    await write(lease, 1, newField);
    const claimed = await push.claim({ worker: 's', agent: scope.agent, limit: 10, leaseMs: 60_000 });
    expect(claimed.map((it) => it.lease.id)).toEqual(['good']);
    expect(errors).toEqual([{ err: refused, taskId: lease.taskId }]);
    const [{ un, to } = {}] = (
      JSON.parse((await admin.hGet(`${prefix}pc:${lease.taskId}`, 's')) ?? '[]') as {
        id: string;
        un?: number;
        to?: string;
      }[]
    ).filter(({ id }) => id === 'odd');
    expect([un, to]).toEqual([undefined, undefined]);
  });

  /** The log of a task as if a newer front-end had written it. */
  async function rewriteMessages(taskId: TaskId): Promise<void> {
    const key = `${prefix}l:${taskId}`;
    const entries = (await admin.xRange(key, '-', '+')) ?? [];
    await admin.del(key);
    for (const { id, message } of entries) {
      const body = JSON.stringify({ ...(JSON.parse(message['b'] ?? '') as object), v: 2 });
      await admin.xAdd(key, id, { ...message, b: body });
    }
  }
});
