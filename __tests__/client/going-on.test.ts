import { describe, expect, it } from '@jest/globals';
import { A2AClient, type ClientOptions } from '../../lib/client/index.ts';
import {
  all,
  at,
  card,
  chunk,
  events,
  failure,
  json,
  RESUMABLE,
  result,
  scriptedFetch,
  type ScriptedFetch,
  status,
  task,
} from '../helpers/scripted-fetch.ts';

const FAST = { firstDelayMs: 1, maxDelayMs: 1, attempts: 3 };
const SUBMITTED = task('TASK_STATE_SUBMITTED');
const WORKING = status('TASK_STATE_WORKING');
const DONE = status('TASK_STATE_COMPLETED');

type Script = Parameters<typeof scriptedFetch>[0];

async function connect(
  script: Script,
  options: ClientOptions = {},
  extensions: string[] = [RESUMABLE],
): Promise<{ client: A2AClient; wire: ScriptedFetch }> {
  const wire = scriptedFetch(script);
  const client = await A2AClient.connect(card({}, extensions), {
    fetch: wire.fetch,
    resume: FAST,
    ...options,
  });
  return { client, wire };
}

/** The headers of the n-th call of a method. */
function header(wire: ScriptedFetch, method: string, name: string, place = 0): string | null | undefined {
  return wire.asked.filter((each) => each.method === method)[place]?.headers.get(name);
}

describe('going on', () => {
  it('ends with the task of GetTask where the subscription is refused with -32004', async () => {
    const ended = { ...SUBMITTED.task, status: { state: 'TASK_STATE_COMPLETED' as const } };
    const { client, wire } = await connect({
      SendStreamingMessage: [events([at('1.a', SUBMITTED)], 'break')],
      SubscribeToTask: [failure(-32004, 'The task has ended')],
      GetTask: [result(ended)],
    });
    expect(await all(client.stream('hi'))).toEqual([SUBMITTED, { task: ended }]);
    expect(wire.methods()).toEqual(['SendStreamingMessage', 'SubscribeToTask', 'GetTask']);
  });

  it('does so where the refusal comes as an event of the subscription', async () => {
    const ended = task('TASK_STATE_COMPLETED');
    const refused = (id: number) =>
      `data: ${JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32004, message: 'The task has ended' } })}\n\n`;
    const { client, wire } = await connect({
      SendStreamingMessage: [events([at('1.a', SUBMITTED)], 'break')],
      SubscribeToTask: [(asked) => events([refused(asked.id)])(asked)],
      GetTask: [() => Promise.reject(new TypeError('terminated')), result(ended.task)],
    });
    expect(await all(client.stream('hi'))).toEqual([SUBMITTED, ended]);
    // a first subscription is not gone on with: whoever asked gets the refusal
    await expect(all(client.subscribe('t'))).rejects.toMatchObject({ code: -32004 });
    expect(wire.methods().filter((each) => each === 'GetTask')).toHaveLength(2);
  });

  it('tries again when that GetTask is lost too', async () => {
    const ended = task('TASK_STATE_COMPLETED');
    const { client } = await connect({
      SendStreamingMessage: [events([at('1.a', SUBMITTED)], 'break')],
      SubscribeToTask: [failure(-32004, 'The task has ended')],
      GetTask: [() => Promise.reject(new TypeError('terminated')), result(ended.task)],
    });
    expect(await all(client.stream('hi'))).toEqual([SUBMITTED, ended]);
  });

  it('takes the task as it is where the agent has no event ids, and follows it from there', async () => {
    const now = task('TASK_STATE_WORKING', { artifacts: [{ artifactId: 'a', parts: [{ text: 'one' }] }] });
    const { client, wire } = await connect(
      {
        SendStreamingMessage: [events([SUBMITTED, chunk('one')], 'break')],
        SubscribeToTask: [events([now, chunk('two')], 'break'), events([now], 'break'), events([now, DONE])],
      },
      {},
      [],
    );
    // the task is told once where it has not changed meanwhile
    expect(await all(client.stream('hi'))).toEqual([SUBMITTED, chunk('one'), now, chunk('two'), now, DONE]);
    expect(header(wire, 'SubscribeToTask', 'Last-Event-ID')).toBe(null);
    expect(header(wire, 'SubscribeToTask', 'A2A-Extensions')).toBe(null);
  });

  it('asks for the task where a subscription does not begin with it', async () => {
    const half = task('TASK_STATE_WORKING', { metadata: { half: true } });
    const { client } = await connect(
      {
        SendStreamingMessage: [events([SUBMITTED], 'break')],
        SubscribeToTask: [events([chunk('two'), chunk('three')]), events([])],
        GetTask: [result(half.task), result(half.task), result(task('TASK_STATE_COMPLETED').task)],
      },
      {},
      [],
    );
    expect(await all(client.stream('hi'))).toEqual([SUBMITTED, half, task('TASK_STATE_COMPLETED')]);
  });

  it('goes by the task that comes instead of the events, where its place is not known any more', async () => {
    const now = task('TASK_STATE_WORKING', { metadata: { trimmed: true } });
    const { client, wire } = await connect({
      SendStreamingMessage: [events([at('1.a', SUBMITTED), at('9.b', WORKING)], 'break')],
      SubscribeToTask: [events([at('5.z', now), at('6.y', chunk('x'))], 'break'), events([at('7.w', DONE)])],
    });
    // 9 comes after 1 without a word: something is missing, so it is not taken
    expect(await all(client.stream('hi'))).toEqual([SUBMITTED, now, chunk('x'), DONE]);
    expect(header(wire, 'SubscribeToTask', 'Last-Event-ID', 0)).toBe('1.a');
    expect(header(wire, 'SubscribeToTask', 'Last-Event-ID', 1)).toBe('6.y');
  });
});

