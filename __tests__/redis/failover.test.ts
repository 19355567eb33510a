import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { redisBackend, redisStorage } from 'express-a2a/redis';
import type { Lease, Storage } from '../../lib/core/storage.ts';
import { createGate, type Gate } from '../../lib/testing/gate.ts';
import { textOf } from '../../lib/testing/text-of.ts';
import { getTask, streamText, subscribe } from '../helpers/calls.ts';
import { until } from '../helpers/gate.ts';
import { makeApp, type AgentApp } from '../helpers/make-app.ts';
import { openClient, type TestClient } from './clients.ts';
import { openDoor, type Door } from './door.ts';
import { connect, hasServer, startServer } from './server.ts';

const RESUMABLE = { 'A2A-Extensions': 'urn:express-a2a:resumable-stream:v1' };

const working = { kind: 'status', state: 'TASK_STATE_WORKING' } as const;

(hasServer() ? describe : describe.skip)('a failover to a replica that lags behind', () => {
  let [first, second]: Awaited<ReturnType<typeof startServer>>[] = [];
  let door: Door;
  const directory = mkdtempSync(join(tmpdir(), 'a2a-test-'));
  const closing: (() => unknown)[] = [];

  beforeEach(async () => {
    // a full copy goes at once, and not a file that is made first
    first = await startServer(undefined, undefined, ['--repl-diskless-sync-delay', '0']);
    const copies = ['--replicaof', '127.0.0.1', String(first.port), '--dir', directory];
    second = await startServer(undefined, undefined, copies);
    door = await openDoor(first.port);
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    door.close();
    await Promise.all([first?.crash(), second?.crash()]);
  });

  /** What has been written so far reaches the replica, and nothing that comes later. */
  async function stopReplication(): Promise<void> {
    const [from, to] = await Promise.all([connect(first?.url ?? ''), connect(second?.url ?? '')]);
    expect(await from.sendCommand(['WAIT', '1', '20000'])).toBe(1);
    await to.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    for (const it of [from, to]) it.destroy();
  }

  async function failOver(): Promise<void> {
    await first?.crash();
    door.leadTo(second?.port ?? 0);
  }

  async function open(): Promise<TestClient> {
    const client = await openClient('node-redis', door.url);
    closing.push(client.close);
    return client;
  }

  async function serve(options: Parameters<typeof makeApp>[0] = {}): Promise<AgentApp> {
    const { client } = await open();
    const app = await makeApp({ ...redisBackend({ client }), ...options });
    closing.push(app.close);
    return app;
  }

  it('gives a client that resumes the task as it is, and nothing of a run that goes on with what was lost', async () => {
    const gates: [Gate, Gate, Gate] = [createGate(), createGate(), createGate()];
    const errors: string[] = [];
    await serve({
      worker: { leaseMs: 2000, maxAttempts: 2 },
      async *agent(turn) {
        if (turn.attempt > 1) {
          await gates[2].opened;
          yield 'again';
          return;
        }
        yield 'one ';
        await gates[0].opened;
        yield 'lost ';
        await gates[1].opened;
        yield 'late';
      },
      onError: (error) => errors.push(String(error)),
    });
    const [web, other] = await Promise.all([serve(), serve()]);
    const stream = await streamText(web, 'hi', {}, RESUMABLE);
    const id = (await stream.next())?.task?.id ?? '';
    await stream.next();
    await stopReplication();
    gates[0].open();
    expect((await stream.next())?.artifactUpdate?.artifact.parts).toEqual([{ text: 'lost ' }]);
    const cursor = stream.lastId() ?? '';
    await failOver();
    gates[1].open();

    const resume = { ...RESUMABLE, 'Last-Event-ID': cursor };
    for (const app of [other, web]) {
      await until(async () => (await app.open('GetTask', { id })).status === 200);
      const resumed = await subscribe(app, id, resume);
      const { task } = (await resumed.next()) ?? {};
      expect(task && textOf(task)).toBe('one ');
      await resumed.leave();
    }
    // the same number, in a log that another attempt has written
    const again = await subscribe(other, id, resume);
    await again.next();
    gates[2].open();
    expect((await again.rest()).at(-1)?.statusUpdate?.status.state).toBe('TASK_STATE_COMPLETED');
    expect(textOf(await getTask(web, id))).toBe('again');
    // the stream that was open all the time either was cut, with the advice to subscribe again, or went on
    expect(JSON.stringify(await stream.events.rest())).not.toContain('late');
  }, 60_000);

  it('refuses what a run appends whose lease, or whose last append, was lost', async () => {
    const { client } = await open();
    const storage = redisStorage({ client });
    const [known, unknown] = [await createTask(storage), await createTask(storage)];
    const before = await claim(storage, known);
    await storage.append(before, 1, [working]);
    await stopReplication();
    await storage.append(before, 2, [working]);
    const after = await claim(storage, unknown);
    await storage.append(after, 1, [working]);
    await failOver();

    await until(() =>
      storage.loadTask(known).then(
        (it) => it?.seq === 2,
        () => false,
      ),
    );
    expect(await storage.append(before, 3, [working])).toMatchObject({ ok: false, reason: 'gap' });
    expect(await storage.append(after, 2, [working])).toMatchObject({ ok: false, reason: 'fenced' });
    // also where somebody else has claimed it since, at the same epoch
    const next = await claim(storage, unknown);
    expect(next.epoch).toBe(after.epoch);
    expect(await storage.append(after, 2, [working])).toMatchObject({ ok: false, reason: 'fenced' });
    expect(await storage.append(next, 1, [working])).toMatchObject({ ok: true });
  }, 60_000);
});

/** A task that is due. */
async function createTask(storage: Storage): Promise<string> {
  const id = randomUUID();
  await storage.createTask({
    scope: { agent: 'default', tenant: '', owner: null },
    task: {
      ...{ id, contextId: 'c', history: [] },
      status: { state: 'TASK_STATE_SUBMITTED', timestamp: new Date(0).toISOString() },
    },
    ...{ request: {}, answers: 'task' },
  });
  return id;
}

async function claim(storage: Storage, taskId: string): Promise<Lease> {
  const [claimed] = await storage.claim({ worker: 'w', agent: 'default', limit: 1, leaseMs: 60_000, taskId });
  if (claimed === undefined) throw new Error('the task was not due');
  return claimed.lease;
}
