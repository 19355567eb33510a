import { afterEach, describe, expect, it } from '@jest/globals';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { faultyStorage, type StorageMethod } from '../../lib/testing/faulty-storage.ts';
import { sendText, start, streamText } from '../helpers/calls.ts';
import { until } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';

// NEEDS 25: a backend that does not answer any more must not keep a process that has been told to end

let app: AgentApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

describe('a shutdown with a backend that hangs', () => {
  it('answers the calls that wait for the storage with 503, cuts streams, and closes', async () => {
    const backend = memoryBackend();
    const storage = faultyStorage(backend.storage);
    app = await makeApp({ ...backend, storage, agent: () => 'hello' });
    const { router, open, server } = app;
    const { id } = await sendText(app, 'hi');
    storage.setFault(() => 'hang');
    const calls = [
      open('GetTask', { id }),
      open('ListTasks', {}),
      open('SendMessage', message('hi')),
      open('SendStreamingMessage', message('hi')),
      open('SubscribeToTask', { id }),
      open('CancelTask', { id }),
    ];
    await until(() => router.status().calls === calls.length);
    const ended = new Promise((resolve) => server.close(resolve));
    await router.close({ drainMs: 50 });
    for (const response of await Promise.all(calls)) {
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
      expect(await response.json()).toMatchObject({ error: { code: -32000 } });
    }
    expect(router.status()).toMatchObject({ ready: false, closing: true, calls: 0 });
    await ended;
  });

  it.each<[string, readonly StorageMethod[]]>([
    ['everything', []],
    ['append', ['append']],
    ['release', ['release']],
    ['read', ['read']],
    ['loadTask', ['loadTask']],
    ['claim', ['claim']],
    ['close', ['close']],
  ])('closes while an agent runs and a stream is open: %s hangs', async (_, methods) => {
    const backend = memoryBackend();
    const storage = faultyStorage(backend.storage);
    const figures: [string, number, object][] = [];
    const app = await makeApp({
      ...{ ...backend, storage, cancelGraceMs: 50 },
      onMetric: (...figure) => figures.push(figure),
      async *agent({ signal }) {
        yield 'begun';
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve);
        });
      },
    });
    const stream = await streamText(app, 'hi');
    await stream.next();
    await start(app, 'hi');
    await until(() => app.router.status().runs.running === 2);
    storage.setFault(({ method }) => (methods.length === 0 || methods.includes(method) ? 'hang' : undefined));
    const ended = new Promise((resolve) => app.server.close(resolve));
    await app.router.close({ drainMs: 50 });
    await stream.rest().catch(() => undefined);
    await ended;
    expect(app.router.status().calls).toBe(0);
    const of = (name: string) => figures.filter(([each]) => each === name);
    expect(of('a2a_streams_open').at(-1)).toEqual(['a2a_streams_open', 0, {}]);
    expect(of('a2a_calls').map(([, , labels]) => labels)).toEqual([
      { method: 'SendMessage', outcome: 'ok' },
      { method: 'SendStreamingMessage', outcome: expect.stringMatching(/^(?:ok|unavailable)$/) },
    ]);
  });

  it('tells the figures of a stream that it has to cut, once', async () => {
    const backend = memoryBackend();
    const storage = faultyStorage(backend.storage);
    const figures: [string, number, object][] = [];
    const app = await makeApp({
      ...{ ...backend, storage, agent: () => 'hello' },
      onMetric: (...figure) => figures.push(figure),
    });
    storage.setFault(({ method }) => (method === 'createTask' ? 'hang' : undefined));
    const stream = app.open('SendStreamingMessage', message('hi')).catch(() => undefined);
    await until(() => app.router.status().calls === 1);
    await app.router.close({ drainMs: 50 });
    await stream;
    await app.close();
    const { length } = figures;
    expect(figures.filter(([name]) => !name.startsWith('a2a_run'))).toEqual([
      ['a2a_calls', 1, { method: 'SendStreamingMessage', outcome: 'unavailable' }],
      ['a2a_call_ms', expect.any(Number), { method: 'SendStreamingMessage', outcome: 'unavailable' }],
    ]);
    storage.setFault(() => undefined);
    await new Promise(setImmediate);
    expect(figures).toHaveLength(length);
  });

  it('closes though broker and event bus do not let go', async () => {
    const { storage, broker, eventBus } = memoryBackend();
    const hangs = () => new Promise<never>(() => undefined);
    const app = await makeApp({
      storage,
      broker: { ...broker, close: hangs },
      eventBus: { ...eventBus, close: hangs },
      agent: () => 'hello',
    });
    await sendText(app, 'hi');
    await app.router.close({ drainMs: 50 });
    await app.close();
  });
});
