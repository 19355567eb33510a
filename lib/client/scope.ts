/** Listens to signals for many requests at once, with one listener on each signal: runtimes warn of more than ten. */
export interface SignalHub {
  /** Calls `onAbort` when the signal aborts. The returned function stops it; stopping twice is fine. */
  readonly listen: (signal: AbortSignal, onAbort: () => void) => () => void;
}

/** Makes a hub; it holds no signal that nobody listens to. */
export function createSignalHub(): SignalHub {
  const waiting = new WeakMap<AbortSignal, Set<() => void>>();

  function onAbort(this: AbortSignal): void {
    for (const each of waiting.get(this) ?? []) each();
  }

  return {
    listen(signal, listener) {
      const known = waiting.get(signal);
      const listeners = known ?? new Set();
      if (known === undefined) waiting.set(signal, listeners);
      if (listeners.size === 0) signal.addEventListener('abort', onAbort);
      listeners.add(listener);
      return () => {
        if (listeners.delete(listener) && listeners.size === 0) signal.removeEventListener('abort', onAbort);
      };
    },
  };
}

/** The life of one request: a signal that several others and one timer can abort. */
export interface Scope {
  readonly signal: AbortSignal;
  readonly abort: (reason: unknown) => void;
  /** Aborts with this reason after so many ms, instead of what was planned before; 0 plans nothing. */
  readonly limit: (ms: number, reason: () => unknown) => void;
  /** Lets go of the other signals and of the timer. To be called when the last byte has been read, or nobody wants it. */
  readonly release: () => void;
}

/** Opens a scope. Whoever opens it releases it. */
export function openScope(hub: SignalHub, signals: readonly (AbortSignal | undefined)[]): Scope {
  const control = new AbortController();
  const stops: (() => void)[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  for (const signal of signals) {
    if (signal === undefined) continue;
    const onAbort = () => {
      control.abort(signal.reason);
    };
    if (signal.aborted) onAbort();
    else stops.push(hub.listen(signal, onAbort));
  }

  return {
    signal: control.signal,
    abort: (reason) => {
      control.abort(reason);
    },
    limit(ms, reason) {
      clearTimeout(timer);
      // longer than a timer can be is for ever
      if (ms <= 0 || ms > 2 ** 31 - 1) return;
      timer = setTimeout(() => {
        control.abort(reason());
      }, ms);
    },
    release() {
      clearTimeout(timer);
      for (const stop of stops) stop();
    },
  };
}

/** Resolves after so many ms. Rejects with the reason of the signal when that aborts first. */
export function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      // a reason is whatever the caller gave
      if (signal.aborted) reject(signal.reason as Error);
      else resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
