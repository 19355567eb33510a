import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createCluster } from 'redis';
import { redisBackend, type RedisBackend } from 'express-a2a/redis';
import { brokerSuite } from '../../lib/testing/broker-suite.ts';
import { eventBusSuite } from '../../lib/testing/event-bus-suite.ts';
import { storageSuite } from '../../lib/testing/storage-suite.ts';
import { startCluster, type TestCluster } from './cluster.ts';
import { hasServer } from './server.ts';

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

  // another tag for each case, so they spread over the nodes
  function open(): RedisBackend {
    const backend = redisBackend({ client, prefix: `{a2a-test-${randomUUID()}}:` });
    opened.push(backend);
    return backend;
  }

  const api = { describe, it, expect };
  storageSuite(api, () => open().storage, { shared: true, push: true, rounds: 10 });
  eventBusSuite(api, () => open().eventBus);
  brokerSuite(api, () => open().broker);
});
