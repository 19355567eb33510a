import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { EventBus } from '../../lib/core/event-bus.ts';
import { startWorker } from '../../lib/core/start-worker.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { getTask, openStream, start, stateOf, streamText } from '../helpers/calls.ts';
import { gate, until } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';
import { heldBytes } from '../helpers/memory.ts';
import { parse, readAll } from '../helpers/raw-http.ts';
import { openRaw, whenSeen } from '../helpers/raw-stream.ts';

jest.setTimeout(120_000);

let app: AgentApp | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await app?.close();
  app = undefined;
});

const CHUNKS = 20_000;
const CHUNK = 'x'.repeat(1000);

async function* talk(): AsyncGenerator<string> {
  for (let index = 0; index < CHUNKS; index += 1) yield `${String(index).padStart(8)}${CHUNK}`;
}

/** The responses of streams, as the server holds them. */
function responsesOf({ server }: AgentApp): ServerResponse[] {
  const all: ServerResponse[] = [];
  server.on('request', (_req, res: ServerResponse) => all.push(res));
  return all;
}

// NEEDS row 22
describe('a stream of 20,000 chunks', () => {
  /** Streams to a fast reader; `beside` is done when the stream has begun. Gives what is held at the end. */
  async function run(beside: (id: string) => Promise<void>): Promise<{ id: string; held: number }> {
    if (app === undefined) throw new Error('no app');
    const stream = await streamText(app, 'hi');
    const id = (await stream.next())?.task?.id ?? '';
    await beside(id);
    let count = 0;
    let last: string | undefined;
    for (let event = await stream.next(); event; event = await stream.next()) {
      last = stateOf(event) ?? last;
      const [part] = event.artifactUpdate?.artifact.parts ?? [];
      if (part?.text === undefined || part.text === '') continue;
      if (Number(part.text.slice(0, 8)) !== count)
        throw new Error(`${part.text.slice(0, 8)} is not ${count}`);
      count += 1;
    }
    expect([count, last]).toEqual([CHUNKS, 'TASK_STATE_COMPLETED']);
    return { id, held: await heldBytes() };
  }

  it('is one part, costs the same at its end as at its start, and a stalled reader beside it holds little', async () => {
    const backend = memoryBackend({ retention: { finishedTasks: 0 } });
    const appends: { entries: number; bytes: number }[] = [];
    const { storage } = backend;
    app = await makeApp({
      ...backend,
      agent: talk,
      stallMs: 60_000,
      storage: {
        ...storage,
        append(lease, seq, entries) {
          appends.push({ entries: entries.length, bytes: JSON.stringify(entries).length });
          return storage.append(lease, seq, entries);
        },
      },
    });
    const responses = responsesOf(app);
    const without = await run(async () => {});
    let stalled: Socket | undefined;
    const withStalled = await run(async (id) => {
      stalled = await openRaw(app as AgentApp, 'SubscribeToTask', { id }); // it is there
      sockets.push(stalled);
    });
    const waiting = responses.filter(({ writableFinished, destroyed }) => !writableFinished && !destroyed);
    expect(waiting.length).toBe(1);
    expect(waiting[0]?.writableLength).toBeGreaterThan(0);
    expect(waiting[0]?.writableLength).toBeLessThan(8 * 1024 * 1024);
    expect(withStalled.held - without.held).toBeLessThan(8 * 1024 * 1024);

    const task = await getTask(app, withStalled.id);
    expect(task.artifacts?.map(({ parts }) => parts.map(({ text }) => text?.length))).toEqual([
      [CHUNKS * 1008],
    ]);
    const chunky = appends.slice(-Math.floor(appends.length / 3)).filter(({ bytes }) => bytes > 1008);
    const quarter = Math.floor(chunky.length / 4);
    const cost = (part: typeof chunky) =>
      part.reduce((sum, { bytes }) => sum + bytes, 0) / part.reduce((sum, { entries }) => sum + entries, 0);
    expect(cost(chunky.slice(-quarter))).toBeLessThan(cost(chunky.slice(0, quarter)) * 1.1);
    expect(Math.max(...chunky.map(({ entries }) => entries))).toBeLessThanOrEqual(256);
  });
});

