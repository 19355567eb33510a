import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createClient, RESP_TYPES } from 'redis';
import { redisBackend, redisStorage, type RedisClient } from 'express-a2a/redis';
import { createBench } from '../../lib/testing/storage/bench.ts';
import { ANN, status } from '../../lib/testing/storage/bodies.ts';
import { connect, findRedis, type TestRedis } from './server.ts';

const start = findRedis();
const api = { describe, it, expect };
const ALL = { limit: 10, includeArtifacts: true };

(start ? describe : describe.skip)('the storage on Redis', () => {
  const closing: (() => unknown)[] = [];
  let redis: TestRedis;
  let client: Awaited<ReturnType<typeof connect>>;
  beforeAll(async () => {
    if (!start) throw new Error('unreachable: the block is skipped');
    redis = await start();
    client = await connect(redis.url);
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  afterAll(async () => {
    client.destroy();
    await redis.stop();
  });

  /** A storage of its own: ends after the test, with all that it holds. */
  function open(options: Partial<Parameters<typeof redisBackend>[0]> = {}) {
    const prefix = `{a2a-test-${randomUUID()}}:`;
    const storage = redisStorage({ client, prefix, ...options });
    closing.push(() => storage.close());
    return { prefix, storage, bench: createBench(storage, 1000, api) };
  }

  it.each(['c', 't'])(
    'a finished task whose key %s was evicted is gone, and others are listed',
    async (kind) => {
      const { prefix, storage, bench } = open();
      const [kept, lost] = [await bench.createTask(), await bench.createTask()];
      await (await bench.take(lost)).append(status('COMPLETED'));
      await storage.close(); // its checkpoint is written
      await client.del(`${prefix}${kind}:${lost}`);
      expect(await storage.loadTask(lost, ANN)).toBeUndefined();
      const { tasks } = await storage.listTasks(ANN, ALL);
      expect(tasks.map(({ id }) => id)).toEqual([kept]);
    },
  );

  it('a task that runs and has lost its log is refused, and not taken for an unknown one', async () => {
    const { prefix, storage, bench } = open();
    const taskId = await bench.createTask();
    await client.del(`${prefix}l:${taskId}`);
    await expect(storage.loadTask(taskId, ANN)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('a claim gives the tasks that it has got when the connection breaks before the others', async () => {
    let broken = '';
    const sendCommand: (typeof client)['sendCommand'] = async (args, options) => {
      if (broken !== '' && args.includes(broken)) throw new Error('Socket closed unexpectedly');
      return client.sendCommand(args, options);
    };
    const breaking = { isReady: true, sendCommand } as unknown as RedisClient; // all that a storage uses
    const { storage, bench } = open({ client: breaking });
    const ids = [await bench.createTask(), await bench.createTask(), await bench.createTask()];
    broken = ids[1] ?? '';
    const by = { worker: 'w', agent: ANN.agent, leaseMs: 60_000 };
    const claimed = await storage.claim({ ...by, limit: 3 });
    expect(claimed.map(({ lease }) => lease.taskId)).toEqual([ids[0], ids[2]]);
    await expect(storage.claim({ ...by, limit: 3 })).rejects.toMatchObject({ code: 'unavailable' });
    broken = '';
    expect((await storage.claim({ ...by, limit: 3 })).map(({ lease }) => lease.taskId)).toEqual([ids[1]]);
  });

  it('a log that is to be kept longer than its task goes with it', async () => {
    const { prefix, storage, bench } = open({ retention: { finishedMs: 60_000, logMs: 600_000 } });
    const taskId = await bench.createTask();
    await (await bench.take(taskId)).append(status('COMPLETED'));
    await storage.close();
    expect(await client.pTTL(`${prefix}l:${taskId}`)).toBeLessThanOrEqual(60_000);
  });

  it('a bound that no server can count to is none', async () => {
    const { prefix, storage, bench } = open({ retention: { finishedMs: 1e300, logMs: 1e300 } });
    const taskId = await bench.createTask();
    await (await bench.take(taskId)).append(status('COMPLETED'));
    await storage.close();
    expect(await client.pTTL(`${prefix}t:${taskId}`)).toBe(-1);
    expect(await storage.sweep(10)).toBe(0);
  });

  it('serves clients with a prefix, a database, and replies of other types of their own', async () => {
    const buffers = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String } };
    const ofNode = [{ database: 1 }, { RESP: 2 as const }, { commandOptions: buffers }];
    const ofIo = [{ db: 1 }, { protocol: 3 as const }, { keyPrefix: 'app:' }, { enableAutoPipelining: true }];
    const clients: readonly RedisClient[] = [
      ...(await Promise.all(
        ofNode.map(async (options) => {
          const made = createClient({ url: redis.url, ...options });
          made.on('error', () => undefined);
          closing.push(() => made.destroy());
          await made.connect();
          return made; // its types are those of its options
        }),
      )),
      ...ofIo.map((options) => {
        const made = new Redis(redis.url, options);
        closing.push(() => made.disconnect());
        return made;
      }),
    ];
    for (const it of clients) {
      const { storage, eventBus, broker } = redisBackend({
        client: it,
        prefix: `{a2a-test-${randomUUID()}}:`,
      });
      const bench = createBench(storage, 1000, api);
      const taskId = await bench.createTask();
      let onHint: (hint: unknown) => void = () => undefined;
      const hinted = new Promise((resolve) => (onHint = resolve));
      await eventBus.subscribe(taskId, onHint);
      await eventBus.publish({ taskId, head: 1, closed: false });
      await expect(hinted).resolves.toEqual({ taskId, head: 1, closed: false });
      await (await bench.take(taskId)).append(status('COMPLETED'));
      expect(await storage.listTasks(ANN, ALL)).toMatchObject({ total: 1, tasks: [{ id: taskId }] });
      await Promise.all([storage.close(), eventBus.close(), broker.close()]);
    }
  });
});
