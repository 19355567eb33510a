import { ConfigError, type ConfigErrorCode } from '../core/config-error.ts';
import { isReservedTenant } from '../core/tenants.ts';
import { WORKER_SETTINGS } from '../core/worker-settings.ts';
import { urlFault } from '../http/urls.ts';
import type { A2AOptions } from './options.ts';

type Rule = (value: unknown) => string | undefined;

const TIMER_MAX = 2 ** 31 - 1;

const rules = {
  card: anObject,
  agent: aFunction,
  answers: (value) =>
    value === 'task' || value === 'message' || typeof value === 'function'
      ? undefined
      : "must be 'task', 'message' or a function",
  agentId: (value) =>
    typeof value === 'string' && /^[^\p{Cc}]{1,256}$/u.test(value)
      ? undefined
      : 'must be 1 to 256 characters without control characters',
  storage: withMethods('createTask', 'append', 'claim', 'loadTask', 'read'),
  broker: withMethods('wake', 'work'),
  eventBus: withMethods('publish', 'subscribe', 'onGap'),
  worker: anObject,
  cancelGraceMs: milliseconds(0),
  owner: aFunction,
  caller: aFunction,
  tenants: someTenants,
  enforceAuth: aBoolean,
  versions: someVersions,
  bindings: someBindings,
  extendedCard: (value) =>
    typeof value === 'function' || isObject(value)
      ? undefined
      : 'must be an object with fields of a card, or a function',
  signCard: (value) =>
    isObject(value) || Array.isArray(value) ? undefined : 'must be a key, { key, kid }, or a list of them',
  publicUrl: (value) => (typeof value === 'function' ? undefined : urlFault(value)),
  onBusy: (value) => (value === 'queue' || value === 'reject' ? undefined : "must be 'queue' or 'reject'"),
  dedupeWindowMs: milliseconds(0),
  enforceInputModes: aBoolean,
  // its parts are checked where they are read
  push: (value) => (value === false || isObject(value) ? undefined : 'must be false or an object'),
  limits: anObject,
  keepAliveMs: milliseconds(0),
  stallMs: milliseconds(1),
  logger: withMethods('debug', 'info', 'warn', 'error'),
  onError: aFunction,
  // its value is checked where it is read, by the core
  exposeErrors: anything,
  onMetric: aFunction,
} satisfies Record<string, Rule>;

// their values are checked where they are read, by the core
const workerRules = Object.fromEntries(WORKER_SETTINGS.map((name) => [name, anything]));

const limitRules = {
  bodyBytes: wholeNumber(1, 2 ** 30),
  bodiesBytes: countOrInfinity,
  messageParts: wholeNumber(1, TIMER_MAX),
  streams: countOrInfinity,
  streamsPerCaller: countOrInfinity,
} satisfies Record<string, Rule>;

/** Throws a ConfigError for the first option that is unknown, wrong, or contradicts another. */
export function checkOptions(given: unknown): void {
  if (!isObject(given))
    throw new ConfigError('ERR_A2A_OPTIONS', '`a2aRouter` takes one object: pass { card, agent }');
  checkAll(given, rules, '');
  checkAll(given['worker'], workerRules, 'worker.');
  checkAll(given['limits'], limitRules, 'limits.');
  if (given['card'] === undefined) {
    throw new ConfigError('ERR_A2A_CARD', 'Option `card` is required: pass { name, description, version }');
  }
  checkTogether(given);
}

function checkTogether(given: Readonly<Record<string, unknown>>): void {
  const has = (name: string) => given[name] !== undefined;
  if (!has('storage')) {
    for (const name of ['broker', 'eventBus']) {
      if (has(name))
        throw conflict(
          'ERR_A2A_BACKEND',
          name,
          'would serve a storage of this process alone: pass `storage` too',
        );
    }
    if (!has('agent')) {
      throw new ConfigError(
        'ERR_A2A_NO_WORKER',
        'Nobody would run the agent: pass `agent`, or a `storage` that workers started with `startWorker()` share',
      );
    }
  }
  if (has('signCard') && !has('publicUrl')) {
    const why = 'would sign whatever a Host header says: pass `publicUrl` too';
    throw conflict('ERR_A2A_OPTION_CONFLICT', 'signCard', why);
  }
  const { versions, bindings } = given as Pick<A2AOptions, 'versions' | 'bindings'>; // each has been checked
  if (versions?.includes('0.3') === true && bindings?.includes('JSONRPC') === false) {
    const why = "has '0.3', which only JSON-RPC serves: add 'JSONRPC' to `bindings`, or remove it";
    throw conflict('ERR_A2A_OPTION_CONFLICT', 'versions', why);
  }
  if (has('worker') && !has('agent')) {
    throw conflict(
      'ERR_A2A_OPTION_CONFLICT',
      'worker',
      'is only for a router with `agent`: pass it to `startWorker()`',
    );
  }
}

