type Listener = (reason: unknown) => void;

/**
 * The end of something, with its reason. What an AbortSignal does for users, for the engine itself: there is one for each
 * run and a listener for each call of the storage, and this costs next to nothing.
 */
export class Ending {
  #hasEnded = false;
  #reason: unknown;
  /** Few at any time. */
  readonly #listeners: Listener[] = [];

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get reason(): unknown {
    return this.#reason;
  }

  /** Tells all who listen; what comes later changes nothing. */
  end(reason: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#reason = reason;
    for (const listener of this.#listeners.splice(0)) listener(reason);
  }

  /** Called once at the end; at once where it has come already. */
  listen(listener: Listener): void {
    if (this.#hasEnded) listener(this.#reason);
    else this.#listeners.push(listener);
  }

  ignore(listener: Listener): void {
    const index = this.#listeners.lastIndexOf(listener);
    if (index >= 0) this.#listeners.splice(index, 1);
  }
}

/** What the action gives; rejects with the reason as soon as it has ended, also when the action never answers. */
export function unlessEnded<T>(ending: Ending, action: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const end: Listener = reject;
    ending.listen(end);
    if (ending.hasEnded) return;
    const fail = (error: unknown) => {
      ending.ignore(end);
      end(error);
    };
    try {
      action().then((value) => {
        ending.ignore(end);
        resolve(value);
      }, fail);
    } catch (error) {
      fail(error);
    }
  });
}
