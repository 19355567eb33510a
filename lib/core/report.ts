import type { ErrorInfo } from './failure.ts';
import type { Logger } from './logger.ts';

/** Tells the log and the application of a fault that clients see as an error id. Never throws. */
export type Report = (error: unknown, info: ErrorInfo) => void;

/** Makes the report; `text` says in the log what failed. An `onError` that throws or rejects is logged, and hurts nobody. */
export function createReport(
  text: string,
  {
    logger,
    onError,
  }: { readonly logger: Logger; readonly onError: (error: unknown, info: ErrorInfo) => unknown },
): Report {
  return (error, info) => {
    logger.error({ err: error, ...info }, text);
    const onFailure = (failure: unknown) => {
      logger.error({ err: failure, ...info }, 'onError itself failed');
    };
    try {
      // an async function fits the type of the option too
      void Promise.resolve(onError(error, info)).catch(onFailure);
    } catch (failure) {
      onFailure(failure);
    }
  };
}
