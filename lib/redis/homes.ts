import type { TaskId } from '../core/log.ts';
import type { RedisCommands } from './commands.ts';
import { unescapeText, type Home, type RedisKeys } from './keys.ts';
import { list } from './wire.ts';

/** Where tasks belong: never changes, so a copy is never wrong, and asking costs a round trip once. */
export interface Homes {
  readonly find: (taskId: TaskId) => Promise<Home | undefined>;
  readonly remember: (taskId: TaskId, home: Home) => Home;
  readonly forget: (taskId: TaskId) => void;
}

const HOMES = 10_000;

export function createHomes(commands: RedisCommands, keys: RedisKeys): Homes {
  const homes = new Map<TaskId, Home>();

  function remember(taskId: TaskId, home: Home): Home {
    const [oldest] = homes.size >= HOMES ? homes.keys() : [];
    if (oldest !== undefined) homes.delete(oldest);
    homes.set(taskId, home);
    return home;
  }

  return {
    remember,
    forget: (taskId) => void homes.delete(taskId),
    async find(taskId) {
      const known = homes.get(taskId);
      if (known) return known;
      const key = keys.header(taskId);
      const [scope, contextId] = list(await commands.send(key, 'HMGET', key, 'sc', 'cx'));
      return typeof scope === 'string' && typeof contextId === 'string'
        ? remember(taskId, { scope, contextId: unescapeText(contextId) })
        : undefined;
    },
  };
}
