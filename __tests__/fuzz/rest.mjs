// Calls over HTTP+JSON (§11): the parameters in path, query and body, and paths and verbs that are a little wrong.
import { garbage, mutate, mutateBytes } from './mutate.mjs';
import { OPERATIONS } from './operations.mjs';
import { TASKS, valueOf } from './values.mjs';

/**
 * @import { Operation } from './operations.mjs'
 * @import { Random } from './random.mjs'
 * @import { Call } from './requests.mjs'
 */

const VERBS = ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'HEAD', 'OPTIONS', 'PROPFIND'];
const QUERIES = [
  ...['', '=', '&', 'x=1', 'x', '%ff=1', '%zz', 'a=b=c', 'tenant=acme', 'id=nobody', 'A2A-Version=1.0'],
  ...['A2A-Version=9', 'pageSize=2', 'page_size=0', 'historyLength=%ff', 'historyLength=%', 'status=3'],
  ...['includeArtifacts', 'includeArtifacts=true', 'include_artifacts=1', 'pageToken=%00', '__proto__=1'],
];
/** What is put into a path, or behind it. */
const ODD = [
  ...['/', '//', '/x', '/..', '/.', '%', '%ff', '%2F', '%00', '%3A', '.', ';', '~', '?', ':', '\\', '*'],
  ...[':cancel', ':subscribe', ':send', ':stream', '/pushNotificationConfigs', '/tasks', '/message:send'],
];

/**
 * @param {Random} chance
 * @returns {Call}
 */
export function restCallOf(chance) {
  const operation = chance.pick(chance.chance(0.5) ? OPERATIONS.slice(0, 6) : OPERATIONS);
  const [usual = '', template = ''] = chance.pick(operation.rest).split(' ');
  let params = valueOf(chance, '1.0', operation['1.0'].params);
  for (let i = chance.pick([0, 0, 1, 1, 2, 5]); i > 0; i--) params = mutate(chance, params);
  /** @type {Record<string, unknown>} */
  const fields = { ...Object(params) };
  const whole = pathOf(chance, template, fields);
  const path = chance.chance(0.1) ? oddPath(chance, whole) : whole;
  const isInQuery = (usual !== 'POST') !== chance.chance(0.03);
  const query = isInQuery || chance.chance(0.03) ? queryOf(chance, isInQuery ? fields : {}) : '';
  return {
    verb: chance.chance(0.95) ? usual : chance.pick(VERBS),
    target: `${path}${query === '' ? '' : `?${query}`}`,
    body: isInQuery && chance.chance(0.95) ? Buffer.alloc(0) : bodyOf(chance, params, fields),
  };
}

/**
 * The path with its parameters, which are then no longer among the fields, most of the time.
 *
 * @param {Random} chance
 * @param {string} template
 * @param {Record<string, unknown>} fields
 */
function pathOf({ chance, pick }, template, fields) {
  /** @param {string} name */
  const take = (name) => {
    const value = fields[name];
    if (chance(0.9)) delete fields[name];
    // a step that is empty makes another path of it
    const isAbsent = value === undefined || value === null || value === '';
    return isAbsent && chance(0.9) ? pick(TASKS) : encoded(value);
  };
  const path = template.replace(/\{(\w+)\}/g, (_, name) => take(name));
  const isOfTenant = typeof fields['tenant'] === 'string' && fields['tenant'] !== '';
  return `${isOfTenant ? `/${take('tenant')}` : ''}${path}${chance(0.1) ? '/' : ''}`;
}

/** @param {unknown} value */
function encoded(value) {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  try {
    return encodeURIComponent(text);
  } catch {
    return '%ED%A0%80'; // half a surrogate pair, as UTF-8 would have it
  }
}

/**
 * @param {Random} chance
 * @param {string} path
 */
function oddPath({ below, pick }, path) {
  const at = below(path.length + 1);
  switch (below(6)) {
    case 0:
      return `${path.slice(0, at)}${pick(ODD)}${path.slice(at)}`;
    case 1:
      return `${path}${pick(ODD)}`;
    case 2:
      return `${path.slice(0, at)}${path.slice(at + 1)}`;
    case 3:
      return `/${pick(['acme', 'nobody', 'tasks', '%74asks', '.well-known', '%ff', '..', ''])}${path}`;
    case 4:
      return path.replace(':', '%3A');
    default:
      return `${path.slice(0, at)}${path.slice(at).toUpperCase()}`;
  }
}

/**
 * @param {Random} chance
 * @param {Record<string, unknown>} fields
 */
function queryOf({ chance, pick, below }, fields) {
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => `${encoded(name)}=${encoded(each)}`),
  );
  for (let i = chance(0.3) ? 1 + below(2) : 0; i > 0; i--) pairs.push(pick(QUERIES));
  if (chance(0.05) && pairs.length > 0) pairs.push(pick(pairs));
  const query = pairs.join('&');
  return chance(0.1) ? query.replaceAll('%20', '+') : query;
}

/**
 * @param {Random} chance
 * @param {unknown} params
 * @param {Record<string, unknown>} fields
 */
function bodyOf(chance, params, fields) {
  if (chance.chance(0.06)) return garbage(chance);
  if (Object.keys(fields).length === 0 && chance.chance(0.5)) return Buffer.alloc(0);
  // what is no object has no fields
  const isObject = typeof params === 'object' && params !== null && !Array.isArray(params);
  const bytes = Buffer.from(JSON.stringify(isObject ? fields : params) ?? '');
  return chance.chance(0.95) ? bytes : mutateBytes(chance, bytes);
}

/**
 * What HTTP+JSON has at a path: `isApp` where that is left to the app, else the operation that the verb calls, undefined for
 * a verb that the path does not know. `isHead` tells that the answer has no body.
 *
 * @typedef {{ isApp: boolean, operation?: Operation, endless: boolean, isHead: boolean }} Place
 */

const PATTERNS = OPERATIONS.flatMap(
  (operation) =>
    operation.rest.map((route) => {
      const [verb = '', path = ''] = route.split(' ');
      return { verb, operation, path, pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}/?$`) };
    }),
  // `:cancel` is not of the id
).sort((a, b) => Number(b.path.includes('}:')) - Number(a.path.includes('}:')));

const NO_TENANTS = new Set([
  'tasks',
  'message:send',
  'message:stream',
  'extendedAgentCard',
  '.well-known',
  '.',
  '..',
]);

/**
 * The place of a request; undefined for one to the mount itself, which is JSON-RPC's.
 *
 * @param {string} verb
 * @param {string} target
 * @returns {Place | undefined}
 */
export function placeOf(verb, target) {
  const [path = ''] = target.split('?', 1);
  if (path === '' || path === '/') return undefined;
  const [, tenant, below] = /^\/([^/]+)(\/.*)$/.exec(path) ?? [];
  const route =
    routeOf(path) ?? (tenant === undefined || NO_TENANTS.has(tenant) ? undefined : routeOf(String(below)));
  const isHead = verb === 'HEAD';
  if (route === undefined || verb === 'OPTIONS') return { isApp: true, endless: false, isHead };
  const found = PATTERNS.find((each) => each.path === route.path && each.verb === (isHead ? 'GET' : verb));
  const operation = isHead && found?.operation.streams ? undefined : found?.operation;
  const endless = operation?.name === 'SubscribeToTask';
  return { isApp: false, ...(operation && { operation }), endless, isHead };
}

/** @param {string} path */
function routeOf(path) {
  return PATTERNS.find(({ pattern }) => pattern.test(path));
}
