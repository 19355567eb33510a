import { afterEach, describe, expect, it } from '@jest/globals';
import type { Agent } from '../../lib/core/output.ts';
import type { A2AOptions } from '../../lib/express/options.ts';
import { memoryBackend, type MemoryBackendOptions } from '../../lib/memory/backend.ts';
import { cancelTask, errorOf, getTask, listTasks, openStream, sendText, stateOf } from '../helpers/calls.ts';
import { makeCluster, type Cluster } from '../helpers/cluster.ts';
import { fakeClock } from '../helpers/fake-clock.ts';
import { gate, until } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message, userOf } from '../helpers/make-app.ts';

let app: AgentApp | undefined;
let cluster: Cluster | undefined;
let runs: string[] = [];

afterEach(async () => {
  await app?.close();
  await cluster?.close();
  app = cluster = undefined;
  runs = [];
});

const KEY = { 'Idempotency-Key': '"8e03978e-40d5"' };

/** Serves an agent whose runs are counted. */
async function serve(
  agent: Agent = () => 'hello',
  options: Partial<A2AOptions> & { memory?: MemoryBackendOptions } = {},
): Promise<AgentApp> {
  const { memory, ...rest } = options;
  app = await makeApp({ ...memoryBackend(memory), agent: counted(agent), ...rest });
  return app;
}

function counted(agent: Agent): Agent {
  return (turn) => {
    runs.push(turn.text);
    return agent(turn);
  };
}

const reused = (field: string) => ({
  code: -32602,
  message: 'Invalid parameters',
  data: [
    {
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [
        {
          field,
          description:
            'belongs to an earlier call with other parameters: send the same parameters again, or another key',
        },
      ],
    },
  ],
});

