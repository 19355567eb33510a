import type { Answer, Headers } from '../binding/answer.ts';
import type { A2AError } from '../protocol/errors.ts';

/** The type of all answers that are no streams (§11.1). */
export const JSON_TYPE: Headers = { 'Content-Type': 'application/a2a+json' };

/** The answer to a call that failed: a google.rpc.Status (§11.6). `httpStatus` is for failures that HTTP has a status of its own for. */
export function errorAnswer(error: A2AError, httpStatus = error.httpStatus): Answer {
  const { status, message, details, headers } = error;
  const said = { code: httpStatus, status, message, ...(details.length > 0 && { details }) };
  return {
    status: httpStatus,
    headers: { ...JSON_TYPE, ...headers },
    json: JSON.stringify({ error: said }),
    error,
  };
}
