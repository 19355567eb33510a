import { afterEach, describe, expect, it } from '@jest/globals';
import { TaskFailed } from '../../lib/core/task-failed.ts';
import type { Agent } from '../../lib/core/output.ts';
import type { Turn } from '../../lib/core/turn.ts';
import type { A2AOptions } from '../../lib/express/options.ts';
import { getTask, sendText, stateOf, streamText } from '../helpers/calls.ts';
import { gate, until } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';
import { verifies } from '../requirements.ts';

let app: AgentApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

const SECRET = 'postgres://admin:hunter2@db.internal';

/** What agents do wrong or leave out, and how the stream has to end nonetheless. */
const AGENTS: [string, string, Agent, Partial<A2AOptions>?][] = [
  ['returns a text', 'TASK_STATE_COMPLETED', () => 'x'],
  ['returns parts later', 'TASK_STATE_COMPLETED', async () => [{ text: 'x' }, { data: null }]],
  ['returns nothing', 'TASK_STATE_COMPLETED', () => undefined],
  ['returns an empty text', 'TASK_STATE_COMPLETED', () => ''],
  ['returns an empty list', 'TASK_STATE_FAILED', () => []],
  ['returns something else', 'TASK_STATE_FAILED', () => 42 as never],
  ['returns a part of two kinds', 'TASK_STATE_FAILED', () => ({ text: 'x', raw: 'eA==' }) as never],
  ['throws', 'TASK_STATE_FAILED', () => fail()],
  ['throws later', 'TASK_STATE_FAILED', async () => fail()],
  ['throws nothing', 'TASK_STATE_FAILED', () => rejectWith(undefined)],
  ['throws a text', 'TASK_STATE_FAILED', () => rejectWith(SECRET)],
  ['throws a TaskFailed', 'TASK_STATE_FAILED', () => Promise.reject(new TaskFailed('no'))],
  ['yields nothing', 'TASK_STATE_COMPLETED', async function* () {}],
  [
    'yields empty texts',
    'TASK_STATE_COMPLETED',
    async function* () {
      yield '';
      yield '';
    },
  ],
  [
    'yields something else',
    'TASK_STATE_FAILED',
    async function* () {
      yield 42 as never;
    },
  ],
  [
    'yields and throws',
    'TASK_STATE_FAILED',
    async function* () {
      yield 'x';
      fail();
    },
  ],
  ['never ends', 'TASK_STATE_FAILED', never, { worker: { runTimeoutMs: 100 }, cancelGraceMs: 50 }],
  [
    'yields and never ends',
    'TASK_STATE_FAILED',
    async function* () {
      yield 'x';
      await never();
    },
    { worker: { runTimeoutMs: 100 }, cancelGraceMs: 50 },
  ],
  ['waits for ever for credentials', 'TASK_STATE_FAILED', waits, { worker: { inputTimeoutMs: 100 } }],
  ['starts an artifact and forgets it', 'TASK_STATE_COMPLETED', (turn) => turn.stream().append('x')],
  [
    'does not await what it writes',
    'TASK_STATE_COMPLETED',
    (turn) => {
      void turn.working();
      void turn.complete();
      void turn.working();
    },
  ],
  [
    'ends twice',
    'TASK_STATE_REJECTED',
    async (turn) => {
      await turn.reject('no');
      await turn.complete();
    },
  ],
  [
    'throws after its end',
    'TASK_STATE_COMPLETED',
    async (turn) => {
      await turn.complete();
      fail();
    },
  ],
  [
    'asks and then throws',
    'TASK_STATE_INPUT_REQUIRED',
    async (turn) => {
      await turn.requireInput('Well?');
      fail();
    },
  ],
];

function fail(): never {
  throw new Error(SECRET);
}

