import { ConfigError } from '../core/config-error.ts';
import type { Logger } from '../core/logger.ts';
import type { RedisCommands } from './commands.ts';
import type { RedisKeys } from './keys.ts';
import { MEMORY } from './scripts/upkeep.ts';

/**
 * Refuses a server that may evict keys of tasks that have not ended: those have no time to live, so `noeviction` and
 * `volatile-*` are safe. A server that does not say what it does is taken as it is, with one line of the logger.
 *
 * Throws a ConfigError ERR_A2A_REDIS_EVICTION; a StorageError when the server can not be reached.
 */
export async function checkEviction(commands: RedisCommands, keys: RedisKeys, logger: Logger): Promise<void> {
  const policy = (await infoPolicy(commands, keys)) ?? (await configPolicy(commands, keys));
  if (policy === undefined) {
    const fields = { code: 'ERR_A2A_REDIS_EVICTION' };
    logger.warn(fields, 'Redis does not say how it evicts: make sure that maxmemory-policy is noeviction');
  }
  if (policy?.startsWith('allkeys-') !== true) return;
  throw new ConfigError(
    'ERR_A2A_REDIS_EVICTION',
    `This Redis may evict any key (maxmemory-policy ${policy}), also of tasks that run: set it to noeviction`,
  );
}

/** By a script, so that in a cluster the node that holds the keys answers. */
async function infoPolicy(commands: RedisCommands, keys: RedisKeys): Promise<string | undefined> {
  const info = await unlessForbidden(commands.run(MEMORY, [keys.finished]));
  return /^maxmemory_policy:(\S+)/m.exec(String(info))?.[1];
}

async function configPolicy(commands: RedisCommands, keys: RedisKeys): Promise<string | undefined> {
  const found = await unlessForbidden(commands.send(keys.finished, 'CONFIG', 'GET', 'maxmemory-policy'));
  return /(?:allkeys|volatile)-\w+|noeviction/.exec(JSON.stringify(found ?? ''))?.[0];
}

/** The reply; undefined where the server is there and does not let us ask. */
async function unlessForbidden(reply: Promise<unknown>): Promise<unknown> {
  try {
    return await reply;
  } catch (error) {
    const cause: unknown = error instanceof Error ? error.cause : undefined;
    if (cause instanceof Error && FORBIDDEN.test(cause.message)) return undefined;
    throw error;
  }
}

const FORBIDDEN = /NOPERM|unknown command|unknown subcommand|can't run this command|no permissions/i;
