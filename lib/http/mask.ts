import { randomUUID } from 'node:crypto';
import { SHUTDOWN } from '../core/call.ts';
import type { ErrorInfo } from '../core/failure.ts';
import type { Logger } from '../core/logger.ts';
import { type A2AError, InternalError, isA2AError, UnavailableError } from '../protocol/errors.ts';

/** Makes errors fit to be seen by clients. */
export interface Masking {
  /** What the client of this call may learn; a fault of ours is reported, and leaves as an error id. */
  readonly mask: (error: unknown, signal: AbortSignal, method?: string) => A2AError;
  /** Tells the application of a fault that no client will see. */
  readonly report: (error: unknown, info: ErrorInfo) => void;
}

/** Makes the masking that reports to the log and to the application. */
export function createMasking(options: {
  readonly logger: Logger;
  readonly onError: (error: unknown, info: ErrorInfo) => void;
}): Masking {
  const { logger, onError } = options;

  function report(error: unknown, info: ErrorInfo): void {
    logger.error({ err: error, ...info }, 'a call failed');
    try {
      onError(error, info);
    } catch (failure) {
      logger.error({ err: failure, ...info }, 'onError itself failed');
    }
  }

  function mask(error: unknown, signal: AbortSignal, method?: string): A2AError {
    if (isA2AError(error)) return error;
    // what fails while a call is broken off is the breaking off
    if (signal.reason === SHUTDOWN) return shuttingDown();
    const errorId = randomUUID();
    if (!signal.aborted) report(error, { errorId, ...(method !== undefined && { method }) });
    return new InternalError('Internal error', errorId);
  }

  return { mask, report };
}

/** The answer to calls that come during a shutdown, or are broken off by it. */
export function shuttingDown(): A2AError {
  return new UnavailableError('The server shuts down', 1);
}
