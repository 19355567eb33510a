import type { Abortable, AbortListener } from '../core/abortable.ts';
import { SHUTDOWN } from '../core/call.ts';
import { RequestAborted } from './collect.ts';
import { shuttingDown } from './mask.ts';

/** What is waited for fails with it when the call ends. */
export function brokenOff(reason: symbol): Error {
  return reason === SHUTDOWN ? shuttingDown() : new RequestAborted('the client has gone');
}

/** The end of a call: its client has gone, or the server closes. A signal, and nothing more until it ends or somebody listens. */
export class CallEnd implements Abortable {
  #reason: symbol | undefined;
  #listeners: Set<AbortListener> | undefined;
  #onEnd: ((reason: symbol) => void) | undefined;

  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  get reason(): symbol | undefined {
    return this.#reason;
  }

  /** Ends it; what comes later changes nothing. */
  end(reason: symbol): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    // one that another has removed meanwhile is not called
    for (const listener of this.#listeners ?? []) {
      if (typeof listener === 'function') listener();
      else listener.handleEvent();
    }
    this.#listeners = undefined;
    this.#onEnd?.(reason);
  }

  throwIfAborted(): void {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- as the reasons of an AbortSignal are thrown
    if (this.#reason !== undefined) throw this.#reason;
  }

  addEventListener(_: 'abort', listener: AbortListener): void {
    if (!this.aborted) (this.#listeners ??= new Set()).add(listener);
  }

  removeEventListener(_: 'abort', listener: AbortListener): void {
    this.#listeners?.delete(listener);
  }

  /** What `work` gives; rejects with what `failure` makes of the reason as soon as the call ends. One at a time. */
  unlessEnded<T>(work: Promise<T>, failure: (reason: symbol) => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#onEnd = (reason) => {
        reject(failure(reason));
      };
      if (this.#reason !== undefined) this.#onEnd(this.#reason);
      work.then(
        (value) => {
          // the call may go on for long, and must not keep what was waited for
          this.#onEnd = undefined;
          resolve(value);
        },
        (error: unknown) => {
          this.#onEnd = undefined;
          (reject as (reason: unknown) => void)(error);
        },
      );
    });
  }
}