describe('a reader that comes back to a log that is gone', () => {
  it.each(['SendStreamingMessage', 'SubscribeToTask'])(
    'is told so by the last frame of %s',
    async (method) => {
      const errors: unknown[] = [];
      const backend = memoryBackend({ retention: { logMs: 0 } });
      const { open, opened } = gate();
      app = await makeApp({
        ...backend,
        async *agent() {
          await opened;
          yield* talk();
        },
        onError: (error) => errors.push(error),
      });
      const responses = responsesOf(app);
      const { id } = await start(app, 'hi');
      const params = method === 'SubscribeToTask' ? { id } : message('more', { taskId: id, messageId: 'm2' });
      const socket = await openRaw(app, method, params);
      sockets.push(socket);
      await until(() => responses.length === 2 && responses[1]?.headersSent === true);
      open();
      await until(async () => (await backend.storage.heads([id])).get(id)?.closed === true);
      await backend.storage.sweep(100);
      const last = parse(await readAll(socket))
        .body.trim()
        .split('\n\n')
        .at(-1);
      expect(last).toContain(
        '"error":{"code":-32000,"message":"This reader fell too far behind; subscribe again"',
      );
      expect(errors).toEqual([]);
    },
  );
});

describe('many streams', () => {
  it('2,000 idle ones hold, and all of them end with their task', async () => {
    const { open, opened } = gate();
    app = await makeApp({
      async agent() {
        await opened;
      },
      worker: { concurrency: 20 },
    });
    const tasks = await Promise.all(Array.from({ length: 20 }, () => start(app as AgentApp, 'hi'))); // it is there
    const ends: Promise<string>[] = [];
    for (let index = 0; index < 2000; index += 1) {
      const { id } = tasks[index % 20] ?? { id: '' };
      const socket = await openRaw(app, 'SubscribeToTask', { id });
      sockets.push(socket);
      ends.push(readAll(socket).then((bytes) => bytes.toString()));
    }
    await until(() => app?.router.status().calls === 2000);
    open();
    const texts = await Promise.all(ends);
    expect(texts.filter((text) => text.includes('"state":"TASK_STATE_SUBMITTED"')).length).toBe(2000);
    expect(texts.filter((text) => text.includes('"state":"TASK_STATE_COMPLETED"')).length).toBe(2000);
    await until(() => app?.router.status().calls === 0);
  });

  it('10,000 that come and go leave nothing behind', async () => {
    const backend = memoryBackend();
    const subscriptions = new Set<object>();
    const eventBus: EventBus = {
      ...backend.eventBus,
      async subscribe(taskId, onHint) {
        const stop = await backend.eventBus.subscribe(taskId, onHint);
        const mark = {};
        subscriptions.add(mark);
        return () => {
          subscriptions.delete(mark);
          stop();
        };
      },
    };
    const { open, opened } = gate();
    app = await makeApp({ ...backend, eventBus });
    const worker = await startWorker({ ...backend, agent: () => opened });
    const tasks = await Promise.all(Array.from({ length: 10 }, () => start(app as AgentApp, 'hi'))); // it is there
    const timers = countTimers();

    async function comeAndGo(count: number): Promise<void> {
      const one = async (index: number): Promise<void> => {
        const { id } = tasks[index % 10] ?? { id: '' };
        const socket = await openRaw(app as AgentApp, 'SubscribeToTask', { id }); // it is there
        // some leave before their first event, some after it
        if (index % 3 !== 0) await whenSeen(socket, 'SUBMITTED');
        socket.destroy();
      };
      for (let index = 0; index < count; index += 10)
        await Promise.all(Array.from({ length: 10 }, (_, more) => one(index + more)));
      await until(() => app?.router.status().calls === 0);
    }

    await comeAndGo(1000);
    const before = { held: await heldBytes(), timers: timers.live() };
    await comeAndGo(10_000);
    const after = { held: await heldBytes(), timers: timers.live() };
    timers.restore();
    expect(subscriptions.size).toBe(0);
    // the worker has its polls and heartbeats, which were counted anew
    expect(after.timers).toBeLessThan(before.timers + 100);
    expect(after.held - before.held).toBeLessThan(4 * 1024 * 1024);
    const stream = await openStream(app, 'SubscribeToTask', { id: tasks[0]?.id });
    await stream.next();
    expect(subscriptions.size).toBe(1);
    open();
    await stream.rest();
    expect(subscriptions.size).toBe(0);
    await worker.stop();
  });
});

/** Counts timers that were started and have neither fired nor been cleared. */
function countTimers(): { live: () => number; restore: () => void } {
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const live = new Set<unknown>();
  const counted = (run: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    const timer = set(() => {
      live.delete(timer);
      run(...args);
    }, ms);
    live.add(timer);
    return timer;
  };
  globalThis.setTimeout = counted as typeof setTimeout; // the promisified form is not used here
  globalThis.clearTimeout = (timer) => {
    live.delete(timer);
    clear(timer);
  };
  return {
    live: () => live.size,
    restore() {
      globalThis.setTimeout = set;
      globalThis.clearTimeout = clear;
    },
  };
}
