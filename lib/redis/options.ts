import type { Logger } from '../core/logger.ts';
import { guardLogger, silentLogger } from '../core/logger.ts';

/** How long finished tasks stay. What goes first is what finished first; a task that has not ended is never removed. */
export interface RedisRetention {
  /** How long a finished task can be loaded and listed, in ms. Default 604,800,000 (7 days). */
  readonly finishedMs: number;
  /** How many finished tasks are kept, all agents and scopes together. Default 100,000. */
  readonly finishedTasks: number;
  /** How long the log of a finished task is kept for readers that come back, in ms; the task itself stays. Default 3,600,000 (1 hour). */
  readonly logMs: number;
}

/** How much is taken in. */
export interface RedisLimits {
  /** Tasks that have not ended, all agents together; beyond it, new ones are refused with StorageError `full`. Default 10,000. */
  readonly activeTasks: number;
  /** Size of one task in bytes of JSON, roughly; beyond it, new tasks and writes are refused with `too-large`. Default 16,777,216 (16 MiB). */
  readonly taskBytes: number;
  /** Entries after which the log of a task that has not ended loses its oldest ones, down to the first unprocessed message. Default 10,000. */
  readonly logEntries: number;
  /** Webhooks of one task; beyond it, further ones are refused. A new task can always bring one. Default 10. */
  readonly webhooks: number;
}

/** What `redisBackend`, and each of its parts alone, can be told. */
export interface RedisOptions<Client> {
  /**
   * A client of node-redis 6, for one server or a cluster, or of ioredis 6, for one server. It stays yours: connect it before and close it
   * after. Its connection serves commands; hints get one of their own, a duplicate, which the backend opens and closes.
   */
  readonly client: Client;
  /**
   * Begins every key and channel. Deployments that share a server need different ones. Must hold one hash tag, in braces,
   * or a cluster would spread the keys of a task. Default `{a2a}:`.
   */
  readonly prefix?: string;
  /** How long a command may take before it counts as failed, in ms. Default 5,000. */
  readonly commandTimeoutMs?: number;
  /** How long finished tasks stay. */
  readonly retention?: Partial<RedisRetention>;
  /** How much is taken in. */
  readonly limits?: Partial<RedisLimits>;
  /** A pino logger fits. Default: silent. */
  readonly logger?: Logger;
}

/** All options but the client, with their defaults. */
export interface RedisSettings {
  readonly prefix: string;
  readonly commandTimeoutMs: number;
  readonly retention: RedisRetention;
  readonly limits: RedisLimits;
  readonly logger: Logger;
}

const RETENTION: RedisRetention = {
  finishedMs: 7 * 24 * 3_600_000,
  finishedTasks: 100_000,
  logMs: 3_600_000,
};
const LIMITS: RedisLimits = {
  activeTasks: 10_000,
  taskBytes: 16 * 1024 * 1024,
  logEntries: 10_000,
  webhooks: 10,
};
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const NAMES = ['client', 'prefix', 'commandTimeoutMs', 'retention', 'limits', 'logger'];

/** Options with their defaults. Throws a RangeError for a wrong one; Infinity stands for no bound. */
export function readOptions(options: RedisOptions<unknown>): RedisSettings {
  checkNames('', options, NAMES);
  const { prefix = '{a2a}:', commandTimeoutMs = 5000, retention = {}, limits = {} } = options;
  if (typeof prefix !== 'string' || !/^[^{}]*\{[^{}]+\}[^{}]*$/.test(prefix)) {
    throw new RangeError(`redisBackend: prefix must hold one hash tag, such as {a2a}:, not ${prefix}`);
  }
  checkNumber('commandTimeoutMs', commandTimeoutMs);
  const kept = withDefaults('retention', RETENTION, retention);
  return {
    prefix,
    commandTimeoutMs: Math.min(commandTimeoutMs, LONGEST_TIMER_MS),
    logger: options.logger ? guardLogger(options.logger) : silentLogger,
    // a log goes with its task
    retention: { ...kept, logMs: Math.min(kept.logMs, kept.finishedMs) },
    limits: withDefaults('limits', LIMITS, limits),
  };
}

function withDefaults<T extends object>(option: string, defaults: T, given: Partial<T>): T {
  checkNames(`${option}.`, given, Object.keys(defaults));
  const values = { ...defaults, ...given };
  for (const [name, value] of Object.entries(values)) checkNumber(`${option}.${name}`, value);
  return values;
}

function checkNames(before: string, given: object, names: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(
      `redisBackend: there is no option ${before}${unknown}; there are ${names.join(', ')}`,
    );
  }
}

function checkNumber(name: string, value: unknown): void {
  // scripts stop half-way at numbers that the server does not take
  if (typeof value === 'number' && value >= 0 && (Number.isInteger(value) || value === Infinity)) return;
  throw new RangeError(
    `redisBackend: ${name} is a whole number of 0 or more, or Infinity, not ${String(value)}`,
  );
}
