import { isA2AError } from '../protocol/errors.ts';
import { isClientError } from './errors.ts';

/** Whether a stream that failed so is worth going on with: the connection is at fault, or the server can not just now. */
export function isBreak(error: unknown): boolean {
  if (isA2AError(error)) return isBusy(error.reason, error.httpStatus);
  if (!isClientError(error)) return false;
  switch (error.code) {
    case 'ERR_A2A_CONNECTION':
    case 'ERR_A2A_TIMEOUT':
      return true;
    case 'ERR_A2A_RESPONSE':
      if (error.fault === 'cut' || error.fault === 'empty') return true;
      return (
        error.fault === 'status' && (error.status >= 500 || error.status === 429 || error.status === 408)
      );
    default:
      return false;
  }
}

function isBusy(reason: string | undefined, httpStatus: number): boolean {
  return reason === 'UNAVAILABLE' || reason === 'RATE_LIMITED' || httpStatus === 503 || httpStatus === 429;
}

/** Whether a request that failed so may be at work at the agent all the same. */
export function isOutcomeUnknown(error: unknown): boolean {
  if (!isClientError(error)) return false;
  switch (error.code) {
    case 'ERR_A2A_CONNECTION':
      return error.mayHaveArrived;
    case 'ERR_A2A_TIMEOUT':
      return true;
    case 'ERR_A2A_RESPONSE':
      if (error.fault === 'cut' || error.fault === 'empty') return true;
      // a gateway that lost the agent, or its patience
      return error.fault === 'status' && (error.status === 502 || error.status === 504);
    default:
      return false;
  }
}

/** How long the server asked to wait, in ms. */
export function retryAfterMs(error: unknown): number {
  if (isA2AError(error)) return seconds(error.headers['Retry-After']) * 1000;
  return isClientError(error) && error.code === 'ERR_A2A_RESPONSE'
    ? (error.retryAfterSeconds ?? 0) * 1000
    : 0;
}

function seconds(value: unknown): number {
  const read = typeof value === 'string' ? Number.parseInt(value, 10) : 0;
  return read > 0 ? read : 0;
}
