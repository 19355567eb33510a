import type { Answer } from '../binding/answer.ts';
import type { RpcId } from '../protocol/envelope.ts';
import type { A2AError } from '../protocol/errors.ts';

/** What a JSON-RPC error says: code, message, and data where there are details. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/**
 * The answer to a call that failed (§9.5). `status` is for failures before the body was read as JSON; `reword` says the
 * error in another dialect.
 */
export function errorAnswer(
  id: RpcId,
  error: A2AError,
  status = httpStatus(error),
  reword: (error: RpcError) => RpcError = (same) => same,
): Answer {
  const { code, message, details, headers } = error;
  const said = reword({ code, message, ...(details.length > 0 && { data: details }) });
  return { status, headers, json: JSON.stringify({ jsonrpc: '2.0', id, error: said }), error };
}

/** A call that was understood is answered with 200, whatever became of it; the rest is for HTTP to see. */
function httpStatus({ code, httpStatus: status }: A2AError): number {
  if (code === -32700) return 400;
  return code === -32000 ? status : 200;
}
