/** Whether a value is to be waited for. An application may answer at once, and then nothing is. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Goes on with a value: at once, where it need not be waited for, and then what `go` throws is thrown. */
export function whenKnown<T, R>(value: T | PromiseLike<T>, go: (value: T) => Promise<R>): Promise<R> {
  return isPromiseLike(value) ? Promise.resolve(value).then(go) : go(value);
}

/** Rejects with what was thrown, whatever it is. */
export function rejected(thrown: unknown): Promise<never> {
  return new Promise((_, reject) => {
    (reject as (reason: unknown) => void)(thrown);
  });
}

/** A promise that nobody has to look at: an agent that does not await a refused call must not end the process. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore);
  return promise;
}

/** Whoever awaits the promise still gets the error. */
function ignore(): void {
  return undefined;
}

const READY = Promise.resolve();

/** Calls back after what runs now, in order; must not throw. Node's `queueMicrotask` makes an AsyncResource for each call. */
export function inMicrotask(callback: () => void): void {
  void READY.then(callback);
}

/** A promise and what settles it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

const unset = () => undefined;

/** As `Promise.withResolvers`, which Node 20 has not. */
export function deferred<T>(): Deferred<T> {
  let resolve: Deferred<T>['resolve'] = unset;
  let reject: Deferred<T>['reject'] = unset;
  const promise = new Promise<T>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
