// not the global one: that of a test may be a fake, which does not run by itself
import { setImmediate } from 'node:timers';
import { type Deferred, deferred } from '../core/promises.ts';

/** So many wait at most, so that none waits for the whole of a long turn. */
const MOST = 16;

/**
 * Lets the answers of one turn of the event loop go out in bunches. A write to a socket whose reader sleeps costs the waking, so
 * answers to many clients are cheaper close together, and a single client waits for nobody. Who waits goes on in a
 * context of its own: nothing of one request is seen in the answer to another.
 */
export class AnswerTurn {
  #isOpen = false;
  #waiting = 0;
  #end: Deferred<void> | undefined;

  /** Undefined for the first answer of a turn; for the others what resolves at its end, or when many wait. */
  wait(): Promise<void> | undefined {
    if (!this.#isOpen) {
      this.#isOpen = true;
      setImmediate(this.#endTurn);
      return undefined;
    }
    const { promise } = (this.#end ??= deferred());
    this.#waiting += 1;
    if (this.#waiting === MOST) this.#letGo();
    return promise;
  }

  readonly #endTurn = (): void => {
    this.#isOpen = false;
    this.#letGo();
  };

  #letGo(): void {
    this.#end?.resolve();
    this.#end = undefined;
    this.#waiting = 0;
  }
}
