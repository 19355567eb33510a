import { Ajv2020 } from 'ajv/dist/2020.js';
import { schema } from './values.mjs';

/**
 * @import { FuzzRequest } from './requests.mjs'
 * @import { FuzzResponse } from './client.mjs'
 */

const RESULTS = /** @type {Record<string, string>} */ ({
  SendMessage: 'SendMessageResponse',
  SendStreamingMessage: 'StreamResponse',
  GetTask: 'Task',
  ListTasks: 'ListTasksResponse',
  CancelTask: 'Task',
  SubscribeToTask: 'StreamResponse',
});

const STATUS = [200, 400, 405, 413, 415];
const CODES = [-32700, -32600, -32601, -32602, -32001, -32002, -32003, -32004, -32005, -32009];

// `.` would stop at U+2028, which ends no line of a stream
const FRAMES = /^(?:(?:retry: 2000|id: [^\n]*\ndata: [^\n]*|data: [^\n]*|: [^\n]*)\n\n)+$/;

const ajv = new Ajv2020({ strict: false, formats: { byte: true, 'date-time': true } });
ajv.addSchema(schema);

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
        code: { enum: CODES },
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
  const { status, type, body } = response;
  if (request.lies && (status === 0 || body === '')) return undefined;
  if (!STATUS.includes(status)) return `status ${status}`;
  if (type === 'application/json') return faultOfJson(request, body);
  if (type !== 'text/event-stream' || status !== 200) return `content type ${type}`;
  if (!FRAMES.test(body)) return 'a stream with something else than events';
  for (const [, json = ''] of body.matchAll(/^data: ([^\n]*)$/gm)) {
    const fault = faultOfJson(request, json);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/**
 * @param {FuzzRequest} request
 * @param {string} text
 * @returns {string | undefined}
 */
function faultOfJson(request, text) {
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    return 'an answer that is no JSON';
  }
  if (!isResponse(answer)) return `no JSON-RPC response: ${ajv.errorsText(isResponse.errors)}`;
  const { id, error, result } =
    /** @type {{ id: unknown, error?: { message: string }, result?: unknown }} */ (answer);
  if (error !== undefined) {
    if (/node_modules|\.[jt]s:\d+|^\s+at /m.test(error.message)) return 'an error with something internal';
    if (request.id !== undefined && id !== request.id && id !== null) return `the id ${JSON.stringify(id)}`;
    return undefined;
  }
  if (request.id !== undefined && id !== request.id) return `the id ${JSON.stringify(id)}`;
  const definition = request.method === undefined ? undefined : RESULTS[request.method];
  if (definition === undefined) return undefined;
  const check = ajv.getSchema(`${schema.$id}#/$defs/${definition}`);
  return check === undefined || check(result)
    ? undefined
    : `a result that is no ${definition}: ${ajv.errorsText(check.errors)}`;
}
