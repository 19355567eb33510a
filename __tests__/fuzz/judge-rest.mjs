import { ajv, faultOfResult, INTERNAL } from './definitions.mjs';
import { faultOfStream } from './judge-stream.mjs';

/**
 * @import { FuzzResponse } from './client.mjs'
 * @import { Judged } from './judge-stream.mjs'
 * @import { Operation } from './operations.mjs'
 * @import { Place } from './rest.mjs'
 */

/** The errors that have a reason, and their HTTP status and google.rpc code (§5.4). @type {Record<string, readonly string[]>} */
const REASONS = {
  TASK_NOT_FOUND: ['404 NOT_FOUND'],
  TASK_NOT_CANCELABLE: ['400 FAILED_PRECONDITION'],
  PUSH_NOTIFICATION_NOT_SUPPORTED: ['400 FAILED_PRECONDITION'],
  UNSUPPORTED_OPERATION: ['400 FAILED_PRECONDITION'],
  CONTENT_TYPE_NOT_SUPPORTED: ['400 INVALID_ARGUMENT', '415 INVALID_ARGUMENT'],
  EXTENDED_AGENT_CARD_NOT_CONFIGURED: ['400 FAILED_PRECONDITION'],
  VERSION_NOT_SUPPORTED: ['400 FAILED_PRECONDITION'],
};
/** Those of HTTP and JSON, which have none. */
const PLAIN = ['400 INVALID_ARGUMENT', '405 INVALID_ARGUMENT', '413 RESOURCE_EXHAUSTED'];

const DETAILS = [
  {
    type: 'object',
    required: ['@type', 'reason', 'domain'],
    properties: {
      '@type': { const: 'type.googleapis.com/google.rpc.ErrorInfo' },
      reason: { enum: Object.keys(REASONS) },
      domain: { const: 'a2a-protocol.org' },
      metadata: { type: 'object', additionalProperties: { type: 'string' } },
    },
    additionalProperties: false,
  },
  {
    type: 'object',
    required: ['@type', 'fieldViolations'],
    properties: {
      '@type': { const: 'type.googleapis.com/google.rpc.BadRequest' },
      fieldViolations: {
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          required: ['field', 'description'],
          properties: { field: { type: 'string' }, description: { type: 'string', minLength: 1 } },
          additionalProperties: false,
        },
      },
    },
    additionalProperties: false,
  },
];

const isError = ajv.compile({
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'status', 'message'],
      properties: {
        code: { type: 'integer' },
        status: { type: 'string' },
        message: { type: 'string', minLength: 1 },
        details: { type: 'array', minItems: 1, items: { oneOf: DETAILS } },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
});

/**
 * What is wrong with an answer of the HTTP+JSON binding; undefined where nothing is.
 *
 * @param {Place} place
 * @param {FuzzResponse} response
 * @returns {string | undefined}
 */
export function faultOfRest({ isApp, operation, endless, isHead }, { status, type, body }) {
  // the page of Express
  if (isApp)
    return status === 404 && /^text\/html\b/.test(type) ? undefined : `${status} ${type} for the app`;
  if ((status === 405) !== (operation === undefined))
    return `status ${status}, ${operation?.name ?? 'no verb'}`;
  if (type === 'text/event-stream' && operation?.streams && status === 200)
    return faultOfStream(body, endless, (json) => faultOfJson(operation, json));
  if (type !== 'application/a2a+json') return `content type ${type}`;
  // the answer to HEAD has no body, which is counted as bytes behind it
  if (isHead) return undefined;
  const { fault, answer } = faultOfJson(operation, body);
  if (fault !== undefined) return fault;
  if (answer.error === undefined)
    return status === 200 && !operation?.streams ? undefined : `a result with status ${status}`;
  return answer.error === status ? undefined : `code ${String(answer.error)} with status ${status}`;
}

/**
 * @param {Operation | undefined} operation
 * @param {string} text
 * @returns {Judged} the error is its code
 */
function faultOfJson(operation, text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: 'an answer that is no JSON' };
  }
  if (Object(value).error !== undefined) {
    const fault = faultOfError(value);
    return fault === undefined ? { answer: { error: value.error.code } } : { fault };
  }
  const fault = faultOfResult('1.0', operation?.['1.0'].result ?? '', value);
  return fault === undefined ? { answer: { result: value } } : { fault };
}

/**
 * @param {unknown} value
 * @returns {string | undefined}
 */
function faultOfError(value) {
  if (!isError(value)) return `no google.rpc.Status: ${ajv.errorsText(isError.errors)}`;
  const { error } =
    /** @type {{ error: { code: number, status: string, details?: { reason?: string }[] } }} */ (value);
  if (INTERNAL.test(JSON.stringify(error))) return 'an error with something internal';
  const reason = error.details?.find((detail) => detail.reason !== undefined)?.reason;
  const given = `${error.code} ${error.status}`;
  const known = reason === undefined ? PLAIN : REASONS[reason];
  return known?.includes(given) ? undefined : `the error ${given}, ${reason ?? 'without a reason'}`;
}
