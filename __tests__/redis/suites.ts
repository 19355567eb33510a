import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { redisBackend, type RedisBackend, type RedisBackendOptions } from 'express-a2a/redis';
import { brokerSuite } from '../../lib/testing/broker-suite.ts';
import { eventBusSuite } from '../../lib/testing/event-bus-suite.ts';
import { feedSuite } from '../../lib/testing/feed-suite.ts';
import { storageSuite, type StorageWish } from '../../lib/testing/storage-suite.ts';
import { workerSuite } from '../../lib/testing/worker-suite.ts';
import { openClient, type ClientKind, type TestClient } from './clients.ts';
import { moveBack } from './move-back.ts';
import { connect, countRecords, cutByName, findRedis, removeKeys, type TestRedis } from './server.ts';

const path = join(__dirname, 'process.cjs');

/** The whole contract, on one of the clients. */
export function redisSuites(kind: ClientKind): void {
  const start = findRedis();
  jest.setTimeout(120_000);

  (start ? describe : describe.skip)(`the Redis backend on ${kind}`, () => {
    let redis: TestRedis;
    /** Looks into the store, and does to it what an application does not. */
    let admin: Awaited<ReturnType<typeof connect>>;
    let [one, two]: TestClient[] = [];
    const prefixes = new WeakMap<object, string>();
    const opened: RedisBackend[] = [];
    const prefixOf = (part: object) => prefixes.get(part) ?? '';

    beforeAll(async () => {
      if (!start) throw new Error('unreachable: the block is skipped');
      redis = await start();
      admin = await connect(redis.url);
      [one, two] = await Promise.all([openClient(kind, redis.url), openClient(kind, redis.url)]);
    });
    afterAll(async () => {
      for (const { broker, eventBus } of opened) await Promise.all([broker.close(), eventBus.close()]);
      for (const it of [one, two]) it?.close();
      admin.destroy();
      await redis.stop();
    });

    function open(
      from = one,
      prefix = `{a2a-test-${randomUUID()}}:`,
      options: Partial<RedisBackendOptions> = {},
    ): RedisBackend {
      if (from === undefined) throw new Error('unreachable: beforeAll has opened it');
      const backend = redisBackend({ client: from.client, prefix, ...options });
      opened.push(backend);
      for (const part of [backend, backend.storage, backend.broker, backend.eventBus])
        prefixes.set(part, prefix);
      return backend;
    }

    const moduleOf = (part: object) => ({ path, args: [redis.url, prefixOf(part), kind] });
    const clean = (part: object) => removeKeys(admin, prefixOf(part));
    const api = { describe, it, expect };

    storageSuite(api, (wish) => open(one, undefined, optionsOf(wish)).storage, {
      // races are decided by the scripts, which are the same for both clients
      ...{
        limits: true,
        retention: true,
        shared: true,
        push: true,
        rounds: kind === 'node-redis' ? 100 : 10,
      },
      // the server's clock runs on beside `advance`: what a case allows for must be more than a busy machine takes
      second: 20_000,
      advance: (storage, ms) => moveBack(admin, prefixOf(storage), ms),
      process: moduleOf,
      connect: (storage) => open(two, prefixOf(storage)).storage,
      usage: (storage) => countRecords(admin, prefixOf(storage)),
      dispose: clean,
    });

    eventBusSuite(api, () => open().eventBus, {
      connect: (bus) => open(two, prefixOf(bus)).eventBus,
      process: moduleOf,
      storage: (bus) => open(one, prefixOf(bus)).storage,
      cut: () => cutByName(admin, one?.name ?? ''),
      dispose: async (bus) => {
        await bus.close();
        await clean(bus);
      },
    });

    brokerSuite(api, () => open().broker, {
      connect: (broker) => open(two, prefixOf(broker)).broker,
      process: moduleOf,
      dispose: (broker) => broker.close(),
    });

    function setup() {
      const backend = open();
      const made = {
        ...backend,
        advance: (ms: number) => moveBack(admin, prefixOf(backend), ms),
        isRealTime: true as const,
        dispose: async () => {
          await Promise.all([backend.broker.close(), backend.eventBus.close()]);
          await clean(backend);
        },
      };
      prefixes.set(made, prefixOf(backend));
      return made;
    }
    // a feed knows nothing of clients
    feedSuite(api, setup, kind === 'node-redis' ? {} : { rounds: 1000 });
    workerSuite(api, setup, { advance: true, process: moduleOf });
  });
}

/** What a case wishes of a backend; what it does not is without a limit. */
export function optionsOf(wish: StorageWish): Partial<RedisBackendOptions> {
  const { activeTasks = Infinity, taskBytes = Infinity, logEntries = Infinity, webhooks = Infinity } = wish;
  const { finishedMs = Infinity, finishedTasks = Infinity, logMs = Infinity } = wish;
  return {
    limits: { activeTasks, taskBytes, logEntries, webhooks },
    retention: { finishedMs, finishedTasks, logMs },
  };
}
