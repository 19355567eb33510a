import { once } from 'node:events';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { A2AClient, type EventStream, reduce, type StreamResponse } from '../../lib/client/index.ts';
import { type AgentApp, makeApp } from '../helpers/make-app.ts';
import { all, card, chunk, events, scriptedFetch } from '../helpers/scripted-fetch.ts';

// two hundred streams take their time on a busy machine
jest.setTimeout(120_000);

let app: AgentApp;
afterEach(() => app.close());

async function connectBy(binding: 'JSONRPC' | 'HTTP+JSON'): Promise<A2AClient> {
  app = await makeApp({
    async *agent(turn) {
      if (turn.text === 'ask') await turn.requireInput('Who?');
      else if (turn.text === 'slow') {
        await turn.working('Working on it');
        await once(turn.signal, 'abort');
      } else yield* ['you ', `said ${turn.text}`];
    },
  });
  const client = await A2AClient.connect(app.origin, { bindings: [binding] });
  expect(client.interface.binding).toBe(binding);
  return client;
}

const stateOf = (event: StreamResponse | undefined) => (event?.task ?? event?.statusUpdate)?.status.state;

describe.each(['JSONRPC', 'HTTP+JSON'] as const)('against our server by %s', (binding) => {
  const connect = () => connectBy(binding);

  it('every operation works', async () => {
    const client = await connect();
    const sent = await client.send('hi');
    expect(sent.task?.status.state).toBe('TASK_STATE_COMPLETED');
    expect(sent.task?.artifacts?.[0]?.parts).toEqual([{ text: 'you said hi' }]);

    const asked = await all(client.stream('ask'));
    expect(asked.map(stateOf)).toEqual(['TASK_STATE_SUBMITTED', 'TASK_STATE_INPUT_REQUIRED']);
    const [first] = asked;
    if (first?.task === undefined) throw new Error('no task');
    const { id: taskId } = first.task;
    const answered = await all(client.stream([{ text: 'Ada' }], { taskId }));
    expect(stateOf(answered.at(-1))).toBe('TASK_STATE_COMPLETED');

    const task = await client.getTask(taskId);
    const [snapshot] = answered;
    if (snapshot?.task === undefined) throw new Error('no snapshot');
    const reduced = answered.slice(1).reduce(reduce, snapshot.task);
    expect(reduced.status).toEqual(task.status);
    expect(reduced.artifacts?.[0]?.parts.map((part) => part.text).join('')).toBe('you said Ada');
    expect((await client.getTask({ id: taskId, historyLength: 1 })).history).toHaveLength(1);
    expect((await client.listTasks({ pageSize: 1 })).totalSize).toBe(2);
    await expect(client.cancelTask(taskId)).rejects.toMatchObject({
      code: -32002,
      reason: 'TASK_NOT_CANCELABLE',
    });
    await expect(client.getTask('nobody')).rejects.toMatchObject({ code: -32001 });
    await expect(all(client.subscribe(taskId))).rejects.toMatchObject({ code: -32004 });
  });

  it('a task is watched and canceled', async () => {
    const client = await connect();
    const { task } = await client.send('slow', { configuration: { returnImmediately: true } });
    const id = task?.id ?? '';
    const watched = client.subscribe(id);
    const first = await watched.next();
    expect((first.value as StreamResponse).task?.id).toBe(id);
    expect((await client.cancelTask(id)).status.state).toBe('TASK_STATE_CANCELED');
    expect(stateOf((await all(watched)).at(-1))).toBe('TASK_STATE_CANCELED');
  });

  it('a lost answer is not a second run, with an idempotency key', async () => {
    const client = await connect();
    const [one, two] = [
      await client.send('hi', { idempotencyKey: 'k1', messageId: 'm1' }),
      await client.send('hi', { idempotencyKey: 'k1', messageId: 'm1' }),
    ];
    expect(two.task?.id).toBe(one.task?.id);
    expect((await client.listTasks()).totalSize).toBe(1);
  });
});

