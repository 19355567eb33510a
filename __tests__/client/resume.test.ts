import { describe, expect, it } from '@jest/globals';
import {
  A2AClient,
  type ClientOptions,
  type StreamBreak,
  type StreamResponse,
} from '../../lib/client/index.ts';
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
const ASKS = status('TASK_STATE_INPUT_REQUIRED', 'q1');

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

describe('a stream that breaks', () => {
  it.each(['break', 'close'] as const)('goes on after the last event when it ends by %s', async (end) => {
    const { client, wire } = await connect({
      SendStreamingMessage: [events([at('1.a', SUBMITTED), at('2.b', chunk('one'))], end)],
      SubscribeToTask: [events([at('3.c', chunk('two')), at('4.d', DONE)])],
    });
    expect(await all(client.stream('hi'))).toEqual([SUBMITTED, chunk('one'), chunk('two'), DONE]);
    expect(wire.methods()).toEqual(['SendStreamingMessage', 'SubscribeToTask']);
    expect(wire.asked[1]?.params).toEqual({ id: 't' });
    expect(header(wire, 'SubscribeToTask', 'Last-Event-ID')).toBe('2.b');
    expect(header(wire, 'SubscribeToTask', 'A2A-Extensions')).toBe(RESUMABLE);
    expect(header(wire, 'SendStreamingMessage', 'A2A-Extensions')).toBe(RESUMABLE);
  });

  it('tells the application, with the attempt, the place and the reason', async () => {
    const told: StreamBreak[] = [];
    const { client } = await connect(
      {
        SendStreamingMessage: [events([at('1.a', SUBMITTED)], 'break')],
        SubscribeToTask: [
          () =>
            Promise.reject(
              new TypeError('fetch failed', {
                cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
              }),
            ),
          json('busy', 503, { 'Content-Type': 'text/plain' }),
          events([at('2.b', DONE)]),
        ],
      },
      { onBreak: (broken) => told.push(broken) },
    );
    await all(client.stream('hi'));
    expect(told).toEqual([
      {
        taskId: 't',
        cursor: '1.a',
        attempt: 1,
        delayMs: expect.any(Number),
        error: expect.objectContaining({ code: 'ERR_A2A_CONNECTION' }),
      },
      {
        taskId: 't',
        cursor: '1.a',
        attempt: 2,
        delayMs: expect.any(Number),
        error: expect.objectContaining({ code: 'ERR_A2A_CONNECTION' }),
      },
      {
        taskId: 't',
        cursor: '1.a',
        attempt: 3,
        delayMs: expect.any(Number),
        error: expect.objectContaining({ code: 'ERR_A2A_RESPONSE', status: 503 }),
      },
    ]);
  });

  it('is given up after so many attempts without an event, with the task and the place', async () => {
    const { client, wire } = await connect({
      SendStreamingMessage: [events([at('1.a', SUBMITTED)], 'break')],
      SubscribeToTask: [events([at('2.b', WORKING)], 'break'), events([], 'break')],
    });
    const seen: StreamResponse[] = [];
    const reading = (async () => {
      for await (const event of client.stream('hi')) seen.push(event);
    })();
    await expect(reading).rejects.toMatchObject({
      code: 'ERR_A2A_STREAM_BROKEN',
      taskId: 't',
      cursor: '2.b',
    });
    expect(seen).toEqual([SUBMITTED, WORKING]);
    // one after the first break, three more after the event that came of it
    expect(wire.methods().filter((each) => each === 'SubscribeToTask')).toHaveLength(4);
  });

  it('is given up after so long', async () => {
    const { client, wire } = await connect(
      { SendStreamingMessage: [events([at('1.a', SUBMITTED)], 'break')] },
      { resume: { firstDelayMs: 1, forMs: 0 } },
    );
    await expect(all(client.stream('hi'))).rejects.toMatchObject({ code: 'ERR_A2A_STREAM_BROKEN' });
    expect(wire.methods()).toEqual(['SendStreamingMessage']);
  });

  it('is not gone on with where the application does not want it', async () => {
    const { client, wire } = await connect(
      { SendStreamingMessage: [events([at('1.a', SUBMITTED)], 'break')] },
      { resume: false },
    );
    await expect(all(client.stream('hi'))).rejects.toMatchObject({ code: 'ERR_A2A_STREAM_BROKEN' });
    expect(wire.methods()).toEqual(['SendStreamingMessage']);
  });

  it('counts as broken when nothing comes for too long, and comments are signs of life', async () => {
    const { client, wire } = await connect(
      {
        SendStreamingMessage: [events([at('1.a', SUBMITTED)], 'stay')],
        SubscribeToTask: [events([at('2.b', DONE)])],
      },
      { timeouts: { idleMs: 20 } },
    );
    expect(await all(client.stream('hi'))).toEqual([SUBMITTED, DONE]);
    expect(wire.methods()).toEqual(['SendStreamingMessage', 'SubscribeToTask']);
  });

  it('waits as long as the server asks', async () => {
    const told: StreamBreak[] = [];
    const { client } = await connect(
      {
        SendStreamingMessage: [events([at('1.a', SUBMITTED)], 'break')],
        SubscribeToTask: [
          json({ jsonrpc: '2.0', id: null, error: { code: -32000, message: 'shutting down' } }, 503, {
            'Retry-After': '1',
          }),
          events([at('2.b', DONE)]),
        ],
      },
      { onBreak: (broken) => told.push(broken) },
    );
    await all(client.stream('hi'));
    expect(told[1]).toMatchObject({ attempt: 2, delayMs: 1000 });
  });

  it('is not gone on with after an error that stays', async () => {
    const { client } = await connect({
      SendStreamingMessage: [events([at('1.a', SUBMITTED)], 'break')],
      SubscribeToTask: [failure(-32001, 'Task not found')],
    });
    await expect(all(client.stream('hi'))).rejects.toMatchObject({ code: -32001, reason: 'TASK_NOT_FOUND' });
  });
});