function rejectWith(reason: unknown): Promise<never> {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- agents reject with what they like
  return Promise.reject(reason);
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

async function waits(turn: Turn): Promise<void> {
  await turn.requireAuth('Sign in', { wait: true });
}

describe('the stream of an agent that', () => {
  it.each(AGENTS)('%s ends with %s, which GetTask confirms', async (_, state, agent, options = {}) => {
    verifies('3.1.2-ends-terminal');
    app = await makeApp({ agent, ...options });
    const stream = await streamText(app, 'hi');
    const events = await stream.rest();
    expect(stateOf(events[0])).toBe('TASK_STATE_SUBMITTED');
    expect(stateOf(events.at(-1))).toBe(state);
    const task = await getTask(app, events[0]?.task?.id ?? '');
    expect(task.status).toEqual(events.at(-1)?.statusUpdate?.status);
    expect(JSON.stringify([events, task])).not.toContain('hunter2');
  });

  it.each([
    ['working', (turn: Turn) => turn.working('late')],
    ['artifact', (turn: Turn) => turn.artifact({ parts: [{ text: 'late' }] })],
    ['stream', (turn: Turn) => turn.stream().append('late')],
    ['complete', (turn: Turn) => turn.complete('late')],
    ['fail', (turn: Turn) => turn.fail('late')],
    ['requireInput', (turn: Turn) => turn.requireInput('late')],
    ['requireAuth', (turn: Turn) => turn.requireAuth('late', { wait: true })],
  ])('calls %s after its end changes nothing', async (_, late) => {
    const after = gate();
    const refused: unknown[] = [];
    app = await makeApp({
      async agent(turn) {
        await turn.complete('done');
        await after.opened;
        await Promise.resolve(late(turn)).catch((error: unknown) => refused.push(error));
      },
    });
    const task = await sendText(app, 'hi');
    after.open();
    await until(() => refused.length === 1);
    expect(refused).toEqual([expect.objectContaining({ name: 'TaskClosed' })]);
    expect(await getTask(app, task.id)).toEqual(task);
  });
});

describe('an error of an agent', () => {
  it.each([
    ['a task', 'task', 'SendMessage'],
    ['a stream', 'task', 'SendStreamingMessage'],
    ['a message', 'message', 'SendMessage'],
    ['a stream of one message', 'message', 'SendStreamingMessage'],
  ] as const)('reaches onError and the log, not the client of %s', async (_, answers, method) => {
    const errors: [unknown, unknown][] = [];
    const logged: string[] = [];
    const log = (fields: object, text: string) => void logged.push(`${text} ${JSON.stringify(fields)}`);
    app = await makeApp({
      ...{ agent: fail, answers },
      logger: { debug: log, info: log, warn: log, error: log },
      onError: (error, info) => errors.push([error, info]),
    });
    const response = await app.open(method, message('hi'));
    const wire = JSON.stringify([...response.headers]) + (await response.text());
    expect(wire).not.toMatch(/hunter2|node_modules|\.ts:|at fail/);
    expect(errors).toEqual([[new Error(SECRET), expect.objectContaining({ errorId: expect.any(String) })]]);
    const { errorId } = errors[0]?.[1] as { errorId: string }; // just checked
    expect(wire).toContain(`error id ${errorId}`);
  });

  it('that it wants to be seen is seen as written', async () => {
    app = await makeApp({
      agent: () => Promise.reject(new TaskFailed('No seats left', { code: 'SOLD_OUT', data: { seats: 0 } })),
    });
    const { status } = await sendText(app, 'hi');
    expect(status.message?.parts).toEqual([
      { text: 'No seats left' },
      { data: { code: 'SOLD_OUT', data: { seats: 0 } } },
    ]);
  });

  it.each([
    [
      'throws',
      fail,
      { code: -32603, message: expect.stringMatching(/^The agent failed \(error id [\w-]{36}\)$/) },
    ],
    [
      'throws a TaskFailed',
      () => Promise.reject(new TaskFailed('Sold out')),
      { code: -32603, message: 'Sold out' },
    ],
    ['returns nothing', () => undefined, { code: -32006 }],
    ['sends a status', (turn) => turn.working('busy'), { code: -32006 }],
    ['sends an artifact', (turn) => turn.artifact({ parts: [{ text: 'x' }] }), { code: -32006 }],
  ] satisfies [string, Agent, object][])(
    'that answers with a message and %s is an error',
    async (_, agent, error) => {
      app = await makeApp({ agent, answers: 'message' });
      for (const method of ['SendMessage', 'SendStreamingMessage']) {
        const response = await app.open(method, message('hi'));
        expect(response.headers.get('content-type')).toBe('application/json');
        expect(await response.json()).toMatchObject({ jsonrpc: '2.0', id: 1, error });
      }
    },
  );
});
