import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { createSentinel } from 'redis';
import { redisBackend, redisStorage } from 'express-a2a/redis';
import { openClient, type TestClient } from './clients.ts';
import { hasServer, startServer } from './server.ts';

const unknownClient = {} as TestClient['client'];
const sentinel = createSentinel({ name: 'x', sentinelRootNodes: [] }) as unknown as TestClient['client'];
const cluster = new Cluster([], { lazyConnect: true }) as unknown as TestClient['client'];
const textClient = new Redis({ lazyConnect: true, stringNumbers: true });
const closedClient = { sendCommand: async () => {}, isReady: false } as unknown as TestClient['client'];

describe('redisBackend', () => {
  it.each([
    ['another client', { client: unknownClient }, /client of node-redis 6 or ioredis 6/],
    ['a sentinel of node-redis', { client: sentinel }, /createSentinel of node-redis/],
    ['a cluster of ioredis', { client: cluster }, /Cluster of ioredis/],
    ['no client', { client: undefined as never }, /client of node-redis 6 or ioredis 6/],
    ['a prefix without a hash tag', { client: closedClient, prefix: 'a2a:' }, /one hash tag/],
    ['a prefix with two', { client: closedClient, prefix: '{a}{b}' }, /one hash tag/],
    ['a negative limit', { client: closedClient, limits: { activeTasks: -1 } }, /limits.activeTasks/],
    ['a fraction', { client: closedClient, retention: { finishedTasks: 0.5 } }, /finishedTasks is a whole/],
    ['numbers as text', { client: textClient }, /stringNumbers is not supported/],
    ['an unknown retention', { client: closedClient, retention: { days: 7 } as never }, /retention.days/],
    ['an unknown option', { client: closedClient, url: 'redis://' } as never, /no option url/],
  ])('refuses %s', (_, options, text) => {
    expect(() => redisBackend(options)).toThrow(text);
  });

  it('waits for an answer, however long it may take', async () => {
    const answerLater = () => new Promise((resolve) => setTimeout(resolve, 50, ['1', '1']));
    const client = { ...closedClient, sendCommand: answerLater } as unknown as TestClient['client'];
    for (const commandTimeoutMs of [2 ** 31, Infinity]) {
      const heads = redisStorage({ client, commandTimeoutMs }).heads(['t']);
      await expect(heads).resolves.toEqual(new Map([['t', { head: 1, closed: true }]]));
    }
  });

  it('gives up a command that is not answered in time', async () => {
    const client = { ...closedClient, sendCommand: () => new Promise(() => {}) } as TestClient['client'];
    const storage = redisStorage({ client, commandTimeoutMs: 10 });
    await expect(storage.init()).rejects.toMatchObject({ code: 'unavailable' });
  });
});

(hasServer() ? describe : describe.skip)('a server with allkeys-lru', () => {
  let server: Awaited<ReturnType<typeof startServer>>;
  let clients: readonly TestClient[] = [];

  beforeAll(async () => {
    server = await startServer(undefined, undefined, ['--maxmemory-policy', 'allkeys-lru']);
    clients = await Promise.all([openClient('node-redis', server.url), openClient('ioredis', server.url)]);
  });
  afterAll(async () => {
    for (const it of clients) it.close();
    await server.stop();
  });

  it('is refused, whatever the client', async () => {
    for (const { client } of clients) {
      await expect(redisStorage({ client }).init()).rejects.toMatchObject({ code: 'ERR_A2A_REDIS_EVICTION' });
    }
  });

  it('answers unavailable when it is gone', async () => {
    await server.crash();
    for (const { client } of clients) {
      const reading = redisStorage({ client, commandTimeoutMs: 200 }).read('t', 0, 1, 1);
      await expect(reading).rejects.toMatchObject({ name: 'StorageError', code: 'unavailable' });
    }
  });
});
