/** A promise that nobody has to look at: an agent that does not await a refused call must not end the process. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore);
  return promise;
}

/** Whoever awaits the promise still gets the error. */
function ignore(): void {
  return undefined;
}