describe('a stream that was closed', () => {
  it.each([
    ['stream', 'TASK_STATE_AUTH_REQUIRED', true],
    ['stream', 'TASK_STATE_INPUT_REQUIRED', true],
    ['stream', 'TASK_STATE_WORKING', false],
    ['subscribe', 'TASK_STATE_AUTH_REQUIRED', true],
    ['subscribe', 'TASK_STATE_INPUT_REQUIRED', false],
  ] as const)('%s, properly, at %s: over is %s', async (method, state, isOver) => {
    const first = events([at('1.a', SUBMITTED), at('2.b', status(state))]);
    const rest = events([at('3.c', DONE)]);
    const { client, wire } = await connect({
      SendStreamingMessage: [first],
      SubscribeToTask: method === 'stream' ? [rest] : [first, rest],
    });
    const seen = await all(method === 'stream' ? client.stream('hi') : client.subscribe('t'));
    expect(seen).toEqual([SUBMITTED, status(state), ...(isOver ? [] : [DONE])]);
    expect(wire.asked).toHaveLength(isOver ? 1 : 2);
  });

  it.each(['TASK_STATE_AUTH_REQUIRED', 'TASK_STATE_INPUT_REQUIRED'] as const)(
    'by a reset at %s is broken',
    async (state) => {
      const { client, wire } = await connect({
        SendStreamingMessage: [events([at('1.a', SUBMITTED), at('2.b', status(state, 'q1'))], 'break')],
        SubscribeToTask: [events([at('3.c', WORKING), at('4.d', DONE)])],
        GetTask: [result(task('TASK_STATE_WORKING').task)],
      });
      expect(await all(client.stream('hi'))).toEqual([SUBMITTED, status(state, 'q1'), WORKING, DONE]);
      expect(wire.methods()).toContain('SubscribeToTask');
    },
  );

  it('by a reset while the agent still waits ends as a send does, though a subscription would stay open', async () => {
    const asking = {
      state: 'TASK_STATE_INPUT_REQUIRED',
      message: ASKS.statusUpdate?.status.message,
    } as const;
    const { client, wire } = await connect({
      SendStreamingMessage: [events([at('1.a', SUBMITTED), at('2.b', ASKS)], 'break')],
      SubscribeToTask: [events([], 'stay')],
      GetTask: [result({ ...SUBMITTED.task, status: asking })],
    });
    expect(await all(client.stream('hi'))).toEqual([SUBMITTED, ASKS]);
    expect(wire.methods()).toEqual(['SendStreamingMessage', 'SubscribeToTask', 'GetTask']);
    expect(wire.asked[1]?.signal.aborted).toBe(true);
  });

  it('ends at the question that comes after it was gone on with, not at one that is answered already', async () => {
    const asked = (messageId: string) => status('TASK_STATE_INPUT_REQUIRED', messageId);
    const { client } = await connect({
      SendStreamingMessage: [events([at('1.a', SUBMITTED)], 'break')],
      SubscribeToTask: [
        events(
          [at('2.b', asked('q1')), at('3.c', WORKING), at('4.d', asked('q2')), at('5.e', WORKING)],
          'stay',
        ),
      ],
      GetTask: [
        result({ ...SUBMITTED.task, status: WORKING.statusUpdate?.status }),
        result({ ...SUBMITTED.task, status: asked('q2').statusUpdate?.status }),
      ],
    });
    expect(await all(client.stream('hi'))).toEqual([SUBMITTED, asked('q1'), WORKING, asked('q2')]);
  });

  it('with a Message is over', async () => {
    const message = { message: { messageId: 'm', role: 'ROLE_AGENT' as const, parts: [{ text: 'hi' }] } };
    const { client } = await connect({ SendStreamingMessage: [events([message], 'stay')] });
    expect(await all(client.stream('hi'))).toEqual([message]);
  });
});
