import type { Abortable } from './abortable.ts';

/** What the action gives; rejects with the signal's reason as soon as it is aborted, also when the action never answers. */
export function unlessAborted<T>(action: () => Promise<T>, signal: Abortable): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    // a reason is passed on as it came
    const fail: (reason: unknown) => void = reject;
    const onAbort = () => {
      fail(signal.reason);
    };
    const answered = action();
    // the action itself may have aborted it
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    answered.then(
      (value) => {
        signal.removeEventListener('abort', onAbort);
        resolve(value);
      },
      (error: unknown) => {
        signal.removeEventListener('abort', onAbort);
        fail(error);
      },
    );
  });
}
