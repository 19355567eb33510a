import type { Method } from '../core/call.ts';

/** Texts that are kept: so many, of so many characters together, and as many that were made before those; none that is longer. */
const MOST = { texts: 256, characters: 4 * 1024 * 1024, each: 512 * 1024 };

/** The JSON of results that are asked for again and again, such as tasks that clients poll. */
export class RecentJson {
  #newer = new WeakMap<object, string>();
  #older = new WeakMap<object, string>();
  #texts = 0;
  #characters = 0;

  /** The JSON of a value; kept where that is frozen. A storage of this process gives the same task until it grows. */
  of(value: unknown): string {
    if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return JSON.stringify(value);
    const known = this.#newer.get(value) ?? this.#older.get(value);
    if (known !== undefined) return known;
    const text = JSON.stringify(value);
    if (text.length <= MOST.each) this.#keep(value, text);
    return text;
  }

  #keep(value: object, text: string): void {
    if (this.#texts === MOST.texts || this.#characters > MOST.characters) {
      this.#older = this.#newer;
      this.#newer = new WeakMap();
      this.#texts = this.#characters = 0;
    }
    this.#texts += 1;
    this.#characters += text.length;
    this.#newer.set(value, text);
  }
}

/** One for all routers of the process: a task is an object that only its own router gives. */
const tasks = new RecentJson();

/** The JSON of the result of an operation. Of what the application makes nobody knows whether it changes. */
export function resultJson(method: Method, result: unknown): string {
  return method === 'GetTask' ? tasks.of(result) : JSON.stringify(result);
}
