import { gzipSync } from 'node:zlib';
import { mutate, mutateBytes } from './mutate.mjs';
import { random } from './random.mjs';
import { json, valueOf } from './values.mjs';

/** @import { Random } from './random.mjs' */

/**
 * One request of the fuzz. `id` is what the answer has to echo, where that can be known; `method` is the operation, where the
 * call is certainly one of A2A 1.0; `lies` tells that the length in the header is not that of the body.
 *
 * @typedef {{ bytes: Buffer, body: Buffer, id?: unknown, method?: string, endless: boolean, lies: boolean }} FuzzRequest
 */

/** Every operation: name in 1.0, older name, parameters. */
export const METHODS = /** @type {const} */ ([
  ['SendMessage', 'message/send', 'SendMessageRequest'],
  ['SendStreamingMessage', 'message/stream', 'SendMessageRequest'],
  ['GetTask', 'tasks/get', 'GetTaskRequest'],
  ['ListTasks', 'tasks/list', 'ListTasksRequest'],
  ['CancelTask', 'tasks/cancel', 'CancelTaskRequest'],
  ['SubscribeToTask', 'tasks/resubscribe', 'SubscribeToTaskRequest'],
  ['CreateTaskPushNotificationConfig', 'tasks/pushNotificationConfig/set', 'TaskPushNotificationConfig'],
  [
    'GetTaskPushNotificationConfig',
    'tasks/pushNotificationConfig/get',
    'GetTaskPushNotificationConfigRequest',
  ],
  [
    'ListTaskPushNotificationConfigs',
    'tasks/pushNotificationConfig/list',
    'ListTaskPushNotificationConfigsRequest',
  ],
  [
    'DeleteTaskPushNotificationConfig',
    'tasks/pushNotificationConfig/delete',
    'DeleteTaskPushNotificationConfigRequest',
  ],
  ['GetExtendedAgentCard', 'agent/getAuthenticatedExtendedCard', 'GetExtendedAgentCardRequest'],
]);

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
  const call = chance.chance(0.9) ? callOf(chance) : { body: garbage(chance) };
  const text = call.body
    .toString('latin1')
    .replace(/\{task-(\d)\}/g, (_, n) => taskIds[Number(n)] ?? 'nobody');
  const body = Buffer.from(text, 'latin1');
  const { lines, lies, isSure } = headersOf(chance, body.length);
  const sent = chance.chance(0.02) ? encoded(chance, body, lines) : body;
  if (!lies) lines.push(`Content-Length: ${sent.length}`);
  const verb = chance.chance(0.01) ? chance.pick(['GET', 'PUT', 'DELETE', 'PATCH']) : 'POST';
  const query = chance.chance(0.03)
    ? chance.pick(['?A2A-Version=1.0', '?a2a-version=9', '?x', '?%ff', '?'])
    : '';
  const head = `${verb} /a2a${query} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
  const { id, method, isExact = false } = call;
  const isCall = isExact && isSure && verb === 'POST' && sent === body && query === '';
  return {
    bytes: Buffer.concat([Buffer.from(head, 'latin1'), sent]),
    body: sent,
    ...(isCall && id !== undefined && { id }),
    ...(isCall && method !== undefined && { method }),
    endless: /SubscribeToTask|resubscribe/.test(text),
    lies,
  };
}

/**
 * @param {Random} chance
 * @returns {{ body: Buffer, id?: unknown, method?: string, isExact?: boolean }}
 */
function callOf(chance) {
  const [name, older, definition] = chance.chance(0.5)
    ? chance.pick(METHODS.slice(0, 6))
    : chance.pick(METHODS);
  const isOlder = chance.chance(0.15);
  let params = valueOf(chance, definition);
  for (let i = chance.pick([0, 0, 1, 1, 2, 5]); i > 0; i--) params = mutate(chance, params);
  const id = chance.chance(0.95) ? chance.pick(IDS) : chance.pick(BAD_IDS);
  const envelope = { jsonrpc: '2.0', id, method: isOlder ? older : name, params };
  const isWhole = chance.chance(0.93);
  const text = JSON.stringify(isWhole ? envelope : mutate(chance, envelope));
  const bytes = Buffer.from(text);
  if (!chance.chance(0.95)) return { body: mutateBytes(chance, bytes) };
  const isGood = isWhole && !BAD_IDS.includes(/** @type {never} */ (id)) && id !== 2 ** 53;
  return { body: bytes, isExact: isGood, id, ...(!isOlder && { method: name }) };
}

/** @param {Random} chance */
function garbage(chance) {
  if (chance.chance(0.3)) return Buffer.from(JSON.stringify(json(chance)) ?? '');
  if (chance.chance(0.5)) {
    const tokens = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"jsonrpc"',
      '"2.0"',
      '"id"',
      '1',
      'null',
      '"method"',
      '"GetTask"',
      '"params"',
      '\\u0000',
      '"',
    ];
    return Buffer.from(Array.from({ length: chance.below(40) }, () => chance.pick(tokens)).join(''));
  }
  if (chance.chance(0.01)) return Buffer.from(`"${'x'.repeat(1_000_000)}"`);
  return Buffer.from(Array.from({ length: chance.below(300) }, () => chance.below(256)));
}

/**
 * @param {Random} chance
 * @param {number} length
 */
function headersOf({ chance, pick, below }, length) {
  const isPlain = chance(0.85);
  const lines = ['Host: agent.test', `Content-Type: ${isPlain ? 'application/json' : pick(TYPES)}`];
  const version = isPlain ? '1.0' : pick(VERSIONS);
  if (chance(0.9)) lines.push(`A2A-Version: ${version}`);
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
  return { lines, lies, isSure: isPlain && !lies };
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
