/** So many wait at most: whoever is answered first in a long turn must not wait for the whole of it. */
const MOST = 64;

/**
 * Gives on what comes within a turn of the event loop in bunches: the first at once, the others at the end of the turn. A write
 * to a socket whose reader sleeps costs the waking, so answers to many clients are cheaper close together, and a single client
 * waits for nobody.
 */
export class TurnGathering<T> {
  readonly #give: (item: T) => void;
  #held: T[] = [];
  #isOpen = false;

  /** `give` must not throw. */
  constructor(give: (item: T) => void) {
    this.#give = give;
  }

  add(item: T): void {
    if (!this.#isOpen) {
      this.#isOpen = true;
      setImmediate(this.#endTurn);
      this.#give(item);
      return;
    }
    this.#held.push(item);
    if (this.#held.length >= MOST) this.#giveAll();
  }

  readonly #endTurn = (): void => {
    this.#isOpen = false;
    this.#giveAll();
  };

  #giveAll(): void {
    const held = this.#held;
    this.#held = [];
    for (const item of held) this.#give(item);
  }
}