describe('leaving', () => {
  /** Connections that the server has, once that many are left. */
  async function settled(expected: number): Promise<void> {
    for (;;) {
      const count = await new Promise<number>((resolve) =>
        app.server.getConnections((_, open) => resolve(open)),
      );
      if (count <= expected) return;
      await new Promise(setImmediate);
    }
  }

  /** A client whose idle connections do not outlive a call. */
  async function connectOnce(): Promise<{
    client: A2AClient;
    signal: AbortSignal;
    listeners: () => number;
    abort: (reason: unknown) => void;
  }> {
    await connectBy('JSONRPC');
    const control = new AbortController();
    const listeners = new Set<unknown>();
    const { signal } = control;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners.add(args[1]);
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners.delete(args[1]);
      remove(...args);
    };
    const client = await A2AClient.connect(app.origin, { headers: { Connection: 'close' } });
    return { client, signal, listeners: () => listeners.size, abort: (reason) => control.abort(reason) };
  }

  const ways: [string, (stream: EventStream, abort: (reason: unknown) => void) => Promise<unknown>][] = [
    [
      'break',
      async (stream) => {
        for await (const event of stream) if (event.statusUpdate) break;
      },
    ],
    [
      'a throw in the loop',
      async (stream) => {
        const failing = (async () => {
          for await (const event of stream) if (event.statusUpdate) throw new Error('mine');
        })();
        await expect(failing).rejects.toThrow('mine');
      },
    ],
    [
      'return() while an event is awaited',
      async (stream) => {
        for (let event = await stream.next(); event.done !== true; event = await stream.next())
          if (event.value.statusUpdate) break;
        const pending = stream.next();
        expect(await stream.return()).toEqual({ done: true, value: undefined });
        expect(await pending).toEqual({ done: true, value: undefined });
        expect(await stream.next()).toEqual({ done: true, value: undefined });
      },
    ],
    [
      'the signal',
      async (stream, abort) => {
        const reason = new Error('enough');
        const reading = (async () => {
          for await (const event of stream) if (event.statusUpdate) abort(reason);
        })();
        await expect(reading).rejects.toBe(reason);
      },
    ],
  ];

  it.each(ways)('by %s closes the connection and leaves nothing behind', async (_, leave) => {
    const { client, signal, listeners, abort } = await connectOnce();
    await settled(0);
    const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    const before = timers();
    await leave(client.stream('slow', { signal }), abort);
    await settled(0);
    expect(listeners()).toBe(0);
    expect(timers()).toBeLessThanOrEqual(before);
    // the task goes on
    expect((await client.listTasks({ status: 'TASK_STATE_WORKING' })).totalSize).toBe(1);
  });

  it('by the signal ends the loop at once, whatever has arrived already', async () => {
    const { signal, abort, listeners } = await connectOnce();
    const wire = scriptedFetch({
      SendStreamingMessage: [events([chunk('one'), chunk('two'), chunk('three')])],
    });
    const scripted = await A2AClient.connect(card(), { fetch: wire.fetch });
    const reason = new Error('enough');
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const event of scripted.stream('hi', { signal })) {
        seen.push(event);
        abort(reason);
      }
    })();
    await expect(reading).rejects.toBe(reason);
    expect(seen).toHaveLength(1);
    expect(wire.asked[0]?.signal.aborted).toBe(true);
    expect(listeners()).toBe(0);
  });

  it('two hundred times leaves no connection and no listener', async () => {
    const { client, signal, listeners } = await connectOnce();
    await Promise.all(
      Array.from({ length: 200 }, async () => {
        for await (const event of client.stream('hi', { signal })) if (event.artifactUpdate) break;
      }),
    );
    await settled(0);
    expect(listeners()).toBe(0);
  });

  it('before the first event, or never beginning, is fine', async () => {
    const { client, signal, listeners } = await connectOnce();
    const unread = client.stream('hi', { signal });
    await unread.return();
    expect((await all(unread)).length).toBe(0);
    const stopped = client.stream('slow', { signal });
    const pending = stopped.next();
    await stopped.return();
    expect(await pending).toEqual({ done: true, value: undefined });
    await settled(0);
    expect(listeners()).toBe(0);
  });

  it('a signal ends a blocking send, which says why', async () => {
    const { client, signal, abort, listeners } = await connectOnce();
    const reason = new Error('enough');
    const sending = client.send('slow', { signal });
    for (;;) if ((await client.listTasks()).totalSize === 1) break;
    abort(reason);
    await expect(sending).rejects.toBe(reason);
    await settled(0);
    expect(listeners()).toBe(0);
  });
});
