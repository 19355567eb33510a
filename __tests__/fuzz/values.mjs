import { readFileSync } from 'node:fs';

/** @import { Random } from './random.mjs' */

/**
 * What is used of a JSON Schema.
 *
 * @typedef {{ $ref?: string, type?: string, format?: string, enum?: string[], const?: string, items?: Schema,
 *   properties?: Record<string, Schema>, required?: string[], oneOf?: { $ref?: string, required?: string[] }[],
 *   additionalProperties?: Schema, minimum?: number, maximum?: number, minItems?: number }} Schema
 * @typedef {'1.0' | '0.3'} Dialect
 * @typedef {{ $id: string, $defs: Record<string, Schema> }} Bundle
 */

/** @param {string} name */
function bundle(name) {
  /** @type {Bundle} */
  const parsed = JSON.parse(readFileSync(new URL(`../../schema/${name}`, import.meta.url), 'utf8'));
  return parsed;
}

/** @type {Record<Dialect, Bundle>} */
export const schemas = { '1.0': bundle('a2a.v1.schema.json'), 0.3: bundle('a2a.v0.3.schema.json') };

/** Stands for a task of the server; ids differ from run to run. */
export const TASKS = Array.from({ length: 8 }, (_, index) => `{task-${index}}`);

const TEXTS = [
  '',
  'hi',
  'ask',
  'stream',
  'long',
  'é😀\u2028',
  '\u0000',
  '\ud800',
  '"\\\n',
  '<b>',
  '__proto__',
  '0',
];
const TIMES = [
  '2025-01-31T12:00:00Z',
  '2025-01-31T12:00:00.123456789+02:00',
  'yesterday',
  '9999-12-31T23:59:59Z',
];
/** Ids of webhooks; few, so that calls find them. */
export const HOOKS = ['hook', 'a/b:cancel'];
const BYTES = ['', 'AAEC', 'AAECAw', '-_8=', 'not base64', 'A'];

/** What the fields of this name usually hold; other things come by mutation. */
const BY_NAME = /** @type {Record<string, (random: Random) => unknown>} */ ({
  tenant: ({ chance }) => (chance(0.95) ? '' : 'acme'),
  taskId: ({ chance, pick }) => (chance(0.8) ? pick(TASKS) : ''),
  id: ({ chance, pick }) => (chance(0.9) ? pick(TASKS) : 'nobody'),
  pushNotificationConfigId: ({ chance, pick }) => (chance(0.9) ? pick(HOOKS) : 'nobody'),
  contextId: ({ chance }) => (chance(0.8) ? '' : 'c1'),
  messageId: ({ below }) => `m${below(1000)}`,
  uri: ({ chance }) => (chance(0.9) ? 'https://files.example.com/a' : 'file:///etc/passwd'),
  url: ({ chance }) => (chance(0.9) ? 'https://files.example.com/a' : '/etc/passwd'),
  pageToken: ({ chance }) => (chance(0.8) ? '' : 'eyJ2IjoxfQ'),
});

/** @type {Record<Dialect, (random: Random) => unknown>} */
const ROLES = {
  '1.0': ({ chance }) => (chance(0.95) ? 'ROLE_USER' : 'ROLE_AGENT'),
  0.3: ({ chance }) => (chance(0.95) ? 'user' : 'agent'),
};

/**
 * A value that mostly fits a definition of a dialect.
 *
 * @param {Random} random
 * @param {Dialect} dialect
 * @param {string} name
 */
export function valueOf(random, dialect, name) {
  const { $defs } = schemas[dialect];
  const byName = { ...BY_NAME, role: ROLES[dialect] };
  return make({ random, $defs, byName }, { $ref: `#/$defs/${name}` }, 0);
}

/** @typedef {{ random: Random, $defs: Record<string, Schema>, byName: typeof BY_NAME }} Maker */

/**
 * @param {Maker} maker
 * @param {Schema} given
 * @param {number} depth
 * @returns {unknown}
 */
function make(maker, given, depth) {
  const { random } = maker;
  const { below, chance, pick } = random;
  const at = given.$ref === undefined ? given : (maker.$defs[given.$ref.slice('#/$defs/'.length)] ?? {});
  if (at.const !== undefined) return at.const;
  const variants = at.oneOf?.filter(({ $ref }) => $ref !== undefined) ?? [];
  if (variants.length > 0) return make(maker, pick(variants), depth);
  if (at.enum) return chance(0.95) ? pick(at.enum) : below(10);
  switch (at.type) {
    case 'string':
      return pick(at.format === 'byte' ? BYTES : at.format === 'date-time' ? TIMES : TEXTS);
    case 'integer':
      return chance(0.9)
        ? (at.minimum ?? 0) + below(Math.min(100, (at.maximum ?? 100) - (at.minimum ?? 0)))
        : below(2 ** 32);
    case 'boolean':
      return chance(0.5);
    case 'array':
      return Array.from({ length: (at.minItems ?? 0) + below(3) }, () =>
        make(maker, at.items ?? {}, depth + 1),
      );
    case 'object':
      return makeObject(maker, at, depth);
    default:
      return json(random, depth);
  }
}

/**
 * @param {Maker} maker
 * @param {Schema} at
 * @param {number} depth
 */
function makeObject(maker, { properties, required = [], oneOf = [], additionalProperties }, depth) {
  const { random, byName } = maker;
  if (properties === undefined) return additionalProperties === undefined ? { a: json(random, depth) } : {};
  const chosen = oneOf.length === 0 ? undefined : random.pick(oneOf).required;
  const rivals = new Set(oneOf.flatMap(({ required: branch = [] }) => branch));
  const isOfHook = 'taskId' in properties || 'url' in properties;
  /** @type {Record<string, unknown>} */
  const made = {};
  for (const [name, field] of Object.entries(properties)) {
    const isWanted = chosen?.includes(name) ?? false;
    if (rivals.has(name) ? !isWanted : !(required.includes(name) || random.chance(0.25))) continue;
    const key = name === 'id' && isOfHook ? 'pushNotificationConfigId' : name;
    made[name] = byName[key]?.(random) ?? make(maker, field, depth + 1);
  }
  return made;
}

/**
 * Any JSON.
 *
 * @param {Random} random
 * @param {number} depth
 * @returns {unknown}
 */
export function json(random, depth = 0) {
  const { below, chance, pick, next } = random;
  const simple = [null, true, false, 0, -1, 1.5, 1e308, 2 ** 53, next(), ...TEXTS];
  if (depth > 4 || chance(0.6)) return pick(simple);
  const length = below(4);
  if (chance(0.5)) return Array.from({ length }, () => json(random, depth + 1));
  return Object.fromEntries(
    Array.from({ length }, (_, i) => [pick([...TEXTS, `k${i}`, 'kind', 'role']), json(random, depth + 1)]),
  );
}
