/** What the action gives; rejects with the signal's reason as soon as it is aborted, also when the action never answers. */
export async function unlessAborted<T>(action: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      // an abort controller of ours has an error as its reason
      reject(signal.reason as Error);
    };
  });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([action(), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
