import { afterEach, describe, expect, it } from '@jest/globals';
import type express from 'express';
import { a2aRouter } from '../../lib/express/router.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { start } from '../helpers/calls.ts';
import { gate, until } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';
import { exchange, post } from '../helpers/raw-http.ts';
import { serve } from '../helpers/serve.ts';
import { dataOf, readEvents } from '../helpers/sse.ts';

const CARD = { name: 'Test', description: 'For tests', version: '1.0.0' };

let app: AgentApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

describe('an agent below a path', () => {
  it('answers a message with a completed task', async () => {
    app = await makeApp({ agent: (turn) => `you said ${turn.text}` });
    expect(await app.call('SendMessage', message('hi'))).toMatchObject({
      jsonrpc: '2.0',
      id: 1,
      result: {
        task: {
          status: { state: 'TASK_STATE_COMPLETED' },
          artifacts: [{ parts: [{ text: 'you said hi' }] }],
        },
      },
    });
  });

  it('streams a message from the submitted task to the completed one', async () => {
    app = await makeApp({
      async *agent() {
        yield 'a';
        await Promise.resolve();
        yield 'b';
      },
    });
    const events = await readEvents(await app.open('SendStreamingMessage', message('hi'))).rest();
    const results = dataOf(events).map((each) => (each as { result: object }).result); // responses without an error
    expect(results[0]).toMatchObject({ task: { status: { state: 'TASK_STATE_SUBMITTED' } } });
    expect(results.at(-1)).toMatchObject({ statusUpdate: { status: { state: 'TASK_STATE_COMPLETED' } } });
    expect(events.every(({ id }) => id === undefined)).toBe(true);
  });

  it('gives ids to clients that ask for them', async () => {
    app = await makeApp();
    const extension = 'urn:express-a2a:resumable-stream:v1';
    const response = await app.open('SendStreamingMessage', message('hi'), { 'A2A-Extensions': extension });
    expect(response.headers.get('a2a-extensions')).toBe(extension);
    const ids = (await readEvents(response).rest()).map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(1);
    for (const id of ids) expect(id).toMatch(/^\d+\.[0-9a-z]+$/);
  });
});

describe('the owner', () => {
  const withUser =
    (field: 'user' | 'auth', value: unknown): express.RequestHandler =>
    (req, _res, next) => {
      Object.assign(req, { [field]: value });
      next();
    };

  async function listAs(middleware: express.RequestHandler): Promise<{ answer: unknown; errors: unknown[] }> {
    const errors: unknown[] = [];
    const router = a2aRouter({
      card: CARD,
      agent: () => 'x',
      onError: (error) => {
        errors.push(error);
      },
    });
    const served = await serve((it) => it.use(middleware).use('/a2a', router));
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ListTasks' });
    const { body: answer } = await exchange(served.port, post('/a2a', body), body);
    await router.close({ drainMs: 0 });
    await served.close();
    return { answer: JSON.parse(answer) as unknown, errors };
  }

  it.each([
    ['req.user.id', 'user', { id: 'ada' }],
    ['req.auth.payload.sub', 'auth', { payload: { sub: 'ada' } }],
    ['req.auth.sub', 'auth', { sub: 'ada' }],
  ] as const)('is %s', async (_, field, value) => {
    const { answer, errors } = await listAs(withUser(field, value));
    expect(answer).toMatchObject({ result: { tasks: [], totalSize: 0 } });
    expect(errors).toEqual([]);
  });

  it.each([
    ['a user without an id', 'user', { name: 'ada' }],
    ['a user whose id is a number', 'user', { id: 7 }],
    ['a user with an empty id', 'user', { id: '' }],
    ['a user whose id has no UTF-8, as another one', 'user', { id: 'ada\ud800' }],
    ['a user whose id not every store can hold', 'user', { id: 'ada\0' }],
    ['a token without a subject', 'auth', {}],
  ] as const)('is never anonymous by accident: %s', async (_, field, value) => {
    const { answer, errors } = await listAs(withUser(field, value));
    expect(answer).toMatchObject({ error: { code: -32603 } });
    expect(errors).toEqual([expect.objectContaining({ name: 'ConfigError', code: 'ERR_A2A_OWNER' })]);
  });

  it('of a task is the only one to see it', async () => {
    app = await makeApp({ owner: (req) => req.headers['x-user']?.toString() ?? null });
    const sent = await app.call('SendMessage', message('hi'), { 'x-user': 'ada' });
    const { id } = (sent as { result: { task: { id: string } } }).result.task; // it answered with a task
    expect(await app.call('GetTask', { id }, { 'x-user': 'ada' })).toMatchObject({ result: { id } });
    for (const headers of [{ 'x-user': 'bob' }, {}]) {
      expect(await app.call('GetTask', { id }, headers)).toMatchObject({ error: { code: -32001 } });
    }
  });
});