describe('event ids', () => {
  it.each([
    ['twice', [at('2.b', chunk('one')), at('2.b', chunk('one')), at('3.c', DONE)]],
    [
      'twice and later',
      [at('2.b', chunk('one')), at('1.a', SUBMITTED), at('2.b', chunk('one')), at('3.c', DONE)],
    ],
  ])('tell an event that comes %s', async (_, rest) => {
    const { client, wire } = await connect({
      SendStreamingMessage: [events([at('1.a', SUBMITTED), ...rest])],
    });
    expect(await all(client.stream('hi'))).toEqual([SUBMITTED, chunk('one'), DONE]);
    expect(wire.asked).toHaveLength(1);
  });

  it('tell events that were swapped', async () => {
    const { client, wire } = await connect({
      SendStreamingMessage: [
        events([at('1.a', SUBMITTED), at('3.c', chunk('two')), at('2.b', chunk('one')), at('4.d', DONE)]),
      ],
      SubscribeToTask: [events([at('2.b', chunk('one')), at('3.c', chunk('two')), at('4.d', DONE)])],
    });
    expect(await all(client.stream('hi'))).toEqual([SUBMITTED, chunk('one'), chunk('two'), DONE]);
    expect(header(wire, 'SubscribeToTask', 'Last-Event-ID')).toBe('1.a');
  });

  it('may leave out numbers that the server names', async () => {
    const { client, wire } = await connect({
      SendStreamingMessage: [
        events([
          'retry: 5\n\n',
          at('1.a', SUBMITTED),
          ': keep-alive\n\n: skip 2-3\n\n',
          at('4.d', chunk('one')),
          ': skip 5-5\n\n',
          at('6.e', DONE),
        ]),
      ],
    });
    expect(await all(client.stream('hi'))).toEqual([SUBMITTED, chunk('one'), DONE]);
    expect(wire.asked).toHaveLength(1);
  });

  it.each([
    ': skip 3-5\n\n',
    ': skip 2-4\n\n',
    ': skip 5-9\n\n',
    ': skip x\n\n',
    ': skip 9999999999999999-1\n\n',
  ])('are not believed where the numbers that are left out do not fit: %j', async (comment) => {
    const { client, wire } = await connect({
      SendStreamingMessage: [
        events([at('1.a', SUBMITTED), comment, at('4.d', chunk('lost')), at('5.e', DONE)]),
      ],
      SubscribeToTask: [events([at('2.b', DONE)])],
    });
    expect(await all(client.stream('hi'))).toEqual([SUBMITTED, DONE]);
    expect(wire.asked).toHaveLength(2);
  });

  it('mean nothing where the agent does not declare what they mean', async () => {
    const { client, wire } = await connect(
      {
        SendStreamingMessage: [
          events([at('x', SUBMITTED), at('x', chunk('one')), at('7', chunk('two')), at('3', DONE)]),
        ],
      },
      {},
      [],
    );
    expect(await all(client.stream('hi'))).toEqual([SUBMITTED, chunk('one'), chunk('two'), DONE]);
    expect(wire.asked).toHaveLength(1);
  });
});

