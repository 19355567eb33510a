import type { Method } from '../core/call.ts';
import { RecentlyMade } from '../core/recently-made.ts';

/** Characters that are kept together, those of a text that is kept, and what a short one counts as, since it has its price too. */
const CHARACTERS = { most: 4 * 1024 * 1024, mostOfOne: 512 * 1024, least: 16 * 1024 };

/** The JSON of results that are asked for again and again, such as tasks that clients poll. */
export class RecentJson {
  readonly #texts = new RecentlyMade<object, string>(CHARACTERS.most);

  /** The JSON of a value; kept where that is frozen. A storage of this process gives the same task until it grows. */
  of(value: unknown): string {
    if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return JSON.stringify(value);
    const known = this.#texts.get(value);
    if (known !== undefined) return known;
    const text = JSON.stringify(value);
    if (text.length <= CHARACTERS.mostOfOne)
      this.#texts.set(value, text, Math.max(text.length, CHARACTERS.least));
    return text;
  }
}

/** One for all routers of the process: a task is an object that only its own router gives. */
const tasks = new RecentJson();

/** The JSON of the result of an operation. Of what the application makes nobody knows whether it changes. */
export function resultJson(method: Method, result: unknown): string {
  return method === 'GetTask' ? tasks.of(result) : JSON.stringify(result);
}
