import { gzipSync } from 'node:zlib';
import { garbage, mutate, mutateBytes } from './mutate.mjs';
import { random } from './random.mjs';
import { isOlderMessage, OPERATIONS } from './operations.mjs';
import { placeOf, restCallOf } from './rest.mjs';
import { valueOf } from './values.mjs';

/**
 * @import { Operation } from './operations.mjs'
 * @import { Random } from './random.mjs'
 * @import { Place } from './rest.mjs'
 * @import { Dialect } from './values.mjs'
 */

/**
 * One request of the fuzz. `place` is what HTTP+JSON has at its path, where it is not one of JSON-RPC. Of JSON-RPC: `id` is what
 * the answer has to echo, where that can be known; `operation` is what was called and `dialect` the version that the answer has
 * to be in, where both are certain. `lies` tells that the length in the header is not that of the body.
 *
 * @typedef {{ bytes: Buffer, body: Buffer, place?: Place, id?: unknown, operation?: Operation, dialect?: Dialect,
 *   endless: boolean, lies: boolean, isHead: boolean }} FuzzRequest
 */

const IDS = [0, 1, '', 'a', null, 'é"\\', -1, 2 ** 53 - 1];
const BAD_IDS = [1.5, {}, [], true, 2 ** 53, 1e300];
const VERSIONS = ['1.0', '1.0', '1.0', '1.0.9', '', '0.3', '2.0', 'latest', '1.0, 0.3', ' 1.0 '];
const TYPES = [
  'application/json',
  'application/a2a+json',
  'application/json; charset=utf-8',
  'text/plain',
  '',
  'application/jsonp',
];

/** Node reads 16 KiB of a head, and refuses more by itself. */
const TARGET_CHARS = 12_000;

/**
 * The request of a case. `taskIds` are put in place of the tasks' stand-ins.
 *
 * @param {number} seed
 * @param {number} index
 * @param {readonly string[]} taskIds
 * @returns {FuzzRequest}
 */
