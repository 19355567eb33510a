import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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
