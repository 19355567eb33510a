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
  /** Takes a task out. Its sort key must still be the one it was inserted with. */
  readonly remove: (key: string, task: T) => void;
  readonly list: (key: string) => readonly T[];
  readonly size: () => number;
}

/** Sorted arrays by key, with binary search. */
export function createListIndex<T extends Listed>(): ListIndex<T> {
  const lists = new Map<string, T[]>();
  return {
    insert(key, task) {
      const list = lists.get(key);
      if (list === undefined) lists.set(key, [task]);
      else list.splice(countBefore(list, { ts: task.statusTs, id: task.id }), 0, task);
    },
    remove(key, task) {
      const list = lists.get(key);
      if (list === undefined) return;
      const index = countBefore(list, { ts: task.statusTs, id: task.id });
      if (list[index] === task) list.splice(index, 1);
      if (list.length === 0) lists.delete(key);
    },
    list: (key) => lists.get(key) ?? [],
    size: () => lists.size,
  };
}

/** How many tasks of the list have a smaller sort key. */
export function countBefore(list: readonly Listed[], key: SortKey): number {
  let low = 0;
  let high = list.length;
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
