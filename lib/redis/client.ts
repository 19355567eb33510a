import type { RedisConnection } from './connection.ts';
import { ioredisConnection, type IoRedisClient } from './ioredis.ts';
import { nodeRedisConnection, type NodeRedisClient, type NodeRedisCluster } from './node-redis.ts';

/** A client that the application made: of node-redis 6 (`createClient`, `createCluster`) or ioredis 6 (`new Redis`). */
export type RedisClient = NodeRedisClient | NodeRedisCluster | IoRedisClient;

/** The client as the backend sees it. Throws a TypeError for anything else. */
export function connectionOf(client: RedisClient): RedisConnection {
  const given: unknown = client;
  if (isObject(given)) {
    // they look like the others, and take other arguments
    if ('acquire' in given || ('call' in given && 'nodes' in given)) {
      throw new TypeError(
        'redisBackend: createSentinel of node-redis and Cluster of ioredis are not supported',
      );
    }
    const { options } = given as { readonly options?: unknown };
    if (isObject(options) && 'stringNumbers' in options && options.stringNumbers === true) {
      throw new TypeError(
        'redisBackend: a client with stringNumbers is not supported: leave that option out',
      );
    }
    if ('sendCommand' in client && 'isReady' in client) return nodeRedisConnection(client);
    if ('call' in client && 'status' in client) return ioredisConnection(client);
  }
  throw new TypeError('redisBackend: client must be a client of node-redis 6 or ioredis 6');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
