import { ajv, faultOfResult, INTERNAL } from './definitions.mjs';
import { faultOfRest } from './judge-rest.mjs';
import { faultOfStream } from './judge-stream.mjs';

/**
 * @import { FuzzRequest } from './requests.mjs'
 * @import { FuzzResponse } from './client.mjs'
 * @import { Judged } from './judge-stream.mjs'
 */

/** HTTP statuses, and what code the error then has. @type {Record<number, readonly number[]>} */
const CODES = {
  200: [-32600, -32601, -32602, -32001, -32002, -32003, -32004, -32005, -32009],
  400: [-32700, -32600],
  405: [-32600],
  413: [-32600],
  415: [-32005],
};

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
  if (status <= 0) return `status ${status}`;
  if (extra > 0 && !request.lies) return `${extra} bytes behind this answer or the one before`;
  if (request.place !== undefined) return faultOfRest(request.place, response);
  if (!(status in CODES)) return `status ${status}`;
  if (type === 'application/json')
    return request.isHead ? undefined : faultOfAnswer(request, body, status).fault;
  if (type !== 'text/event-stream' || status !== 200) return `content type ${type}`;
  return faultOfStream(body, request.endless, (json) => faultOfAnswer(request, json, 200, true));
}

/**
 * @param {FuzzRequest} request
 * @param {string} text
 * @param {number} status
 * @param {boolean} [inStream]
 * @returns {Judged}
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
