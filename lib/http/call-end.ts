import type { Abortable, AbortListener } from '../core/abortable.ts';
import { SHUTDOWN } from '../core/call.ts';
import { RequestAborted } from './collect.ts';
import { shuttingDown } from './mask.ts';

/** What is waited for fails with it when the call ends. */
export function brokenOff(reason: symbol | undefined): Error {
  return reason === SHUTDOWN ? shuttingDown() : new RequestAborted('the client has gone');
}

const NOBODY: readonly AbortListener[] = [];

/** The end of a call: its client has gone, or the server closes. A signal, and nothing more until it ends or somebody listens. */
export class CallEnd implements Abortable {
  #reason: symbol | undefined;
  /** Calls have few listeners at a time, and a set takes as much as eight. */
  #first: AbortListener | undefined;
  #others: readonly AbortListener[] = NOBODY;

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
    if (this.#first !== undefined) tell(this.#first);
    for (const listener of this.#others) {
      // one that another has removed meanwhile is not called
      if (this.#others.includes(listener)) tell(listener);
    }
    this.#first = undefined;
    this.#others = NOBODY;
  }

  throwIfAborted(): void {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- as the reasons of an AbortSignal are thrown
    if (this.#reason !== undefined) throw this.#reason;
  }

  addEventListener(_: 'abort', listener: AbortListener): void {
    if (this.aborted || listener === this.#first || this.#others.includes(listener)) return;
    // in the order in which they came
    if (this.#first === undefined && this.#others.length === 0) this.#first = listener;
    else this.#others = this.#others.concat([listener]);
  }

  removeEventListener(_: 'abort', listener: AbortListener): void {
    if (listener === this.#first) this.#first = undefined;
    else if (this.#others.length > 0) this.#others = this.#others.filter((other) => other !== listener);
  }

  /** What `work` gives; rejects with what `failure` makes of the reason as soon as the call ends. */
  unlessEnded<T>(work: PromiseLike<T>, failure: (reason: symbol | undefined) => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const onEnd = () => {
        reject(failure(this.#reason));
      };
      if (this.aborted) onEnd();
      this.addEventListener('abort', onEnd);
      work.then(
        (value) => {
          // the call may go on for long, and must not keep what was waited for
          this.removeEventListener('abort', onEnd);
          resolve(value);
        },
        (error: unknown) => {
          this.removeEventListener('abort', onEnd);
          (reject as (reason: unknown) => void)(error);
        },
      );
    });
  }
}

function tell(listener: AbortListener): void {
  if (typeof listener === 'function') listener();
  else listener.handleEvent();
}