// row 34 of the needs: a safe retry of a send
describe('NEEDS 34: sends with one Idempotency-Key', () => {
  it('that come twenty at once, on two front-ends, are one task and one run', async () => {
    cluster = await makeCluster(
      counted(async (turn) => {
        await turn.working('at it');
        return 'hello';
      }),
    );
    const { web } = cluster;
    const ids = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const front = web[n % 2 === 0 ? 0 : 1];
        if (n % 4 < 2) return (await sendText(front, 'hi', {}, {}, KEY)).id;
        const events = await (await openStream(front, 'SendStreamingMessage', message('hi'), KEY)).rest();
        expect(events.map(stateOf).at(-1)).toBe('TASK_STATE_COMPLETED');
        return events[0]?.task?.id;
      }),
    );
    expect(new Set(ids).size).toBe(1);
    expect(runs).toEqual(['hi']);
    expect((await listTasks(web[0])).totalSize).toBe(1);
  });

  it.each<[string, Agent, string]>([
    ['has completed', () => 'hello', 'TASK_STATE_COMPLETED'],
    [
      'has failed',
      () => {
        throw new Error('no');
      },
      'TASK_STATE_FAILED',
    ],
    ['waits for the client', (turn) => turn.requireInput('which?'), 'TASK_STATE_INPUT_REQUIRED'],
  ])('get the task as it is where the first %s', async (_, agent, state) => {
    const app = await serve(agent);
    const first = await sendText(app, 'hi', {}, {}, KEY);
    expect(first.status.state).toBe(state);
    expect(await sendText(app, 'hi', {}, {}, KEY)).toEqual(first);
    const stream = await openStream(app, 'SendStreamingMessage', message('hi'), KEY);
    expect(await stream.rest()).toEqual([{ task: first }]);
    expect(runs).toEqual(['hi']);
  });

  it('join the first while it runs, and get its end', async () => {
    const { open, opened } = gate();
    const app = await serve(async (turn) => {
      await turn.working('at it');
      await opened;
      return 'hello';
    });
    const sends = [sendText(app, 'hi', {}, {}, KEY)];
    await until(() => runs.length === 1);
    const stream = await openStream(app, 'SendStreamingMessage', message('hi'), KEY);
    const { task } = (await stream.next()) ?? {};
    sends.push(sendText(app, 'hi', {}, {}, KEY));
    await until(() => app.router.status().calls === 3);
    open();
    const [one, two] = await Promise.all(sends);
    expect(one?.status.state).toBe('TASK_STATE_COMPLETED');
    expect([two, task?.id]).toEqual([one, one?.id]);
    expect((await stream.rest()).map(stateOf).at(-1)).toBe('TASK_STATE_COMPLETED');
    expect(runs).toEqual(['hi']);
  });

  it('get a canceled task, and do not start it anew', async () => {
    const app = await serve(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reject(new Error('stopped'));
          });
        }),
    );
    const configuration = { configuration: { returnImmediately: true } };
    const { id } = await sendText(app, 'hi', {}, configuration, KEY);
    await until(() => runs.length === 1);
    const canceled = await cancelTask(app, id);
    expect(await sendText(app, 'hi', {}, configuration, KEY)).toEqual(canceled);
    expect(runs).toEqual(['hi']);
  });

  it.each(['SendMessage', 'SendStreamingMessage'])(
    'with other parameters are refused, and nothing runs: %s',
    async (method) => {
      const app = await serve();
      await sendText(app, 'hi', {}, {}, KEY);
      for (const params of [
        message('ho'),
        message('hi', { messageId: 'm2' }),
        message('hi', { contextId: 'c' }),
        { ...message('hi'), metadata: { a: 1 } },
        { ...message('hi'), configuration: { historyLength: 0 } },
      ]) {
        expect(await errorOf(app, method, params, KEY)).toEqual(reused('Idempotency-Key'));
      }
      expect(runs).toEqual(['hi']);
    },
  );

  it('are the same call whatever the order and the spelling of its fields', async () => {
    const app = await serve();
    const first = await sendText(app, 'hi', { metadata: { a: 1, b: { c: [1, { d: 1, e: 2 }] } } }, {}, KEY);
    const again = {
      message: {
        ...{ metadata: { b: { c: [1, { e: 2, d: 1 }] }, a: 1 }, parts: [{ text: 'hi' }] },
        ...{ role: 1, message_id: 'm1', unknown: true },
      },
    };
    expect(await app.call('SendMessage', again, { 'Idempotency-Key': '8e03978e-40d5' })).toMatchObject({
      result: { task: { id: first.id } },
    });
    expect(runs.length).toBe(1);
  });

  it('belong to their owner', async () => {
    const app = await serve(undefined, { owner: userOf });
    const ids = [];
    for (const user of ['ada', 'bob', 'ada'])
      ids.push((await sendText(app, 'hi', {}, {}, { ...KEY, 'x-user': user })).id);
    expect(ids[0]).toBe(ids[2]);
    expect(ids[0]).not.toBe(ids[1]);
    expect(runs.length).toBe(2);
  });

  it('are not recognised any more when a day is over', async () => {
    const clock = fakeClock();
    const app = await serve(undefined, { memory: { clock, retention: { finishedMs: Infinity } } });
    const first = await sendText(app, 'hi', {}, {}, KEY);
    clock.advance(24 * 3_600_000 - 1);
    expect((await sendText(app, 'hi', {}, {}, KEY)).id).toBe(first.id);
    clock.advance(1);
    expect((await sendText(app, 'hi', {}, {}, KEY)).id).not.toBe(first.id);
  });

  it('get the task also when its log is gone, and a refusal when the task is: never a second run', async () => {
    const clock = fakeClock();
    const app = await serve(undefined, { memory: { clock } });
    const first = await sendText(app, 'hi', {}, {}, KEY);
    clock.advance(61_000);
    await listTasks(app); // drops what retention allows
    expect(await sendText(app, 'hi', {}, {}, KEY)).toEqual(first);
    const stream = await openStream(app, 'SendStreamingMessage', message('hi'), KEY);
    expect(await stream.rest()).toEqual([{ task: first }]);
    clock.advance(3_600_000);
    for (const method of ['SendMessage', 'SendStreamingMessage']) {
      expect(await errorOf(app, method, message('hi'), KEY)).toMatchObject({
        code: -32004,
        message:
          'This call was made before, and what came of it is no longer kept; send another Idempotency-Key to make it anew',
      });
    }
    expect(runs).toEqual(['hi']);
  });

  it('get the one message again, as long as it is kept', async () => {
    const clock = fakeClock();
    const app = await serve(undefined, { answers: 'message', memory: { clock } });
    const first = await app.call('SendMessage', message('hi'), KEY);
    expect(first).toMatchObject({ result: { message: { parts: [{ text: 'hello' }] } } });
    expect(await app.call('SendMessage', message('hi'), KEY)).toEqual(first);
    const stream = await openStream(app, 'SendStreamingMessage', message('hi'), KEY);
    expect({ jsonrpc: '2.0', id: 1, result: (await stream.rest())[0] }).toEqual(first);
    clock.advance(61_000);
    await listTasks(app);
    expect(await errorOf(app, 'SendMessage', message('hi'), KEY)).toMatchObject({ code: -32004 });
    expect(runs).toEqual(['hi']);
  });

  it('get the kind of answer that the first one had', async () => {
    const app = await serve(undefined, { answers: 'message' });
    const params = { ...message('hi'), configuration: { returnImmediately: true } };
    const one = await (await openStream(app, 'SendStreamingMessage', params, KEY)).rest();
    expect(one).toEqual([{ message: expect.anything() }]);
    expect(await app.call('SendMessage', params, KEY)).toEqual({ jsonrpc: '2.0', id: 1, result: one[0] });
    expect(runs).toEqual(['hi']);
  });
});

