import { randomUUID } from 'node:crypto';
import type { FailedCall } from '../binding/failed-call.ts';
import { SHUTDOWN } from '../core/call.ts';
import type { ErrorInfo } from '../core/failure.ts';
import { debugInfo, exposeError } from '../core/exposed-error.ts';
import type { Logger } from '../core/logger.ts';
import { createReport, type Report } from '../core/report.ts';
import { NO_STORAGE } from '../core/lifecycle.ts';
import { StorageError } from '../core/storage.ts';
import { type A2AError, InternalError, isA2AError, UnavailableError } from '../protocol/errors.ts';

/** Makes errors fit to be seen by clients. */
export interface Masking {
  /** What the client of this call may learn; a fault of ours is reported, and leaves as an error id. */
  readonly mask: (error: unknown, ended: symbol | undefined, call?: FailedCall) => A2AError;
  /** Tells the application of a fault that no client will see. */
  readonly report: Report;
}

const RETRY_SECONDS = 5;

/** Makes the masking that reports to the log and to the application. */
export function createMasking(options: {
  readonly logger: Logger;
  readonly onError: (error: unknown, info: ErrorInfo) => unknown;
  readonly exposeErrors?: boolean;
}): Masking {
  const report = createReport('a call failed', options);

  function mask(error: unknown, ended: symbol | undefined, call?: FailedCall): A2AError {
    if (isA2AError(error)) return error;
    // what fails while a call is broken off is the breaking off
    if (ended === SHUTDOWN) return shuttingDown();
    const errorId = randomUUID();
    if (ended === undefined) report(error, { errorId, ...infoOf(call) });
    // nothing is wrong with the call: clients try again, as they do not after an internal error
    if (isUnavailable(error))
      return new UnavailableError(`${NO_STORAGE} (error id ${errorId})`, RETRY_SECONDS);
    if (options.exposeErrors !== true) return new InternalError('Internal error', errorId);
    const shown = exposeError(error);
    return new InternalError('Internal error', errorId, { text: shown.text, details: [debugInfo(shown)] });
  }

  return { mask, report };
}

/** Whether the store did not answer. Agents and applications may throw things that can not be looked at. */
function isUnavailable(error: unknown): boolean {
  try {
    return error instanceof StorageError && error.code === 'unavailable';
  } catch {
    return false;
  }
}

function infoOf(call: FailedCall | undefined): Omit<ErrorInfo, 'errorId'> {
  if (call === undefined) return {};
  const { method, taskId } = call;
  return { method, ...(taskId !== undefined && { taskId }) };
}

/** The answer to calls that come during a shutdown, or are broken off by it. */
export function shuttingDown(): A2AError {
  return new UnavailableError('The server shuts down: send the call again', 1);
}