describe('a send whose stream broke before it named a task', () => {
  const lost: [string, Script[string][number]][] = [
    ['by an empty stream', events([])],
    ['in the middle of the first event', events(['id: 1.a\ndata: {"jsonrpc":"2.0","id":1,"res'], 'break')],
    ...[502, 504].map((code): [string, Script[string][number]] => [
      `by a gateway that says ${code}`,
      json('<html>', code, { 'Content-Type': 'text/html' }),
    ]),
    [
      'before the head',
      () =>
        Promise.reject(
          new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) }),
        ),
    ],
  ];

  it.each(lost)('%s has an unknown outcome, and is not repeated', async (_, answer) => {
    const { client, wire } = await connect({ SendStreamingMessage: [answer] });
    await expect(all(client.stream('hi'))).rejects.toMatchObject({
      code: 'ERR_A2A_OUTCOME_UNKNOWN',
      message: expect.stringContaining('is unknown'),
    });
    // not even where the message names its task: it may never have arrived
    await expect(all(client.stream('hi', { taskId: 't' }))).rejects.toMatchObject({
      code: 'ERR_A2A_OUTCOME_UNKNOWN',
    });
    expect(wire.methods()).toEqual(['SendStreamingMessage', 'SendStreamingMessage']);
  });

  it.each(lost)('%s is repeated with an idempotency key', async (_, answer) => {
    const { client, wire } = await connect({
      SendStreamingMessage: [answer, events([at('1.a', SUBMITTED), at('2.b', DONE)])],
    });
    expect(await all(client.stream('hi', { idempotencyKey: 'k1' }))).toEqual([SUBMITTED, DONE]);
    expect(wire.methods()).toEqual(['SendStreamingMessage', 'SendStreamingMessage']);
    expect(header(wire, 'SendStreamingMessage', 'Idempotency-Key', 0)).toBe('k1');
    expect(header(wire, 'SendStreamingMessage', 'Idempotency-Key', 1)).toBe('k1');
    expect(wire.asked[0]?.params).toEqual(wire.asked[1]?.params);
  });

  it('gives the unknown outcome when repeating does not help', async () => {
    const { client, wire } = await connect({ SendStreamingMessage: [events([])] });
    await expect(all(client.stream('hi', { idempotencyKey: 'k1' }))).rejects.toMatchObject({
      code: 'ERR_A2A_OUTCOME_UNKNOWN',
    });
    expect(wire.asked).toHaveLength(4);
  });

  it('that never left is an error of the connection', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const { client } = await connect({
      SendStreamingMessage: [() => Promise.reject(new TypeError('fetch failed', { cause: refused }))],
    });
    await expect(all(client.stream('hi'))).rejects.toMatchObject({
      code: 'ERR_A2A_CONNECTION',
      mayHaveArrived: false,
    });
    await expect(all(client.stream('hi', { idempotencyKey: 'k' }))).rejects.toMatchObject({
      code: 'ERR_A2A_CONNECTION',
    });
  });

  it('by a swap that hides the task goes on, since another event names it', async () => {
    const { client, wire } = await connect({
      SendStreamingMessage: [events([at('2.b', chunk('one')), at('1.a', SUBMITTED)])],
      SubscribeToTask: [events([at('2.b', task('TASK_STATE_WORKING')), at('3.c', DONE)])],
    });
    expect(await all(client.stream('hi'))).toEqual([task('TASK_STATE_WORKING'), DONE]);
    expect(wire.methods()).toEqual(['SendStreamingMessage', 'SubscribeToTask']);
  });

  it.each([500, 503])('and that was refused with %i is that error', async (code) => {
    const { client, wire } = await connect({
      SendStreamingMessage: [json('<html>', code, { 'Content-Type': 'text/html' })],
    });
    await expect(all(client.stream('hi'))).rejects.toMatchObject({ code: 'ERR_A2A_RESPONSE', status: code });
    expect(wire.asked).toHaveLength(1);
  });

  it('without streams is a blocking send, repeated only with a key', async () => {
    const reset = () => Promise.reject(new TypeError('terminated'));
    const { client, wire } = await connect({
      SendMessage: [reset, reset, result(task('TASK_STATE_COMPLETED'))],
    });
    await expect(client.send('hi')).rejects.toMatchObject({
      code: 'ERR_A2A_CONNECTION',
      mayHaveArrived: true,
    });
    expect(await client.send('hi', { idempotencyKey: 'k' })).toEqual(task('TASK_STATE_COMPLETED'));
    expect(wire.asked).toHaveLength(3);
  });
});
