/** What was made last for keys that still live: as much as `most`, and as much again that was made before that. */
export class RecentlyMade<K extends object, V> {
  #newer = new WeakMap<K, V>();
  #older = new WeakMap<K, V>();
  #amount = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: K): V | undefined {
    return this.#newer.get(key) ?? this.#older.get(key);
  }

  set(key: K, value: V, amount = 1): void {
    if (this.#amount >= this.#most) {
      this.#older = this.#newer;
      this.#newer = new WeakMap();
      this.#amount = 0;
    }
    this.#amount += amount;
    this.#newer.set(key, value);
  }
}
