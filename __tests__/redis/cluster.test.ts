import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createCluster } from 'redis';
import { redisBackend, type RedisBackend, type RedisBackendOptions } from 'express-a2a/redis';
import { brokerSuite } from '../../lib/testing/broker-suite.ts';
import { eventBusSuite } from '../../lib/testing/event-bus-suite.ts';
import { feedSuite } from '../../lib/testing/feed-suite.ts';
import { storageSuite } from '../../lib/testing/storage-suite.ts';
import { workerSuite } from '../../lib/testing/worker-suite.ts';
import { startCluster, type TestCluster } from './cluster.ts';
import { moveBack } from './move-back.ts';
import { hasServer } from './server.ts';
import { optionsOf } from './suites.ts';

jest.setTimeout(120_000);

(hasServer() ? describe : describe.skip)('the Redis backend on a cluster of three nodes', () => {
  let cluster: TestCluster;
  let client: ReturnType<typeof createCluster>;
  const opened: RedisBackend[] = [];

  beforeAll(async () => {
    cluster = await startCluster();
    client = createCluster({
      rootNodes: cluster.ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })),
    });
    client.on('error', () => {});
    await client.connect();
  });
  afterAll(async () => {
    for (const { broker, eventBus } of opened) await Promise.all([broker.close(), eventBus.close()]);
    client.destroy();
    await cluster.stop();
  });

  const prefixes = new WeakMap<object, string>();
  const prefixOf = (part: object) => prefixes.get(part) ?? '';

  // another tag for each case, so they spread over the nodes
  function open(options: Partial<RedisBackendOptions> = {}): RedisBackend {
    const prefix = `{a2a-test-${randomUUID()}}:`;
    const backend = redisBackend({ client, prefix, ...options });
    opened.push(backend);
    prefixes.set(backend.storage, prefix);
    return backend;
  }

  const advance = (storage: object, ms: number) => moveBack(client, prefixOf(storage), ms);

  function setup() {
    const backend = open();
    return {
      ...backend,
      advance: (ms: number) => advance(backend.storage, ms),
      isRealTime: true as const,
      dispose: async () => {
        await Promise.all([backend.broker.close(), backend.eventBus.close()]);
      },
    };
  }

  const api = { describe, it, expect };
  storageSuite(api, (wish) => open(optionsOf(wish)).storage, {
    ...{ limits: true, retention: true, shared: true, push: true, rounds: 10 },
    second: 20_000,
    advance,
  });
  eventBusSuite(api, () => open().eventBus);
  brokerSuite(api, () => open().broker);
  feedSuite(api, setup, { rounds: 200 });
  workerSuite(api, setup, { advance: true });
});
