import { afterEach, describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import type { Agent } from '../../lib/core/output.ts';
import type { Request } from 'express';
import type { A2AOptions, RequestLimits } from '../../lib/express/options.ts';
import { memoryBackend, type MemoryBackendOptions } from '../../lib/memory/backend.ts';
import { errorOf, getTask, listTasks, sendText, start, streamText, subscribe } from '../helpers/calls.ts';
import { gate, until } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';

// rows 18 and 48 of the needs: each limit just below and just above, with the answer that tells what to do

let app: AgentApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function serve(
  options: Partial<A2AOptions> & { memory?: MemoryBackendOptions } = {},
): Promise<AgentApp> {
  const { memory, ...rest } = options;
  app = await makeApp({ ...memoryBackend(memory), agent: () => 'hello', ...rest });
  return app;
}

/** Does nothing until it is told to stop. */
const waits: Agent = ({ signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error(String(signal.reason)));
    });
  });

const wrongField = (field: string, description: string) => ({
  code: -32602,
  message: 'Invalid parameters',
  data: [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field, description }] }],
});

const refused = (reason: string, text: string) => ({
  jsonrpc: '2.0',
  id: 1,
  error: {
    code: -32000,
    message: text,
    data: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'express-a2a' }],
  },
});

describe('NEEDS 18: limits.bodyBytes', () => {
  const LIMIT = 1000;
  const call = (bytes: number) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ListTasks', params: { x: '' } });
    return body.replace('"x":""', `"x":"${'x'.repeat(bytes - body.length)}"`);
  };
  const chunked = (body: string) =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(body));
        controller.close();
      },
    });

  it.each<[string, (body: string) => NonNullable<Parameters<typeof fetch>[1]>, Record<string, string>]>([
    ['with its length', (body) => ({ body }), {}],
    ['in chunks', (body) => ({ body: chunked(body), duplex: 'half' }), {}],
    ['as gzip', (body) => ({ body: gzipSync(body) }), { 'Content-Encoding': 'gzip' }],
  ])('takes a body of so many bytes, and not one more: %s', async (_, send, headers) => {
    const app = await serve({ limits: { bodyBytes: LIMIT } });
    const post = (bytes: number) =>
      fetch(app.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'A2A-Version': '1.0', ...headers },
        ...send(call(bytes)),
      });
    const below = await post(LIMIT);
    expect([below.status, await below.json()]).toMatchObject([200, { result: { tasks: [] } }]);
    const above = await post(LIMIT + 1);
    expect([above.status, await above.json()]).toEqual([
      413,
      {
        jsonrpc: '2.0',
        id: null,
        error: {
          code: -32600,
          message: 'The body is larger than 1000 bytes: send large files as parts with a url',
        },
      },
    ]);
  });
});

describe('NEEDS 48: limits of what a call holds', () => {
  it('parameters of 100 levels are taken, 101 are not', async () => {
    const app = await serve();
    const nested = (levels: number): object => (levels === 1 ? {} : { x: nested(levels - 1) });
    expect((await listTasks(app, nested(100))).totalSize).toBe(0);
    expect(await errorOf(app, 'ListTasks', nested(101))).toEqual(
      wrongField('params', 'must not nest deeper than 100 levels'),
    );
  });

  it.each([
    ['1,000 parts', undefined, 1000],
    ['limits.messageParts', { messageParts: 3 }, 3],
  ])('a message has at most %s', async (_, limits, most) => {
    const app = await serve(limits && { limits });
    const parts = (count: number) => ({ parts: Array.from({ length: count }, () => ({ text: 'x' })) });
    expect((await sendText(app, '', parts(most))).history?.[0]?.parts.length).toBe(most);
    for (const method of ['SendMessage', 'SendStreamingMessage']) {
      expect(await errorOf(app, method, message('', parts(most + 1)))).toEqual(
        wrongField(
          'message.parts',
          `must have at most ${String(most)} parts: send the others in further messages`,
        ),
      );
    }
    expect((await listTasks(app)).totalSize).toBe(1);
  });

  it('a page has 1 to 100 tasks', async () => {
    const app = await serve();
    for (const pageSize of [1, 100]) expect((await listTasks(app, { pageSize })).pageSize).toBe(pageSize);
    for (const pageSize of [0, 101]) {
      expect(await errorOf(app, 'ListTasks', { pageSize })).toEqual(
        wrongField('pageSize', 'must be from 1 to 100'),
      );
    }
  });
});