describe('the storage', () => {
  it('that can not be reached makes calls fail with 503, and is tried again', async () => {
    const backend = memoryBackend();
    let attempts = 0;
    const logged: string[] = [];
    const log = (_fields: object, text: string) => {
      logged.push(text);
    };
    app = await makeApp({
      ...backend,
      agent: () => 'x',
      logger: { debug: log, info: log, warn: log, error: log },
      storage: {
        ...backend.storage,
        init: () => {
          attempts += 1;
          return attempts < 3 ? Promise.reject(new Error('refused')) : backend.storage.init();
        },
      },
    });
    await new Promise(setImmediate);
    expect(app.router.status()).toMatchObject({ ready: false });
    const response = await app.open('ListTasks');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: {
        code: -32000,
        message: 'This server can not reach its storage; try again later',
        data: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'UNAVAILABLE',
            domain: 'express-a2a',
          },
        ],
      },
    });
    expect(logged).toEqual(Array(2).fill('the storage or the worker could not be started; trying again'));
    expect(await app.call('ListTasks')).toMatchObject({ result: { tasks: [] } });
    expect(app.router.status()).toEqual({
      ready: true,
      closing: false,
      calls: 0,
      runs: { running: 0, orphaned: 0 },
    });
  });
});

describe('a router without an agent', () => {
  it('is ready before its first call: probes that decide whether it gets one ask it first', async () => {
    app = await makeApp({ ...memoryBackend() });
    await new Promise(setImmediate);
    expect(app.router.status()).toMatchObject({ ready: true, calls: 0 });
  });
});

describe('closing', () => {
  it('answers waiting calls with 503 and the task, ends streams, and closes the backend in order', async () => {
    const backend = memoryBackend();
    const closed: string[] = [];
    const noting = <T extends { close: () => Promise<void> }>(name: string, part: T): T => ({
      ...part,
      close: () => {
        closed.push(name);
        return part.close();
      },
    });
    let started = 0;
    app = await makeApp({
      storage: noting('storage', backend.storage),
      broker: noting('broker', backend.broker),
      eventBus: noting('eventBus', backend.eventBus),
      async agent(turn) {
        started += 1;
        await new Promise((resolve) => {
          turn.signal.addEventListener('abort', resolve);
        });
      },
    });
    const blocking = app.open('SendMessage', message('hi'));
    const stream = readEvents(await app.open('SendStreamingMessage', message('hi', { messageId: 'm2' })));
    const first = await stream.next();
    const { id: streamed } = (JSON.parse(first?.data ?? '') as { result: { task: { id: string } } }).result
      .task;
    while (started < 2) await new Promise(setImmediate);
    const done = app.router.close({ drainMs: 0 });
    expect(app.router.close()).toBe(done);
    expect(app.router.status()).toMatchObject({ ready: false, closing: true });

    const response = await blocking;
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({
      id: 1,
      error: {
        code: -32000,
        data: [
          {
            reason: 'UNAVAILABLE',
            domain: 'express-a2a',
            metadata: { taskId: expect.any(String), contextId: expect.any(String) },
          },
        ],
      },
    });
    await stream.rest();
    await done;
    expect(closed).toEqual(['broker', 'eventBus', 'storage']);
    expect(await backend.storage.loadTask(streamed)).toMatchObject({
      task: { status: { state: 'TASK_STATE_FAILED' } },
    });
    expect((await app.open('ListTasks')).status).toBe(503);
  });
});

describe('resume', () => {
  it('goes on with a task that waits for credentials, once', async () => {
    app = await makeApp({
      agent: (turn) =>
        turn.resumed === undefined ? turn.requireAuth('log in') : `token ${turn.resumed === 'T' ? 'T' : '?'}`,
    });
    const sent = await app.call('SendMessage', message('hi'));
    const { task } = (sent as { result: { task: { id: string; status: object } } }).result; // it answered with a task
    expect(task.status).toMatchObject({ state: 'TASK_STATE_AUTH_REQUIRED' });
    const stream = readEvents(await app.open('SubscribeToTask', { id: task.id }));
    await stream.next();
    expect(await app.router.resume(task.id, 'T')).toBe(true);
    await stream.rest();
    expect(await app.call('GetTask', { id: task.id })).toMatchObject({
      result: { status: { state: 'TASK_STATE_COMPLETED' }, artifacts: [{ parts: [{ text: 'token T' }] }] },
    });
    expect(await app.router.resume(task.id, 'T')).toBe(false);
    expect(await app.router.resume('unknown')).toBe(false);
  });
});

describe('a cancel that waits for its run', () => {
  it('is answered with 503 and the task when the server closes', async () => {
    const [stopping, ended] = [gate(), gate()];
    app = await makeApp({
      async agent(turn) {
        turn.signal.addEventListener('abort', stopping.open);
        await ended.opened;
      },
    });
    const { id, contextId } = await start(app, 'hi');
    await until(() => app?.router.status().runs.running === 1);
    const canceling = app.open('CancelTask', { id });
    await stopping.opened;
    const closed = app.router.close({ drainMs: 60_000 });
    const response = await canceling;
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({
      error: { code: -32000, data: [{ reason: 'UNAVAILABLE', metadata: { taskId: id, contextId } }] },
    });
    ended.open();
    await closed;
  });
});

describe('option answers', () => {
  it('that gives neither kind fails the call, in words for the application only', async () => {
    const seen: unknown[] = [];
    app = await makeApp({
      answers: () => undefined as never, // what JavaScript may return
      onError: (error) => seen.push(error),
    });
    expect(await app.call('SendMessage', message('hi'))).toMatchObject({
      error: { code: -32603, message: expect.stringMatching(/^Internal error \(error id [^ ]+\)$/) },
    });
    expect(seen).toEqual([expect.objectContaining({ code: 'ERR_A2A_OPTIONS' })]);
    expect(await app.call('ListTasks')).toMatchObject({ result: { totalSize: 0 } });
  });
});
