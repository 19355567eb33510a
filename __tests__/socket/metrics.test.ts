import { afterEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { OnMetric } from '../../lib/core/metrics.ts';
import { startWorker } from '../../lib/core/start-worker.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { cancelTask, sendText, start, streamText } from '../helpers/calls.ts';
import { gate } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';
import { exchange, post } from '../helpers/raw-http.ts';
import { openRaw } from '../helpers/raw-stream.ts';

let app: AgentApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

type Figure = [name: string, value: number, labels: Readonly<Record<string, string>>];

function figures() {
  const seen: Figure[] = [];
  const onMetric: OnMetric = (...figure) => seen.push(figure);
  const of = (name: string) => seen.filter(([each]) => each === name).map(([, ...rest]) => rest);
  /** Waits for figures that come after the answer. */
  async function count(name: string, least: number): Promise<void> {
    while (of(name).length < least) await new Promise(setImmediate);
  }
  return { seen, onMetric, of, count };
}

const ms = expect.any(Number);

// NEEDS 36
describe('figures of calls', () => {
  it('are counted by method and outcome, with their time', async () => {
    const { onMetric, of, count } = figures();
    app = await makeApp({ onMetric });
    await sendText(app, 'hi');
    await app.call('GetTask', { id: 'x' });
    await app.call('GetTask', {});
    await app.call('tasks/get', { id: 'x' }, { 'A2A-Version': '1.0' });
    await app.call('Frobnicate');
    await app.call('ListTasks', {}, { 'A2A-Version': '9.0' });
    for (const body of ['{', '[]']) await exchange(app.port, post('/a2a', body), body);
    await exchange(app.port, post('/a2a', '{}', { 'Content-Type': 'text/plain' }), '{}');
    await count('a2a_calls', 9);
    const labels = [
      { method: 'SendMessage', outcome: 'ok' },
      { method: 'GetTask', outcome: 'task_not_found' },
      { method: 'GetTask', outcome: 'invalid_params' },
      { method: 'GetTask', outcome: 'task_not_found' },
      { method: 'none', outcome: 'method_not_found' },
      { method: 'none', outcome: 'version_not_supported' },
      { method: 'none', outcome: 'parse_error' },
      { method: 'none', outcome: 'invalid_request' },
      { method: 'none', outcome: 'content_type_not_supported' },
    ];
    expect(of('a2a_calls')).toEqual(labels.map((each) => [1, each]));
    expect(of('a2a_call_ms')).toEqual(labels.map((each) => [ms, each]));
  });

  it('tell how many streams are open, and of clients that left', async () => {
    const { onMetric, of, count } = figures();
    const held = gate();
    app = await makeApp({ onMetric, agent: () => held.opened.then(() => 'x') });
    const streams = [await streamText(app, 'a'), await streamText(app, 'b')];
    await count('a2a_streams_open', 2);
    await streams[0]?.leave();
    await count('a2a_calls', 1);
    held.open();
    await streams[1]?.rest();
    await count('a2a_calls', 2);
    expect(of('a2a_streams_open')).toEqual([
      [1, {}],
      [2, {}],
      [1, {}],
      [0, {}],
    ]);
    expect(of('a2a_calls')).toEqual([
      [1, { method: 'SendStreamingMessage', outcome: 'gone' }],
      [1, { method: 'SendStreamingMessage', outcome: 'ok' }],
    ]);
  });

  it('count a reader that takes nothing, and is cut', async () => {
    const { onMetric, of, count } = figures();
    async function* agent() {
      // more than the sockets of both ends hold
      for (let n = 0; n < 30; n++) yield await Promise.resolve('x'.repeat(1_000_000));
    }
    app = await makeApp({ onMetric, stallMs: 200, agent });
    const socket = await openRaw(app, 'SendStreamingMessage', message('hi'));
    await count('a2a_calls', 1);
    expect(of('a2a_readers_cut')).toEqual([[1, {}]]);
    expect(of('a2a_calls')).toEqual([[1, { method: 'SendStreamingMessage', outcome: 'gone' }]]);
    socket.destroy();
  });

  it('tell of our own faults', async () => {
    const { onMetric, of, count } = figures();
    app = await makeApp({ onMetric, owner: () => Promise.reject(new Error('hunter2')) });
    await app.call('ListTasks');
    await count('a2a_calls', 1);
    expect(of('a2a_calls')).toEqual([[1, { method: 'ListTasks', outcome: 'internal_error' }]]);
  });
});

describe('figures of runs', () => {
  it('tell how many there are, how long each took and waited, and how it ended', async () => {
    const { onMetric, of, count } = figures();
    const backend = memoryBackend();
    const held = gate();
    const worker = await startWorker({
      ...{ ...backend, onMetric },
      async agent(turn) {
        if (turn.text === 'ask') await turn.requireInput('?');
        if (turn.text === 'fail') throw new Error('x');
        if (turn.text === 'hold') await held.opened;
      },
    });
    app = await makeApp(backend);
    for (const text of ['hi', 'ask', 'fail']) await sendText(app, text);
    const { id } = await start(app, 'hold');
    await count('a2a_queue_wait_ms', 4);
    const canceled = cancelTask(app, id);
    held.open();
    await canceled.catch(() => undefined);
    await count('a2a_run_ms', 4);
    expect(of('a2a_run_ms').slice(0, 3)).toEqual([
      [ms, { outcome: 'completed' }],
      [ms, { outcome: 'input_required' }],
      [ms, { outcome: 'failed' }],
    ]);
    expect(of('a2a_queue_wait_ms')).toEqual(Array.from({ length: 4 }, () => [ms, {}]));
    await count('a2a_runs_active', 8);
    expect(of('a2a_runs_active').at(-1)).toEqual([0, {}]);
    await worker.stop();
  });
});

it('the trace of a request reaches the agent, wherever it runs', async () => {
  const backend = memoryBackend();
  const traces: unknown[] = [];
  const worker = await startWorker({
    ...backend,
    agent: (turn) => {
      traces.push(turn.request.traceparent);
    },
  });
  app = await makeApp(backend);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await sendText(app, 'hi', {}, {}, { traceparent });
  await sendText(app, 'hi');
  expect(traces).toEqual([traceparent, undefined]);
  await worker.stop();
});

describe('a receiver of figures', () => {
  it.each<[string, OnMetric]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('that %s hurts nobody, and is told of once', async (_, onMetric) => {
    const logged: string[] = [];
    const log = (_fields: object, text: string) => logged.push(text);
    app = await makeApp({ onMetric, logger: { debug: log, info: log, warn: log, error: log } });
    for (let i = 0; i < 3; i++) {
      expect((await sendText(app, 'hi')).status.state).toBe('TASK_STATE_COMPLETED');
    }
    while (logged.length === 0) await new Promise(setImmediate);
    expect(logged).toEqual(['onMetric itself failed; further failures of it are not logged']);
  });
});

describe('docs/operations.md', () => {
  it('lists each figure, and no other', () => {
    const source = readFileSync('lib/core/metrics.ts', 'utf8');
    const page = readFileSync('docs/operations.md', 'utf8');
    const listed = [...page.matchAll(/^\| `(a2a_\w+)`/gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual([...source.matchAll(/'(a2a_\w+)'/g)].map(([, name]) => name).sort());
  });
});