describe('NEEDS 48: limits of streams', () => {
  const TOO_MANY = refused(
    'RATE_LIMITED',
    'This caller can hold open at most 2 streams and waiting calls; close one, or try again later',
  );
  const as = (user: string) => ({ 'x-user': user });
  const owner = (req: Request) => req.headers['x-user']?.toString() ?? null;

  async function serveStreams(limits: RequestLimits): Promise<AgentApp> {
    return serve({ limits, owner, agent: (turn) => (turn.text === 'end' ? 'at once' : waits(turn)) });
  }

  it.each(['ada', undefined])(
    'limits.streamsPerCaller: 429 for the third of %s, whatever opens it',
    async (user) => {
      const app = await serveStreams({ streamsPerCaller: 2 });
      const headers = user === undefined ? {} : as(user);
      const task = await start(app, 'hi', headers);
      const streams = [await subscribe(app, task.id, headers), await streamText(app, 'hi', {}, headers)];
      for (const [method, params] of [
        ['SubscribeToTask', { id: task.id }],
        ['SendStreamingMessage', message('hi')],
        ['SendStreamingMessage', message('more', { taskId: task.id })],
      ] as const) {
        const response = await app.open(method, params, headers);
        expect([response.status, response.headers.get('retry-after')]).toEqual([429, '5']);
        expect(response.headers.get('content-type')).toBe('application/json');
        expect(await response.json()).toEqual(TOO_MANY);
      }
      // nothing was stored, other calls go on, and so do other callers
      expect((await listTasks(app, {}, headers)).totalSize).toBe(2);
      expect((await getTask(app, task.id, headers)).history?.length).toBe(1);
      await (await streamText(app, 'end', {}, as('bob'))).rest();
      await streams[0]?.leave();
      await until(() => app.router.status().calls === 1);
      expect((await (await streamText(app, 'end', {}, headers)).rest()).length).toBeGreaterThan(1);
    },
  );

  it('limits.streams: 503 for the next one of whomever', async () => {
    const app = await serveStreams({ streams: 2 });
    const { id } = await start(app, 'hi', as('ada'));
    const streams = [await subscribe(app, id, as('ada')), await streamText(app, 'hi', {}, as('bob'))];
    const response = await app.open('SendStreamingMessage', message('hi'), as('carol'));
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await response.json()).toEqual(
      refused(
        'UNAVAILABLE',
        'This server has no room for further streams and waiting calls; try again later',
      ),
    );
    await streams[1]?.leave();
    await until(() => app.router.status().calls === 1);
    await (await streamText(app, 'end', {}, as('carol'))).rest();
  });

  it('what else is wrong is said first, and what fails before its head takes no place', async () => {
    const app = await serveStreams({ streams: 1, streamsPerCaller: 1 });
    const { id } = await sendText(app, 'end');
    for (let n = 0; n < 5; n += 1) {
      expect((await errorOf(app, 'SubscribeToTask', { id })).code).toBe(-32004);
      expect((await errorOf(app, 'SubscribeToTask', { id: 'x' })).code).toBe(-32001);
      expect((await errorOf(app, 'SendStreamingMessage', {})).code).toBe(-32602);
      expect((await errorOf(app, 'SendStreamingMessage', message('hi', { taskId: id }))).code).toBe(-32004);
    }
    const stream = await streamText(app, 'hi');
    expect((await errorOf(app, 'SubscribeToTask', { id })).code).toBe(-32004);
    expect((await errorOf(app, 'SubscribeToTask', { id: 'x' })).code).toBe(-32001);
    expect((await errorOf(app, 'SendStreamingMessage', {})).code).toBe(-32602);
    expect((await errorOf(app, 'SendStreamingMessage', message('hi', { taskId: id }))).code).toBe(-32004);
    expect((await errorOf(app, 'SendStreamingMessage', message('hi'))).code).toBe(-32000);
    await stream.leave();
  });

  it.each<[string, string, object]>([
    ['1.0', 'SendMessage', {}],
    ['0.3', 'message/send', { configuration: { blocking: true } }],
  ])('a send that waits counts as a stream does: %s', async (version, method, more) => {
    const app = await serveStreams({ streams: 3, streamsPerCaller: 2 });
    const older = { kind: 'message', messageId: 'm1', role: 'user', parts: [{ kind: 'text', text: 'hi' }] };
    const params = version === '0.3' ? { message: older, ...more } : message('hi');
    const headers = (user: string) => ({ ...as(user), 'A2A-Version': version });
    const cuts = [new AbortController(), new AbortController()];
    const waiting = cuts.map(({ signal }) =>
      fetch(app.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers('ada') },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
        signal,
      }).catch(() => 'left'),
    );
    await until(() => app.router.status().runs.running === 2);
    const response = await app.open(method, params, headers('ada'));
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '5']);
    expect(await response.json()).toEqual(TOO_MANY);
    expect((await errorOf(app, 'SendStreamingMessage', message('hi'), as('ada'))).code).toBe(-32000);
    // what does not wait goes on, and so do other callers
    const { id } = await start(app, 'hi', as('ada'));
    const bobs = await subscribe(app, (await start(app, 'hi', as('bob'))).id, as('bob'));
    expect((await app.open(method, params, headers('carol'))).status).toBe(503);
    expect(await app.call('CancelTask', { id }, as('ada'))).toMatchObject({ result: { id } });
    expect((await listTasks(app, {}, as('ada'))).totalSize).toBe(3);
    cuts[0]?.abort();
    await until(() => app.router.status().calls === 2);
    expect((await sendText(app, 'end', {}, {}, as('ada'))).status.state).toBe('TASK_STATE_COMPLETED');
    expect((await sendText(app, 'end', {}, {}, as('ada'))).status.state).toBe('TASK_STATE_COMPLETED');
    await bobs.leave();
    cuts[1]?.abort();
    expect(await Promise.all(waiting)).toEqual(['left', 'left']);
  });

  it('60 streams that end, fail or are left one after the other take one place in turn', async () => {
    const app = await serveStreams({ streams: 1, streamsPerCaller: 1 });
    const { id } = await start(app, 'hi');
    for (let n = 0; n < 20; n += 1) {
      await (await streamText(app, 'end')).rest();
      await errorOf(app, 'SubscribeToTask', { id: 'x' });
      const stream = await subscribe(app, id);
      if (n % 2 === 0) await stream.next();
      await stream.leave();
      await until(() => app.router.status().calls === 0);
    }
  });
});

