import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Broker } from '../../lib/core/broker.ts';
import { brokerSuite } from '../../lib/testing/broker-suite.ts';
import { redisQueue } from './queue.ts';
import { connect, findRedis, removeKeys, type TestRedis } from './server.ts';

jest.setTimeout(60_000);

const start = findRedis();

(start ? describe : describe.skip)('a queue that redelivers', () => {
  let redis: TestRedis;
  let client: Awaited<ReturnType<typeof connect>>;
  const prefixes = new WeakMap<Broker, string>();
  const prefixOf = (broker: Broker) => prefixes.get(broker) ?? '';

  beforeAll(async () => {
    if (!start) throw new Error('unreachable: the block is skipped');
    redis = await start();
    client = await connect(redis.url);
  });
  afterAll(async () => {
    client.destroy();
    await redis.stop();
  });

  function open(prefix: string): Broker {
    const broker = redisQueue({ client, prefix });
    prefixes.set(broker, prefix);
    return broker;
  }

  brokerSuite({ describe, it, expect }, () => open(`{a2a-test-${randomUUID()}}:`), {
    redelivers: true,
    connect: (broker) => open(prefixOf(broker)),
    process: (broker) => ({
      path: join(__dirname, 'process.cjs'),
      args: [redis.url, prefixOf(broker), 'queue'],
    }),
    dispose: (broker) => removeKeys(client, prefixOf(broker)),
  });
});
