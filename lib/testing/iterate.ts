import type { Batches } from '../core/batches.ts';

/** The batches as an async iterator gives them; none where there are none to ask for. */
export function iterate<T>(batches: Batches<T> | undefined): BatchIterator<T> {
  const done = { done: true, value: undefined } as const;
  const iterator: BatchIterator<T> = {
    next: () =>
      new Promise((resolve, reject) => {
        const onEnd = () => {
          resolve(done);
        };
        const onBatch = (value: T) => {
          resolve({ done: false, value });
        };
        if (batches === undefined) onEnd();
        else batches.pull({ onBatch, onEnd, onError: reject });
      }),
    return() {
      batches?.end();
      return Promise.resolve(done);
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

/** An iterator that can be left, and gives nothing at its end. */
export interface BatchIterator<T> extends AsyncIterableIterator<T, undefined> {
  readonly return: () => Promise<IteratorResult<T, undefined>>;
}
