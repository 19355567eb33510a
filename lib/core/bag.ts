import type { Placed } from './heap.ts';

/**
 * Things that come and go, in no order. A list, not a set: a set of few shrinks and grows all the time, and V8 keeps the tables that
 * it has outgrown for long, with what was in them then (docs/decisions/0030).
 */
export class Bag<T extends Placed> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** What is in it now; a copy. */
  all(): readonly T[] {
    return [...this.#items];
  }

  add(item: T): void {
    item.place = this.#items.push(item) - 1;
  }

  /** Takes it out. False: it was not in it. */
  remove(item: T): boolean {
    if (this.#items[item.place] !== item) return false;
    // the last one takes its place
    const last = this.#items.pop();
    if (last !== undefined && last !== item) {
      last.place = item.place;
      this.#items[item.place] = last;
    }
    return true;
  }
}