describe('NEEDS 34: follow-ups with one Idempotency-Key', () => {
  const asks: Agent = (turn) => turn.requireInput(`heard ${turn.text}`);

  it('are one message, also when it was answered long ago', async () => {
    const app = await serve(asks);
    const { id: taskId } = await sendText(app, 'hi');
    const send = () => sendText(app, 'more', { taskId, messageId: 'm2' }, {}, KEY);
    const tasks = await Promise.all(Array.from({ length: 10 }, send));
    expect(new Set(tasks.map(({ status }) => status.message?.parts[0]?.text))).toEqual(
      new Set(['heard more']),
    );
    await sendText(app, 'still more', { taskId, messageId: 'm3' });
    expect(await send()).toEqual(await getTask(app, taskId));
    await cancelTask(app, taskId);
    expect((await send()).status.state).toBe('TASK_STATE_CANCELED');
    const stream = await openStream(
      app,
      'SendStreamingMessage',
      message('more', { taskId, messageId: 'm2' }),
      KEY,
    );
    expect((await stream.rest()).map(stateOf)).toEqual(['TASK_STATE_CANCELED']);
    expect(runs).toEqual(['hi', 'more', 'still more']);
  });

  it('are refused for another text, another task, and where the key started a task', async () => {
    const app = await serve(asks);
    const [one, two] = [
      await sendText(app, 'a'),
      await sendText(app, 'b', {}, {}, { 'Idempotency-Key': 'b' }),
    ];
    await sendText(app, 'more', { taskId: one.id }, {}, KEY);
    const error = (text: string, taskId: string, key = KEY) =>
      errorOf(app, 'SendMessage', message(text, { taskId }), key);
    expect(await error('other', one.id)).toEqual(reused('Idempotency-Key'));
    expect(await error('more', two.id)).toEqual(reused('Idempotency-Key'));
    expect(await error('more', two.id, { 'Idempotency-Key': 'b' })).toEqual(reused('Idempotency-Key'));
    expect(await errorOf(app, 'SendMessage', message('more'), KEY)).toEqual(reused('Idempotency-Key'));
    expect(runs).toEqual(['a', 'b', 'more']);
  });

  it('that were refused leave the key for the next call', async () => {
    const app = await serve();
    const { id: taskId } = await sendText(app, 'hi');
    expect(await errorOf(app, 'SendMessage', message('more', { taskId }), KEY)).toMatchObject({
      code: -32004,
    });
    expect(await errorOf(app, 'SendMessage', message('x', { role: 'ROLE_AGENT' }), KEY)).toMatchObject({
      code: -32602,
    });
    expect((await sendText(app, 'anew', {}, {}, KEY)).status.state).toBe('TASK_STATE_COMPLETED');
  });
});

