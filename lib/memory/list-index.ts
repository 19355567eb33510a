import type { TaskId } from '../core/log.ts';
import type { SortKey } from '../core/storage.ts';

/** What the index has to know of a task. */
export interface Listed {
  readonly id: TaskId;
  readonly statusTs: number;
}

/** Tasks in the order of ListTasks, turned round: oldest status first. */
export interface TaskList<T extends Listed> {
  readonly size: number;
  readonly at: (index: number) => T | undefined;
  /** How many tasks have a smaller sort key. */
  readonly countBefore: (key: SortKey) => number;
}

/** Lists by key. */
export interface ListIndex<T extends Listed> {
  readonly insert: (key: string, task: T) => void;
  /** Puts a task where it belongs now. `wasTs` is the status time that it had; it never decreases. */
  readonly move: (key: string, task: T, wasTs: number) => void;
  /** Takes a task out. Its sort key must still be the one it was inserted with. */
  readonly remove: (key: string, task: T) => void;
  readonly list: (key: string) => TaskList<T>;
  readonly size: () => number;
}

/** Makes the lists. What is done most costs least: the newest changes, and the oldest goes. */
export function createListIndex<T extends Listed>(): ListIndex<T> {
  const lists = new Map<string, SortedTasks<T>>();
  const empty = new SortedTasks<T>();
  return {
    insert(key, task) {
      const list = lists.get(key);
      if (list === undefined) lists.set(key, new SortedTasks([task]));
      else list.insert(task);
    },
    move(key, task, wasTs) {
      const list = lists.get(key);
      if (list === undefined || list.at(list.size - 1) === task) return;
      list.remove(task, wasTs);
      list.insert(task);
    },
    remove(key, task) {
      const list = lists.get(key);
      if (list === undefined) return;
      list.remove(task, task.statusTs);
      if (list.size === 0) lists.delete(key);
    },
    list: (key) => lists.get(key) ?? empty,
    size: () => lists.size,
  };
}

/** Gaps at the front that are put up with: taking one of the oldest out of a long array would move all others. */
const MOST_GAPS = 1024;
/** The oldest go in the order in which they ended, which is nearly that of the list: one that goes is among so many. */
const NEAR = 8;

/** A sorted array. The places before `#start` are empty. */
class SortedTasks<T extends Listed> implements TaskList<T> {
  #items: (T | undefined)[];
  #start = 0;

  constructor(items: T[] = []) {
    this.#items = items;
  }

  get size(): number {
    return this.#items.length - this.#start;
  }

  at(index: number): T | undefined {
    return this.#items[this.#start + index];
  }

  insert(task: T): void {
    const index = this.countBefore({ ts: task.statusTs, id: task.id });
    this.#items.push(task);
    // by hand: those after it are few, and `splice` makes a list of what it takes out
    for (let to = this.#items.length - 1; to > this.#start + index; to -= 1)
      this.#items[to] = this.#items[to - 1];
    this.#items[this.#start + index] = task;
  }

  /** Takes the task out that is here with that status time. */
  remove(task: T, ts: number): void {
    const index = this.#find(task, ts);
    if (index === -1) return;
    if (index < this.size / 2) this.#closeUp(index);
    else this.#items.splice(this.#start + index, 1);
  }

  /** The tasks themselves are looked at only where it is not near the front: most of them have not been touched for long. */
  #find(task: T, ts: number): number {
    for (let index = 0; index < NEAR; index += 1) if (this.at(index) === task) return index;
    const index = this.countBefore({ ts, id: task.id });
    return this.at(index) === task ? index : -1;
  }

  /** Moves the older ones by a place. */
  #closeUp(index: number): void {
    const start = this.#start;
    for (let to = start + index; to > start; to -= 1) this.#items[to] = this.#items[to - 1];
    this.#items[start] = undefined;
    this.#start += 1;
    if (this.#start < MOST_GAPS && this.size > 0) return;
    this.#items = this.#items.slice(this.#start);
    this.#start = 0;
  }

  /** The nearer to an end the answer is, the faster it is found. */
  countBefore(key: SortKey): number {
    if (!this.#isBefore(0, key)) return 0;
    let high = this.size;
    let low = high;
    for (let step = 1; low > 0; step *= 2) {
      low = Math.max(0, high - step);
      if (this.#isBefore(low, key)) break;
      high = low;
    }
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#isBefore(middle, key)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isBefore(index: number, key: SortKey): boolean {
    const task = this.at(index);
    if (task === undefined) return false;
    const { statusTs, id } = task;
    return statusTs === key.ts ? id < key.id : statusTs < key.ts;
  }
}
