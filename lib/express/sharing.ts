import { ConfigError } from '../core/config-error.ts';
import type { Engine } from '../core/engine.ts';

type Backend = Pick<Engine, 'storage' | 'broker' | 'eventBus'>;
type Part = Backend[keyof Backend];

interface User {
  readonly agentId: string;
}

/** Kept on the part itself, so that a second copy of the package in this process sees it too. */
const USERS = Symbol.for('express-a2a.users');

/** A router's use of a backend. */
export interface Sharing {
  /** Ends the use of a part, and closes it where no other router of this process uses it. */
  readonly leave: (part: Part) => Promise<void>;
}

/**
 * Notes that a router serves an agent from this backend. Throws a ConfigError where another one does so already: the two
 * would run each other's tasks.
 */
export function shareBackend({ storage, broker, eventBus }: Backend, agentId: string): Sharing {
  const user: User = { agentId };
  for (const { agentId: other } of usersOf(storage)) {
    if (other !== agentId) continue;
    throw new ConfigError(
      'ERR_A2A_DUPLICATE_AGENT',
      `Another router serves the agent \`${agentId}\` from this storage: give each an \`agentId\` of its own, mount one router twice, or await the other's \`close\``,
    );
  }
  for (const part of [storage, broker, eventBus]) usersOf(part).add(user);
  return {
    async leave(part) {
      const users = usersOf(part);
      users.delete(user);
      if (users.size === 0) await part.close();
    },
  };
}

function usersOf(part: Part & { [USERS]?: Set<User> }): Set<User> {
  const users = part[USERS] ?? new Set<User>();
  // a part that can not be written on is used as if by one router alone
  if (!Object.hasOwn(part, USERS) && Object.isExtensible(part)) {
    Object.defineProperty(part, USERS, { value: users });
  }
  return users;
}
