import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { redisBackend, redisStorage } from 'express-a2a/redis';
import { systemClock } from '../../lib/core/clock.ts';
import { silentLogger } from '../../lib/core/logger.ts';
import type { PushStorage } from '../../lib/core/push-storage.ts';
import { createAddressPolicy } from '../../lib/push/address-policy.ts';
import { BACK_OFF } from '../../lib/push/back-off.ts';
import { createPost } from '../../lib/push/post.ts';
import { createPushSender } from '../../lib/push/sender.ts';
import { createBench } from '../../lib/testing/storage/bench.ts';
import { ANN, artifact, status } from '../../lib/testing/storage/bodies.ts';
import { webhook } from '../../lib/testing/storage/push-bench.ts';
import { receiver } from '../helpers/receiver.ts';
import { openClient } from './clients.ts';
import { connect, cutByName, hasServer, startServer } from './server.ts';

jest.setTimeout(120_000);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

(hasServer() ? describe : describe.skip)('webhooks on Redis when connections are cut', () => {
  let server: Awaited<ReturnType<typeof startServer>>;
  let admin: Awaited<ReturnType<typeof connect>>;
  beforeAll(async () => {
    server = await startServer();
    admin = await connect(server.url);
  });
  afterAll(async () => {
    admin.destroy();
    await server.stop();
  });

  it.each(['node-redis', 'ioredis'] as const)(
    'between a claim and its ack, the cursor of %s moves once or the lease is still held',
    async (kind) => {
      const { client, name, close } = await openClient(kind, server.url);
      closing.push(close);
      const storage = redisStorage({ client, prefix: `{a2a-test-${randomUUID()}}:` });
      const bench = createBench(storage, 1000, { describe, it, expect });
      const push = pushOf(storage);
      const taskId = await bench.createTask({ id: 't', push: webhook('t') });
      const holder = await bench.take(taskId);
      for (let round = 0; round < 12; round += 1) {
        const { seq } = await holder.append(artifact('a', 'text'));
        const by = { worker: 'w', agent: ANN.agent, limit: 1, leaseMs: 60_000 };
        const [taken] = await push.claim(by);
        expect(taken?.cursor).toBe(seq - 1);
        if (taken === undefined) return;
        const cut = cutByName(admin, name);
        const answer = await push.ack(taken.lease, seq).catch(() => 'lost');
        await cut;
        // an answer that was lost leaves one of the two
        if (answer === 'lost') await answered(() => push.ack(taken.lease, seq));
        else expect(answer).toBe(true);
        expect(await answered(() => push.claim(by))).toEqual([]);
      }
    },
  );

  it('a sender whose connections are cut again and again sends every event, in order', async () => {
    const { client, name, close } = await openClient('node-redis', server.url);
    closing.push(close);
    const backend = redisBackend({ client, prefix: `{a2a-test-${randomUUID()}}:` });
    const cuts: Promise<void>[] = [];
    const hook = await receiver((res) => {
      if (hook.received.length % 10 === 0) cuts.push(cutByName(admin, name));
      res.writeHead(204).end();
    });
    closing.push(hook.close);
    const bench = createBench(backend.storage, 1000, { describe, it, expect });
    const ids = ['one', 'two', 'three', 'four'];
    for (const id of ids) {
      await bench.createTask({ id, push: webhook(id, 'hook', `${hook.url}/${id}`) });
      const holder = await bench.take(id);
      for (let n = 0; n < 20; n += 1) await holder.append(artifact(`a${n}`, 'text'));
      await holder.append(status('COMPLETED'));
    }
    const post = createPost(createAddressPolicy({ allowPrivate: true, allowHttp: true }));
    const sender = createPushSender({
      ...{ storage: { ...backend.storage, push: pushOf(backend.storage) }, eventBus: backend.eventBus, post },
      ...{ clock: systemClock, agentId: ANN.agent, logger: silentLogger, backOff: BACK_OFF },
      // those left half-way are soon taken up again
      ...{ concurrency: 100, timeoutMs: 15_000, leaseMs: 500, writeOlder: (task: unknown) => task },
    });
    closing.push(async () => {
      await sender.stop();
      post.close();
      await Promise.all([backend.broker.close(), backend.eventBus.close()]);
    });
    sender.start();
    const seqsOf = (id: string) =>
      hook.received
        .map(({ headers }) => String(headers['a2a-notification-id']).split('/'))
        .filter(([task]) => task === id)
        .map(([, seq]) => Number(seq));
    await hook.until(() => ids.every((id) => seqsOf(id).includes(22)));
    await Promise.all(cuts);
    expect(cuts.length).toBeGreaterThan(7);
    for (const id of ids) {
      expect([...new Set(seqsOf(id))]).toEqual(Array.from({ length: 21 }, (_, n) => n + 2));
    }
  });
});

function pushOf({ push }: { readonly push?: PushStorage }): PushStorage {
  if (push === undefined) throw new Error('The Redis backend keeps webhooks');
  return push;
}

/** What a call gives once the connection is back. */
async function answered<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      expect(error).toMatchObject({ code: 'unavailable' });
      // commands may fail at once until then
      await new Promise(setImmediate);
    }
  }
}
