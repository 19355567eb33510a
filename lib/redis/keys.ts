import type { Scope, TaskId } from '../core/log.ts';
import type { Idempotency } from '../core/storage.ts';

/** What never changes of a task and names its keys. */
export interface Home {
  /** As `scopeText` writes it. */
  readonly scope: string;
  readonly contextId: string;
}

/** The names of all keys and channels. Parts are escaped, so that a name has one meaning. */
export interface RedisKeys {
  readonly header: (taskId: TaskId) => string;
  readonly log: (taskId: TaskId) => string;
  readonly pending: (taskId: TaskId) => string;
  readonly checkpoint: (taskId: TaskId) => string;
  readonly due: (agent: string) => string;
  readonly webhooks: (taskId: TaskId) => string;
  readonly dueWebhooks: (agent: string) => string;
  readonly list: (scope: string, contextId?: string) => string;
  readonly finished: string;
  readonly hints: (taskId: TaskId) => string;
  readonly wakes: (agent: string) => string;
  /** The keys that every write script declares, in its order. */
  readonly ofWrite: (taskId: TaskId, home: Home, idempotency?: Idempotency) => readonly string[];
}

/** Names that begin with `prefix`, which holds the hash tag. */
export function redisKeys(prefix: string): RedisKeys {
  const name = (kind: string, ...parts: readonly string[]) =>
    `${prefix}${[kind, ...parts.map((part) => encodeURIComponent(escapeText(part)))].join(':')}`;
  const keys = {
    header: (taskId: TaskId) => name('t', taskId),
    log: (taskId: TaskId) => name('l', taskId),
    pending: (taskId: TaskId) => name('q', taskId),
    checkpoint: (taskId: TaskId) => name('c', taskId),
    due: (agent: string) => name('due', agent),
    webhooks: (taskId: TaskId) => name('pc', taskId),
    dueWebhooks: (agent: string) => name('pdue', agent),
    list: (scope: string, contextId?: string) =>
      name('ix', ...parseParts(scope), ...(contextId === undefined ? [] : [contextId])),
    finished: name('fin'),
    hints: (taskId: TaskId) => name('hint', taskId),
    wakes: (agent: string) => name('wake', agent),
  };
  return {
    ...keys,
    ofWrite(taskId, { scope, contextId }, idempotency) {
      const { header, log, pending, checkpoint, webhooks } = keys;
      const { agent } = parseScope(scope);
      return [
        ...[header(taskId), log(taskId), pending(taskId), keys.due(agent)],
        ...[webhooks(taskId), keys.dueWebhooks(agent)],
        ...[keys.list(scope), keys.list(scope, contextId), keys.finished, name('n'), checkpoint(taskId)],
        ...(idempotency ? [name('dd', ...parseParts(scope), idempotency.key)] : []),
      ];
    },
  };
}

/** A scope as text, to be stored and compared. */
export function scopeText({ agent, tenant, owner }: Scope): string {
  return JSON.stringify([agent, tenant, owner]);
}

/** What `scopeText` writes of an agent's scopes begins with this, and no other. */
export function agentText(agent: string): string {
  return `[${JSON.stringify(agent)},`;
}

/** The scope that `scopeText` wrote. */
export function parseScope(text: string): Scope {
  const [agent, tenant, owner] = JSON.parse(text) as [string, string, string | null];
  return { agent, tenant, owner };
}

/** The parts of a key; an owner without a name is told from no owner. */
function parseParts(text: string): readonly string[] {
  const { agent, tenant, owner } = parseScope(text);
  return [agent, tenant, owner === null ? '' : `=${owner}`];
}

/** A text that UTF-8 can hold: the same for all but control characters, quotes, backslashes and lone surrogates. */
export function escapeText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** What `escapeText` was given. */
export function unescapeText(text: string): string {
  return JSON.parse(`"${text}"`) as string;
}
