export {
  redisBackend,
  redisBroker,
  redisEventBus,
  redisStorage,
  type RedisBackend,
  type RedisBackendOptions,
} from './backend.ts';
export type { RedisClient } from './client.ts';
export type { IoRedisClient } from './ioredis.ts';
export type { NodeRedisClient, NodeRedisCluster } from './node-redis.ts';
export type { RedisLimits, RedisOptions, RedisRetention } from './options.ts';
