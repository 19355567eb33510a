import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { redisEventBus } from 'express-a2a/redis';
import { openClient, type ClientKind } from './clients.ts';
import { findRedis, type TestRedis } from './server.ts';

const start = findRedis();

(start ? describe : describe.skip)('a channel of Redis', () => {
  let redis: TestRedis;

  beforeAll(async () => {
    if (!start) throw new Error('unreachable: the block is skipped');
    redis = await start();
  });
  afterAll(() => redis.stop());

  it.each<ClientKind>(['node-redis', 'ioredis'])(
    'that is left and listened to again and again, without a pause, is heard by %s',
    async (kind) => {
      const { client, close } = await openClient(kind, redis.url);
      const bus = redisEventBus({ client, prefix: `{a2a-test-${randomUUID()}}:` });
      try {
        // odd and even numbers of commands under way, and the last answer before, between and after the others
        for (let times = 1; times <= 4; times += 1) {
          const taskId = `task-${times}`;
          let onHeard: (hint: unknown) => void = () => undefined;
          const heard = new Promise((resolve) => (onHeard = resolve));
          for (let n = 0; n < times; n += 1) {
            const stop = bus.subscribe(taskId, () => undefined);
            if (n % 2 === 0) (await stop)();
            else void stop.then((leave) => leave());
          }
          const stop = await bus.subscribe(taskId, onHeard);
          await bus.publish({ taskId, head: 1, closed: false });
          await expect(heard).resolves.toMatchObject({ taskId });
          stop();
        }
      } finally {
        await bus.close();
        close();
      }
    },
  );
});

describe('a connection that can not be opened', () => {
  it('is given up when the bus closes, by node-redis, which tries until then', async () => {
    const client = createClient({ url: `redis://127.0.0.1:${await deafPort()}` });
    const duplicate = client.duplicate();
    const tried = new Promise((resolve) => duplicate.on('error', resolve));
    client.duplicate = () => duplicate as never; // the same client, before it is used
    const bus = redisEventBus({ client });
    const listening = bus.subscribe('task', () => undefined);
    await tried;
    await bus.close();
    await expect(listening).rejects.toThrow();
    expect(duplicate.isOpen).toBe(false);
  });

  it('is given up at once by ioredis, which would try on for ever, and the next listener opens another', async () => {
    const client = new Redis(await deafPort(), { lazyConnect: true, retryStrategy: () => 1 });
    client.on('error', () => undefined);
    const retries: number[] = [];
    const duplicate = client.duplicate.bind(client);
    client.duplicate = (options) => {
      const nth = retries.push(0) - 1;
      return duplicate(options).on('connecting', () => (retries[nth] = (retries[nth] ?? 0) + 1));
    };
    const bus = redisEventBus({ client });
    for (let times = 1; times <= 3; times += 1) {
      await expect(bus.subscribe('task', () => undefined)).rejects.toThrow();
      expect(retries.length).toBe(times);
    }
    // meanwhile one that is not given up
    await new Promise<void>((resolve) => {
      let tries = 0;
      client.on('reconnecting', () => (tries += 1) === 20 && resolve());
      client.connect().catch(() => undefined);
    });
    expect(retries).toEqual([1, 1, 1]);
    await bus.close();
    client.disconnect();
  });
});

/** A port where nobody listens. */
async function deafPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  await new Promise((resolve) => server.close(resolve));
  return port;
}
