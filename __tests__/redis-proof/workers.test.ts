import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { brokerSuite } from '../../lib/testing/broker-suite.ts';
import { eventBusSuite } from '../../lib/testing/event-bus-suite.ts';
import { workerSuite } from '../../lib/testing/worker-suite.ts';
import { redisBroker, redisEventBus } from './hints.ts';
import { moveBack } from './move-back.ts';
import { connect, cut, findRedis, removeKeys, type TestRedis } from './server.ts';
import { wholeStorage } from './whole-storage.ts';

/** What several processes, or a connection, have a part in. */
const CASES = /^(?:B[12467]|K[12]|W1[01]) /;

const start = findRedis();
const path = join(__dirname, 'process.cjs');

(start ? describe : describe.skip)('hints on Redis, and workers in several processes', () => {
  let redis: TestRedis;
  let client: Awaited<ReturnType<typeof connect>>;
  let subscriber: typeof client;
  const prefixes = new WeakMap<object, string>();

  beforeAll(async () => {
    if (!start) throw new Error('unreachable: the block is skipped');
    redis = await start();
    [client, subscriber] = await Promise.all([connect(redis.url), connect(redis.url)]);
  });
  afterAll(async () => {
    client.destroy();
    subscriber.destroy();
    await redis.stop();
  });

  function open() {
    const prefix = `{a2a-proof-${randomUUID()}}:`;
    const options = { client, subscriber, prefix };
    const setup = {
      storage: wholeStorage(options),
      broker: redisBroker(options),
      eventBus: redisEventBus(options),
      advance: (ms: number) => moveBack(client, prefix, ms),
      dispose: () => removeKeys(client, prefix),
    };
    for (const part of [setup, setup.broker, setup.eventBus]) prefixes.set(part, prefix);
    return setup;
  }

  const moduleOf = (part: object) => ({ path, args: [redis.url, prefixes.get(part) ?? ''] });
  const some = Object.assign(
    (name: string, body: () => Promise<void>) => {
      if (CASES.test(name)) it(name, body, 120_000);
    },
    { skip: it.skip.bind(it) },
  );
  const api = { describe, it: some, expect };

  eventBusSuite(api, () => open().eventBus, {
    connect: (bus) => redisEventBus({ client, subscriber, prefix: prefixes.get(bus) ?? '' }),
    process: moduleOf,
    storage: () => open().storage,
    cut: () => cut(client, subscriber),
  });
  brokerSuite(api, () => open().broker, {
    connect: (broker) => redisBroker({ client, subscriber, prefix: prefixes.get(broker) ?? '' }),
    process: moduleOf,
  });
  workerSuite(api, open, { advance: true, process: moduleOf });
});
