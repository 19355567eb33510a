/** Who is told of an end: called with its reason. */
type Listener = ((reason: unknown) => void) | { readonly onEnding: (reason: unknown) => void };

const NOBODY: readonly Listener[] = [];

/**
 * The end of something, with its reason. What an AbortSignal does for users, for the engine itself: there is one for each
 * run and a listener for each call of the storage, and this costs next to nothing.
 */
export class Ending {
  #hasEnded = false;
  #reason: unknown;
  /** Most have one: a list takes room for sixteen more. */
  #first: Listener | undefined;
  #others: Listener[] | undefined;

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
    const [first, others] = [this.#first, this.#others];
    this.#first = undefined;
    this.#others = undefined;
    if (first !== undefined) tell(first, reason);
    for (const listener of others ?? NOBODY) tell(listener, reason);
  }

  /** Called once at the end; at once where it has come already. */
  listen(listener: Listener): void {
    if (this.#hasEnded) tell(listener, this.#reason);
    else if (this.#first === undefined && this.#others === undefined) this.#first = listener;
    else (this.#others ??= []).push(listener);
  }

  ignore(listener: Listener): void {
    const index = this.#others?.lastIndexOf(listener) ?? -1;
    if (index >= 0) this.#others?.splice(index, 1);
    else if (this.#first === listener) this.#first = undefined;
  }
}

function tell(listener: Listener, reason: unknown): void {
  if (typeof listener === 'function') listener(reason);
  else listener.onEnding(reason);
}

/** Calls back when all of them have ended; at once where they already have, or there are none. */
export function whenAllEnded(endings: readonly Ending[], onAll: () => void): void {
  let left = endings.length;
  if (left === 0) onAll();
  const oneLess = () => {
    left -= 1;
    if (left === 0) onAll();
  };
  for (const ending of endings) ending.listen(oneLess);
}

/** What the action gives; rejects with the reason as soon as it has ended, also when the action never answers. */
export function unlessEnded<T>(ending: Ending, action: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const end: (reason: unknown) => void = reject;
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
