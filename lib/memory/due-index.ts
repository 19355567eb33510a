import { Heap, type Placed } from '../core/heap.ts';

/** Something that somebody must look at some time, or never. */
export interface Due<T> {
  /** Written by the index that it is in, and by nobody else. */
  due: DueSlot<T> | undefined;
}

/** When it is due. */
interface DueSlot<T> extends Placed {
  readonly item: T;
  at: number;
  /** Tells what was made due first at one time. */
  order: number;
}

/** When must somebody look at what: work, leases that end, and pauses that have lasted too long, in one order. */
export class DueIndex<T extends Due<T>> {
  readonly #heap = new Heap<DueSlot<T>>(isBefore);
  #order = 0;

  get size(): number {
    return this.#heap.size;
  }

  /** Makes it due at that time, and at no other. */
  set(item: T, at: number): void {
    this.#order += 1;
    const known = item.due;
    if (known === undefined) {
      item.due = { item, at, order: this.#order, place: 0 };
      this.#heap.add(item.due);
      return;
    }
    known.at = at;
    known.order = this.#order;
    this.#heap.moved(known);
  }

  delete(item: T): void {
    if (item.due === undefined) return;
    this.#heap.remove(item.due);
    item.due = undefined;
  }

  /** What has been due for longest; undefined when nothing is due at `nowMs`. It stays in the index. */
  oldest(nowMs: number): T | undefined {
    const top = this.#heap.first();
    return top === undefined || top.at > nowMs ? undefined : top.item;
  }
}

function isBefore<T>(one: DueSlot<T>, other: DueSlot<T>): boolean {
  return one.at === other.at ? one.order < other.order : one.at < other.at;
}
