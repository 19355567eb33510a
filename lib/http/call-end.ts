import { SHUTDOWN } from '../core/call.ts';
import { RequestAborted } from './collect.ts';
import { shuttingDown } from './mask.ts';

/** The end of a call: its client has gone, or the server closes. */
export interface CallEnd {
  /** Ends it; what comes later changes nothing. */
  readonly end: (reason: symbol) => void;
  readonly reason: () => symbol | undefined;
  /** Aborted with the reason; made only for who asks, since most calls are over before anybody waits. */
  readonly signal: () => AbortSignal;
  /** What `work` gives; rejects with what `failure` makes of the reason as soon as the call ends. One at a time. */
  readonly unlessEnded: <T>(work: Promise<T>, failure: (reason: symbol) => Error) => Promise<T>;
}

/** What is waited for fails with it when the call ends. */
export function brokenOff(reason: symbol): Error {
  return reason === SHUTDOWN ? shuttingDown() : new RequestAborted('the client has gone');
}

/** Makes the end of one call. */
export function createCallEnd(): CallEnd {
  let given: symbol | undefined;
  let control: AbortController | undefined;
  let onEnd: ((reason: symbol) => void) | undefined;
  return {
    end(reason) {
      if (given !== undefined) return;
      given = reason;
      control?.abort(reason);
      onEnd?.(reason);
    },
    reason: () => given,
    signal() {
      control ??= new AbortController();
      if (given !== undefined) control.abort(given);
      return control.signal;
    },
    unlessEnded: (work, failure) =>
      new Promise((resolve, reject) => {
        onEnd = (reason) => {
          reject(failure(reason));
        };
        if (given !== undefined) onEnd(given);
        work.then(resolve, reject);
      }),
  };
}
