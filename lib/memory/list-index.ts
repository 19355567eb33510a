import type { TaskId } from '../core/log.ts';
import type { SortKey } from '../core/storage.ts';

/** What the index has to know of a task. */
export interface Listed {
  readonly id: TaskId;
  readonly statusTs: number;
}

/** Tasks in the order of ListTasks, turned round: oldest status first, since most changes are to the newest. */
export interface ListIndex<T extends Listed> {
  readonly insert: (key: string, task: T) => void;
  /** Puts a task where it belongs now. `wasTs` is the status time that it had; it never decreases. */
  readonly move: (key: string, task: T, wasTs: number) => void;
  /** Takes a task out. Its sort key must still be the one it was inserted with. */
  readonly remove: (key: string, task: T) => void;
  readonly list: (key: string) => readonly T[];
  readonly size: () => number;
}

/** Sorted arrays by key, searched from their end. */
export function createListIndex<T extends Listed>(): ListIndex<T> {
  const lists = new Map<string, T[]>();

  /** Finds the task by the status time it has in the list, and takes it out. */
  function take(list: T[], task: T, ts: number): void {
    const index = countBefore(list, { ts, id: task.id });
    if (list[index] === task) list.splice(index, 1);
  }

  return {
    insert(key, task) {
      const list = lists.get(key);
      if (list === undefined) lists.set(key, [task]);
      else put(list, task);
    },
    move(key, task, wasTs) {
      const list = lists.get(key);
      if (list === undefined || list.at(-1) === task) return;
      take(list, task, wasTs);
      put(list, task);
    },
    remove(key, task) {
      const list = lists.get(key);
      if (list === undefined) return;
      take(list, task, task.statusTs);
      if (list.length === 0) lists.delete(key);
    },
    list: (key) => lists.get(key) ?? [],
    size: () => lists.size,
  };
}

function put<T extends Listed>(list: T[], task: T): void {
  list.splice(countBefore(list, { ts: task.statusTs, id: task.id }), 0, task);
}

/** How many tasks of the list have a smaller sort key. The nearer to the end the answer is, the faster it is found. */
export function countBefore(list: readonly Listed[], key: SortKey): number {
  let high = list.length;
  let low = high;
  for (let step = 1; low > 0; step *= 2) {
    low = Math.max(0, high - step);
    const task = list[low];
    if (task !== undefined && isBefore(task, key)) break;
    high = low;
  }
  while (low < high) {
    const middle = (low + high) >> 1;
    const task = list[middle];
    if (task !== undefined && isBefore(task, key)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isBefore({ statusTs, id }: Listed, key: SortKey): boolean {
  return statusTs === key.ts ? id < key.id : statusTs < key.ts;
}