export function requestOf(seed, index, taskIds) {
  const chance = random(Math.imul(seed, 0x9e3779b1) ^ index);
  const call = chance.chance(0.25) ? restCallOf(chance) : jsonRpcCallOf(chance);
  /** @param {string} text */
  const withTasks = (text) =>
    text.replace(/(?:\{|%7B)task-(\d)(?:\}|%7D)/g, (_, n) => taskIds[Number(n)] ?? 'nobody');
  const text = withTasks(call.body.toString('latin1'));
  const body = Buffer.from(text, 'latin1');
  const { lines, lies, version } = headersOf(chance, body.length, call.dialect);
  const sent = chance.chance(0.02) ? encoded(chance, body, lines) : body;
  if (!lies && (sent.length > 0 || chance.chance(0.5))) lines.push(`Content-Length: ${sent.length}`);
  const target = withTasks(call.target).slice(0, TARGET_CHARS);
  const origin = chance.chance(0.01) ? 'http://agent.test' : '';
  const head = `${call.verb} ${origin}/a2a${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
  const { id, operation, isExact = false } = call;
  const isCall = isExact && !lies && version !== 'odd' && sent === body;
  const place = placeOf(call.verb, target);
  const dialect = isCall ? dialectOf(call, version) : undefined;
  return {
    bytes: Buffer.concat([Buffer.from(head, 'latin1'), sent]),
    body: sent,
    ...(isCall && id !== undefined && { id }),
    ...(dialect !== undefined && operation !== undefined && { operation, dialect }),
    ...(place && { place }),
    endless: place?.endless ?? /SubscribeToTask|resubscribe/.test(text),
    lies,
    isHead: call.verb === 'HEAD',
  };
}

/**
 * A call before it has headers: `target` is the path below the mount with the query, `dialect` the one that its parameters were
 * made in, `isOlderName` how the method is called.
 *
 * @typedef {{ verb: string, target: string, body: Buffer, id?: unknown, operation?: Operation, dialect?: Dialect, isOlderName?: boolean, params?: unknown, isExact?: boolean }} Call
 */

/**
 * @param {Random} chance
 * @returns {Call}
 */
function jsonRpcCallOf(chance) {
  const verb = chance.chance(0.01) ? chance.pick(['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD']) : 'POST';
  const target = chance.chance(0.03)
    ? chance.pick(['?A2A-Version=1.0', '?a2a-version=9', '?x', '?%ff', '?'])
    : '';
  const call = chance.chance(0.9) ? envelopeOf(chance) : { body: garbage(chance) };
  return { ...call, verb, target, isExact: call.isExact === true && verb === 'POST' && target === '' };
}

/**
 * @param {Random} chance
 * @returns {Omit<Call, 'verb' | 'target'>}
 */
function envelopeOf(chance) {
  const operation = chance.pick(chance.chance(0.5) ? OPERATIONS.slice(0, 6) : OPERATIONS);
  /** @type {Dialect} */
  const dialect = chance.chance(0.4) && operation['0.3'] !== undefined ? '0.3' : '1.0';
  // some take the method of one version and the parameters of the other
  const isOlderName = (dialect === '0.3') !== chance.chance(0.08) && operation.older !== undefined;
  let params = valueOf(chance, dialect, operation[dialect]?.params ?? '');
  for (let i = chance.pick([0, 0, 1, 1, 2, 5]); i > 0; i--) params = mutate(chance, params);
  const id = chance.chance(0.95) ? chance.pick(IDS) : chance.pick(BAD_IDS);
  const method = isOlderName ? operation.older : operation.name;
  const isWhole = chance.chance(0.93);
  const envelope = { jsonrpc: '2.0', id, method, params };
  const bytes = Buffer.from(JSON.stringify(isWhole ? envelope : mutate(chance, envelope)));
  if (!chance.chance(0.95)) return { body: mutateBytes(chance, bytes), dialect };
  const isExact = isWhole && !BAD_IDS.includes(/** @type {never} */ (id));
  return { body: bytes, isExact, id, operation, dialect, isOlderName, params };
}

/**
 * The version in which a call is answered, where that is certain: what the header says, else what the name and the message do.
 *
 * @param {Call} call
 * @param {Version} version
 * @returns {Dialect | undefined}
 */
function dialectOf({ operation, isOlderName = false, params }, version) {
  if (version === '0.3') return isOlderName ? '0.3' : undefined;
  if (version === '1.0' || !isOlderName) return '1.0';
  // a message that does not say who wrote it may count as one of 1.0
  return operation?.isSend && !isOlderMessage(params) ? undefined : '0.3';
}

/** @typedef {Dialect | 'none' | 'odd'} Version What the header A2A-Version says. */

/**
 * @param {Random} chance
 * @param {number} length
 * @param {Dialect} dialect
 * @returns {{ lines: string[], lies: boolean, version: Version }}
 */
function headersOf({ chance, pick, below }, length, dialect = '1.0') {
  const isPlain = chance(0.85);
  const lines = ['Host: agent.test', `Content-Type: ${isPlain ? 'application/json' : pick(TYPES)}`];
  /** @type {Version} */
  let version = isPlain ? dialect : 'odd';
  // clients of 0.3 send none, most of them
  if (!chance(dialect === '0.3' ? 0.4 : 0.9)) version = isPlain ? 'none' : 'odd';
  else lines.push(`A2A-Version: ${isPlain ? version : pick(VERSIONS)}`);
  if (chance(0.1))
    lines.push(`X-A2A-Extensions: ${pick(['urn:x', ',,', 'urn:express-a2a:resumable-stream:v1'])}`);
  if (chance(0.1))
    lines.push(`A2A-Extensions: ${pick(['urn:express-a2a:resumable-stream:v1', ',,', 'urn:x, urn:y', '"'])}`);
  if (chance(0.1)) lines.push(`Last-Event-ID: ${pick(['1.0', '-1', 'x', '99999999999999999999.zz', ''])}`);
  if (chance(0.1)) lines.push(`Idempotency-Key: ${pick(['k1', 'k2', '', 'x'.repeat(300)])}`);
  if (chance(0.05)) lines.push(`Accept: ${pick(['text/event-stream', '*/*', 'image/png'])}`);
  if (chance(0.05))
    lines.push(`traceparent: ${pick(['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'x'])}`);
  const lies = chance(0.01);
  if (lies)
    lines.push(
      `Content-Length: ${pick([0, 1, below(length + 1), length + 1, length + 1000, 'x', '-1', 1e15])}`,
    );
  return { lines, lies, version };
}

/**
 * @param {Random} chance
 * @param {Buffer} body
 * @param {string[]} lines
 */
function encoded(chance, body, lines) {
  const encoding = chance.pick(['gzip', 'gzip', 'br', 'deflate', 'rot13', 'identity']);
  lines.push(`Content-Encoding: ${encoding}`);
  return encoding === 'gzip'
    ? gzipSync(chance.chance(0.3) ? Buffer.alloc(2_000_000) : body)
    : Buffer.from(body);
}
