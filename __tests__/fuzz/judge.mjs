import { Ajv2020 } from 'ajv/dist/2020.js';
import { schemas } from './values.mjs';

/**
 * @import { FuzzRequest } from './requests.mjs'
 * @import { FuzzResponse } from './client.mjs'
 * @import { Dialect, Schema } from './values.mjs'
 */

/** HTTP statuses, and what code the error then has. @type {Record<number, readonly number[]>} */
const CODES = {
  200: [-32600, -32601, -32602, -32001, -32002, -32003, -32004, -32005, -32009],
  400: [-32700, -32600],
  405: [-32600],
  413: [-32600],
  415: [-32005],
};

// `.` would stop at U+2028, which ends no line of a stream
const FRAMES = /^(?:(?:retry: 2000|id: [^\n]*\ndata: [^\n]*|data: [^\n]*|: [^\n]*)\n\n)+$/;

/** Texts that only our own code writes. */
const INTERNAL = /node_modules|\.[cm]?[jt]s:\d+|(?:^|\\n)\s+at /;

const ajv = new Ajv2020({
  strict: false,
  formats: {
    byte: /^(?:[\w+/-]{4})*(?:[\w+/-]{2}(?:==)?|[\w+/-]{3}=?)?$/,
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/,
  },
});
for (const { $id, $defs } of Object.values(schemas)) {
  const closed = Object.fromEntries(Object.entries($defs).map(([name, each]) => [name, withoutMore(each)]));
  ajv.addSchema({ $id, $defs: closed });
}

/**
 * A definition that takes no field it does not name: a server sends what the schema has.
 *
 * @param {Schema} definition
 * @returns {object}
 */
function withoutMore(definition) {
  const isUnion = definition.oneOf?.some(({ $ref }) => $ref !== undefined) ?? false;
  if (definition.properties === undefined || isUnion) return definition;
  return { additionalProperties: false, ...definition };
}

const isResponse = ajv.compile({
  type: 'object',
  required: ['jsonrpc', 'id'],
  properties: {
    jsonrpc: { const: '2.0' },
    id: { type: ['string', 'integer', 'null'] },
    result: {},
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { enum: [...new Set(Object.values(CODES).flat())] },
        message: { type: 'string', minLength: 1 },
        data: { type: 'array', minItems: 1, items: { type: 'object', required: ['@type'] } },
      },
      additionalProperties: false,
    },
  },
  oneOf: [{ required: ['result'] }, { required: ['error'] }],
  additionalProperties: false,
});

/**
 * What is wrong with an answer; undefined where nothing is.
 *
 * @param {FuzzRequest} request
 * @param {FuzzResponse} response
 * @returns {string | undefined}
 */
export function faultOf(request, response) {
  const { status, type, body, extra } = response;
  if (request.lies && status === 0) return undefined;
  // what node answers by itself to a length that can not be
  if (request.lies && status === 400 && body === '') return undefined;
  if (!(status in CODES)) return `status ${status}`;
  if (extra > 0 && !request.lies) return `${extra} bytes behind this answer or the one before`;
  if (type === 'application/json') return faultOfAnswer(request, body, status).fault;
  if (type !== 'text/event-stream' || status !== 200) return `content type ${type}`;
  return faultOfStream(request, body);
}

/**
 * @param {FuzzRequest} request
 * @param {string} body
 * @returns {string | undefined}
 */
function faultOfStream(request, body) {
  if (!FRAMES.test(body)) return 'a stream with something else than events';
  let last;
  for (const [, json = ''] of body.matchAll(/^data: ([^\n]*)$/gm)) {
    if (last !== undefined && endsStream(last)) return 'an event behind the last one';
    const { fault, answer } = faultOfAnswer(request, json, 200, true);
    if (fault !== undefined) return fault;
    last = answer;
  }
  if (last === undefined) return 'a stream without an event';
  if (!request.endless && !endsStream(last)) return 'a stream that stops before its end';
  return undefined;
}

const RESTS =
  /^(?:TASK_STATE_(?:COMPLETED|FAILED|CANCELED|REJECTED|INPUT_REQUIRED|AUTH_REQUIRED)|completed|failed|canceled|rejected|input-required|auth-required)$/;

/**
 * What is looked at of an event of either version.
 *
 * @typedef {{ kind?: string, final?: boolean, status?: { state: string }, message?: unknown,
 *   statusUpdate?: { status: { state: string } } }} StreamEvent
 */

/**
 * Whether nothing follows an event of a send: a state in which the task rests, a message, an error.
 *
 * @param {{ result?: unknown, error?: unknown }} answer
 */
function endsStream({ result, error }) {
  if (error !== undefined) return true;
  const event = /** @type {StreamEvent} */ (result);
  if (event.kind === 'status-update') return event.final === true && RESTS.test(event.status?.state ?? '');
  if (event.kind === 'message' || event.message !== undefined) return true;
  return RESTS.test(event.statusUpdate?.status.state ?? '');
}

/**
 * @param {FuzzRequest} request
 * @param {string} text
 * @param {number} status
 * @param {boolean} [inStream]
 * @returns {{ fault: string, answer?: undefined } | { fault?: undefined, answer: { result?: unknown, error?: unknown } }}
 */
function faultOfAnswer({ id: sent, operation, dialect }, text, status, inStream = false) {
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    return { fault: 'an answer that is no JSON' };
  }
  if (!isResponse(answer)) return { fault: `no JSON-RPC response: ${ajv.errorsText(isResponse.errors)}` };
  const { id, error, result } = /** @type {{ id: unknown, error?: { code: number }, result?: unknown }} */ (
    answer
  );
  // of a body that is too large nobody reads the id
  if (sent !== undefined && id !== (status === 413 ? null : sent))
    return { fault: `the id ${JSON.stringify(id)}` };
  if (error !== undefined) {
    if (!CODES[status]?.includes(error.code)) return { fault: `code ${error.code} with status ${status}` };
    if (INTERNAL.test(JSON.stringify(error))) return { fault: 'an error with something internal' };
    return { answer: { error } };
  }
  if (status !== 200) return { fault: `a result with status ${status}` };
  if (operation === undefined || dialect === undefined) return { answer: { result } };
  if ((operation.streams ?? false) !== inStream)
    return { fault: `${operation.name} was answered the wrong way` };
  const definition = operation[dialect]?.result ?? '';
  const fault = faultOfResult(dialect, definition, result);
  return fault === undefined ? { answer: { result } } : { fault };
}

/**
 * @param {Dialect} dialect
 * @param {string} definition
 * @param {unknown} result
 * @returns {string | undefined}
 */
function faultOfResult(dialect, definition, result) {
  if (definition === 'null') return result === null ? undefined : 'a result that is not null';
  const many = definition.endsWith('[]');
  const name = many ? definition.slice(0, -'[]'.length) : definition;
  const check = ajv.getSchema(`${schemas[dialect].$id}#/$defs/${name}`);
  if (check === undefined) throw new Error(`no definition of ${name} in A2A ${dialect}`);
  const isGood = many ? Array.isArray(result) && result.every((each) => check(each)) : check(result);
  return isGood
    ? undefined
    : `a result that is no ${definition} of A2A ${dialect}: ${ajv.errorsText(check.errors)}`;
}