function checkAll(given: unknown, known: Readonly<Record<string, Rule>>, prefix: string): void {
  for (const [name, value] of Object.entries(given ?? {})) {
    const rule = Object.hasOwn(known, name) ? known[name] : undefined;
    if (rule === undefined) {
      const names = Object.keys(known).join(', ');
      throw new ConfigError(
        'ERR_A2A_OPTION_UNKNOWN',
        `There is no option \`${prefix}${name}\`: remove it, or use one of ${names}`,
      );
    }
    const fault = value === undefined ? undefined : rule(value);
    if (fault !== undefined) throw new ConfigError('ERR_A2A_OPTIONS', `Option \`${prefix}${name}\` ${fault}`);
  }
}

function conflict(code: ConfigErrorCode, name: string, why: string): ConfigError {
  return new ConfigError(code, `Option \`${name}\` ${why}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function anything(): undefined {
  return undefined;
}

function anObject(value: unknown): string | undefined {
  return isObject(value) ? undefined : 'must be an object';
}

function aFunction(value: unknown): string | undefined {
  return typeof value === 'function' ? undefined : 'must be a function';
}

function aBoolean(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'must be true or false';
}

function someTenants(value: unknown): string | undefined {
  if (typeof value === 'function') return undefined;
  if (!Array.isArray(value) || value.length === 0) return 'must be a list of tenants, or a function';
  const given: readonly unknown[] = value;
  if (new Set(given).size < given.length) return 'names a tenant twice';
  const wrong = given.find((name) => typeof name !== 'string' || !/^[^\p{Cc}\p{Cs}]{0,256}$/u.test(name));
  if (wrong !== undefined) return 'must name tenants by strings of at most 256 characters, none for control';
  const taken = given.map(String).find(isReservedTenant);
  return taken === undefined ? undefined : `can not have a tenant \`${taken}\`: the protocol uses that name`;
}

function someVersions(value: unknown): string | undefined {
  const given: readonly unknown[] = Array.isArray(value) ? value : [];
  const isKnown = given.every((version) => version === '1.0' || version === '0.3');
  if (isKnown && given.includes('1.0') && new Set(given).size === given.length) return undefined;
  return "must be ['1.0'], ['1.0', '0.3'] or ['0.3', '1.0']: 1.0 is always served";
}

function someBindings(value: unknown): string | undefined {
  const given: readonly unknown[] = Array.isArray(value) ? value : [];
  const isKnown = given.every((binding) => binding === 'JSONRPC' || binding === 'HTTP+JSON');
  if (isKnown && given.length > 0 && new Set(given).size === given.length) return undefined;
  return "must list one or both of 'JSONRPC' and 'HTTP+JSON'";
}

function withMethods(...names: readonly string[]): Rule {
  return (value) => {
    const missing = names.find((name) => !isObject(value) || typeof value[name] !== 'function');
    return missing === undefined ? undefined : `must be an object with ${names.join(', ')}`;
  };
}

function wholeNumber(min: number, max: number): Rule {
  return (value) =>
    Number.isInteger(value) && Number(value) >= min && Number(value) <= max
      ? undefined
      : `must be a whole number from ${String(min)} to ${String(max)}`;
}

function countOrInfinity(value: unknown): string | undefined {
  const isCount = Number.isInteger(value) && Number(value) >= 1;
  return isCount || value === Infinity ? undefined : 'must be a whole number of 1 or more, or Infinity';
}

/** Node's timers fire at once beyond 2^31 - 1. */
function milliseconds(min: number): Rule {
  const whole = wholeNumber(min, TIMER_MAX);
  return (value) => {
    const fault = whole(value);
    return fault === undefined ? undefined : `${fault}, in ms`;
  };
}