describe('NEEDS 48: limits of tasks', () => {
  const sized =
    (...sizes: number[]): Agent =>
    async (turn) => {
      for (const size of sizes) await turn.artifact({ artifactId: 'a', parts: [{ text: 'x'.repeat(size) }] });
      await turn.artifact({ parts: [{ text: 'small' }] });
    };

  it('taskBytes: a task that outgrows it fails in words, one that does not completes', async () => {
    for (const [size, state] of [
      [8000, 'TASK_STATE_COMPLETED'],
      [12_000, 'TASK_STATE_FAILED'],
    ] as const) {
      const app = await serve({ agent: sized(size), memory: { limits: { taskBytes: 10_000 } } });
      const { status } = await sendText(app, 'hi');
      expect(status.state).toBe(state);
      if (state === 'TASK_STATE_FAILED')
        expect(status.message?.parts).toEqual([{ text: 'The task grew beyond the size this server allows' }]);
      await app.close();
    }
  });

  it('taskBytes: a message that is too large is refused, the first one and a further one', async () => {
    const app = await serve({
      agent: (turn) => turn.requireInput('more'),
      memory: { limits: { taskBytes: 10_000 } },
    });
    const tooLarge = wrongField(
      'message',
      'would make the task larger than this server allows: send less, or large files as parts with a url',
    );
    expect(await errorOf(app, 'SendMessage', message('x'.repeat(10_000)))).toEqual(tooLarge);
    const { id } = await sendText(app, 'x'.repeat(5000));
    expect(await errorOf(app, 'SendMessage', message('x'.repeat(5000), { taskId: id }))).toEqual(tooLarge);
    expect((await sendText(app, 'x'.repeat(1000), { taskId: id })).status.state).toBe(
      'TASK_STATE_INPUT_REQUIRED',
    );
    expect((await listTasks(app)).totalSize).toBe(1);
  });

  it('artifactBytes: the same for one artifact, however large its task may be', async () => {
    const limits = { artifactBytes: 5000 };
    for (const [sizes, state] of [
      [[4500, 4500, 4500], 'TASK_STATE_COMPLETED'],
      [[5500], 'TASK_STATE_FAILED'],
    ] as const) {
      const app = await serve({ agent: sized(...sizes), memory: { limits } });
      expect((await sendText(app, 'hi')).status.state).toBe(state);
      await app.close();
    }
  });

  it('activeTasks: 503 for the one too many, and room again when one has ended', async () => {
    const { open, opened } = gate();
    const app = await serve({
      agent: (turn) => (turn.text === 'wait' ? opened : 'x'),
      memory: { limits: { activeTasks: 2 } },
    });
    const [one] = [await start(app, 'wait'), await start(app, 'wait')];
    for (const method of ['SendMessage', 'SendStreamingMessage']) {
      const response = await app.open(method, message('hi'));
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
      expect(await response.json()).toEqual(
        refused('UNAVAILABLE', 'This server can not take more work now; try again later'),
      );
    }
    expect((await listTasks(app)).totalSize).toBe(2);
    open();
    await until(async () => (await getTask(app, one.id)).status.state === 'TASK_STATE_COMPLETED');
    await until(async () => (await app.open('SendMessage', message('hi'))).status === 200);
  });
});