describe('NEEDS 34: the key itself', () => {
  it.each([
    '"a b"',
    '"with \\"quotes\\" and \\\\"',
    'a',
    `"${'k'.repeat(256)}"`,
    '  "spaced"  ',
    'YWJj+/==;:',
    "'",
  ])('may be %s', async (key) => {
    const app = await serve();
    const { id } = await sendText(app, 'hi', {}, {}, { 'Idempotency-Key': key });
    expect((await sendText(app, 'hi', {}, {}, { 'Idempotency-Key': key })).id).toBe(id);
    expect(runs).toEqual(['hi']);
  });

  it.each([
    '',
    '""',
    '"a',
    'a"',
    'a b',
    'a,b',
    '"a", "b"',
    '"a";p=1',
    '"a\\n"',
    'a\\b',
    '"\u00e9"',
    `"${'k'.repeat(257)}"`,
    'k'.repeat(257),
  ])('is refused before anything is stored where it is %s', async (key) => {
    const app = await serve();
    for (const method of ['SendMessage', 'SendStreamingMessage']) {
      expect(await errorOf(app, method, message('hi'), { 'Idempotency-Key': key })).toEqual({
        code: -32602,
        message: 'Invalid parameters',
        data: [
          {
            '@type': 'type.googleapis.com/google.rpc.BadRequest',
            fieldViolations: [
              {
                field: 'Idempotency-Key',
                description:
                  'must be one key of 1 to 256 visible ASCII characters, such as "8e03978e-40d5-43dd-bc93-6894a57f9324"',
              },
            ],
          },
        ],
      });
    }
    expect((await listTasks(app)).totalSize).toBe(0);
    expect(runs).toEqual([]);
  });

  it('is of no interest to other operations', async () => {
    const app = await serve();
    const { id } = await sendText(app, 'hi');
    expect((await getTask(app, id, { 'Idempotency-Key': '"' })).id).toBe(id);
    expect((await listTasks(app, {}, { 'Idempotency-Key': '"' })).totalSize).toBe(1);
  });
});

describe('NEEDS 34: dedupeWindowMs', () => {
  it('makes the messageId a key for so long, where there is no header', async () => {
    const clock = fakeClock();
    const app = await serve(undefined, { dedupeWindowMs: 10_000, memory: { clock } });
    const { id } = await sendText(app, 'hi');
    clock.advance(9_999);
    expect((await sendText(app, 'hi')).id).toBe(id);
    expect(await errorOf(app, 'SendMessage', message('ho'))).toEqual(reused('message.messageId'));
    expect((await sendText(app, 'hi', {}, {}, KEY)).id).not.toBe(id);
    clock.advance(1);
    expect((await sendText(app, 'hi')).id).not.toBe(id);
    expect(runs.length).toBe(3);
  });

  it('is off by default: clients that give many tasks one messageId get many tasks', async () => {
    const app = await serve();
    expect((await sendText(app, 'hi')).id).not.toBe((await sendText(app, 'hi')).id);
  });

  it('does not mix up messageIds and keys', async () => {
    const app = await serve(undefined, { dedupeWindowMs: 10_000 });
    const { id } = await sendText(app, 'hi', { messageId: 'same' });
    expect((await sendText(app, 'other', {}, {}, { 'Idempotency-Key': 'same' })).id).not.toBe(id);
  });
});
