/** A queue that takes constant time at both ends, however long it is. */
export interface Fifo<T> {
  readonly push: (value: T) => void;
  /** The one that has `index` before it. */
  readonly at: (index: number) => T | undefined;
  readonly shift: () => T | undefined;
  readonly size: () => number;
}

/** An array and where it begins; the part that is over is cut off when it is half of it. */
export function createFifo<T>(): Fifo<T> {
  const values: (T | undefined)[] = [];
  let start = 0;
  return {
    push(value) {
      values.push(value);
    },
    at: (index) => values[start + index],
    shift() {
      if (start >= values.length) return undefined;
      const value = values[start];
      values[start] = undefined;
      start += 1;
      if (start >= 64 && start * 2 >= values.length) {
        values.splice(0, start);
        start = 0;
      }
      return value;
    },
    size: () => values.length - start,
  };
}
