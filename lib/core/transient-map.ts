/**
 * A map of objects that come and go. What is taken out of it is held by nothing: V8 keeps the tables that a Map has outgrown for long,
 * with what was in them then (docs/decisions/0030). Numbers and the like take no such care.
 */
export class TransientMap<K, V extends object> {
  readonly #cells = new Map<K, Cell<V>>();

  get size(): number {
    return this.#cells.size;
  }

  get(key: K): V | undefined {
    return this.#cells.get(key)?.value;
  }

  set(key: K, value: V): void {
    const cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, { value });
    else cell.value = value;
  }

  delete(key: K): void {
    const cell = this.#cells.get(key);
    if (cell === undefined) return;
    this.#cells.delete(key);
    cell.value = undefined;
  }

  /** What is in it now; a copy. */
  all(): readonly V[] {
    const values: V[] = [];
    for (const { value } of this.#cells.values()) if (value !== undefined) values.push(value);
    return values;
  }
}

/** The only thing that such a table holds. */
interface Cell<V> {
  value: V | undefined;
}