describe('NEEDS 48: limits of runs', () => {
  it('worker.concurrency: so many at once, the others wait in SUBMITTED', async () => {
    const { open, opened } = gate();
    let running = 0;
    let most = 0;
    const app = await serve({
      worker: { concurrency: 2 },
      agent: async () => {
        most = Math.max(most, (running += 1));
        await opened;
        running -= 1;
      },
    });
    const tasks = [];
    for (let n = 0; n < 5; n += 1) tasks.push(await start(app, 'hi'));
    await until(() => running === 2);
    expect(app.router.status().runs).toEqual({ running: 2, orphaned: 0 });
    expect((await getTask(app, tasks[4]?.id ?? '')).status.state).toBe('TASK_STATE_SUBMITTED');
    open();
    for (const { id } of tasks)
      await until(async () => (await getTask(app, id)).status.state === 'TASK_STATE_COMPLETED');
    expect(most).toBe(2);
  });

  it.each<[string, A2AOptions['worker'], Agent, string]>([
    ['runTimeoutMs', { runTimeoutMs: 50 }, waits, 'The agent took too long'],
    ['idleTimeoutMs', { idleTimeoutMs: 50 }, waits, 'The agent said nothing for too long'],
    [
      'inputTimeoutMs',
      { inputTimeoutMs: 50 },
      async (turn) => {
        await turn.requireAuth('who?', { wait: true });
      },
      'The client did not answer in time',
    ],
  ])('worker.%s: a run that is over the limit fails in words', async (_, worker, agent, words) => {
    const app = await serve({ ...(worker && { worker }), agent });
    const { id } = await start(app, 'hi');
    await until(async () => (await getTask(app, id)).status.state === 'TASK_STATE_FAILED');
    expect((await getTask(app, id)).status.message?.parts).toEqual([{ text: words }]);
  });
});
