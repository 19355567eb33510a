import type { Broker } from '../core/broker.ts';
import type { EventBus } from '../core/event-bus.ts';
import type { Storage } from '../core/storage.ts';
import { createRedisBroker } from './broker.ts';
import { createChannels } from './channels.ts';
import { connectionOf, type RedisClient } from './client.ts';
import { redisCommands } from './commands.ts';
import { createRedisEventBus } from './event-bus.ts';
import { redisKeys } from './keys.ts';
import { readOptions, type RedisOptions } from './options.ts';
import { createRedisStorage } from './storage.ts';

/** What `redisBackend` can be told. */
export type RedisBackendOptions = RedisOptions<RedisClient>;

/** Storage, broker and event bus on one Redis. */
export interface RedisBackend {
  readonly storage: Storage;
  readonly broker: Broker;
  readonly eventBus: EventBus;
}

/**
 * Keeps tasks on Redis 6.2 or newer, or a cluster: any number of front-ends and workers share them.
 *
 * The client stays the caller's, who connects and closes it. Throws a RangeError for a wrong option, and a TypeError for
 * another client; the storage's `init` rejects with ConfigError ERR_A2A_REDIS_EVICTION where the server may evict any key.
 */
export function redisBackend(options: RedisBackendOptions): RedisBackend {
  const parts = partsOf(options);
  const hints = { ...parts, channels: createChannels(parts.connection, 2) };
  return {
    storage: createRedisStorage(parts),
    broker: createRedisBroker(hints),
    eventBus: createRedisEventBus(hints),
  };
}

/** The storage of `redisBackend` alone, for a mix with another broker or event bus. */
export function redisStorage(options: RedisBackendOptions): Storage {
  return createRedisStorage(partsOf(options));
}

/** The broker of `redisBackend` alone; it opens a connection of its own to listen. */
export function redisBroker(
  options: Pick<RedisBackendOptions, 'client' | 'prefix' | 'commandTimeoutMs'>,
): Broker {
  const parts = partsOf(options);
  return createRedisBroker({ ...parts, channels: createChannels(parts.connection, 1) });
}

/** The event bus of `redisBackend` alone; it opens a connection of its own to listen. */
export function redisEventBus(
  options: Pick<RedisBackendOptions, 'client' | 'prefix' | 'commandTimeoutMs'>,
): EventBus {
  const parts = partsOf(options);
  return createRedisEventBus({ ...parts, channels: createChannels(parts.connection, 1) });
}

function partsOf(options: RedisBackendOptions) {
  const settings = readOptions(options);
  const connection = connectionOf(options.client);
  return {
    connection,
    settings,
    keys: redisKeys(settings.prefix),
    commands: redisCommands(connection, settings.commandTimeoutMs),
  };
}
