const READY = Promise.resolve();

/** Calls back after what runs now, in order. Node's `queueMicrotask` does the same, but makes an AsyncResource for each call. */
export function inMicrotask(callback: () => void): void {
  void READY.then(callback);
}
