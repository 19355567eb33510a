import type { RpcId } from '../protocol/envelope.ts';
import type { A2AError } from '../protocol/errors.ts';

/** Headers by name; a list becomes several lines. */
export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: string;
}

/** The answer to a call that failed (§9.5). `status` is for failures before the body was read as JSON. */
export function errorAnswer(id: RpcId, error: A2AError, status = httpStatus(error)): Answer {
  return { status, headers: error.headers, json: errorJson(id, error) };
}

/** The error response: code, message, and data where there are details. */
export function errorJson(id: RpcId, { code, message, details }: A2AError): string {
  const error = { code, message, ...(details.length > 0 && { data: details }) };
  return JSON.stringify({ jsonrpc: '2.0', id, error });
}

/** A call that was understood is answered with 200, whatever became of it; the rest is for HTTP to see. */
function httpStatus({ code, httpStatus: status }: A2AError): number {
  if (code === -32700) return 400;
  return code === -32000 ? status : 200;
}
