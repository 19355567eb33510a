/** Something that knows where it stands, so that it can be moved and taken out. */
export interface Placed {
  /** Written by the heap or bag that it is in, and by nobody else: it can be in one of them only. */
  place: number;
}

/** A binary heap. What it gives first is before all others; what is moved or taken out leaves nothing behind. */
export class Heap<T extends Placed> {
  readonly #items: T[] = [];
  readonly #isBefore: (one: T, other: T) => boolean;

  constructor(isBefore: (one: T, other: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  first(): T | undefined {
    return this.#items[0];
  }

  add(item: T): void {
    item.place = this.#items.length;
    this.#raise(item);
  }

  /** To be called after something that is in it has come earlier or later. */
  moved(item: T): void {
    this.#raise(item);
    this.#lower(item);
  }

  /** Takes out something that is in it. */
  remove(item: T): void {
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#put(last, item.place);
    this.moved(last);
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    item.place = place;
  }

  #raise(item: T): void {
    let { place } = item;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#items[above];
      if (parent === undefined || !this.#isBefore(item, parent)) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(item, place);
  }

  #lower(item: T): void {
    let { place } = item;
    for (;;) {
      const child = this.#firstChild(place);
      if (child === undefined || !this.#isBefore(child, item)) break;
      const below = child.place;
      this.#put(child, place);
      place = below;
    }
    this.#put(item, place);
  }

  #firstChild(place: number): T | undefined {
    const left = this.#items[2 * place + 1];
    const right = this.#items[2 * place + 2];
    return left !== undefined && right !== undefined && this.#isBefore(right, left) ? right : left;
  }
}
