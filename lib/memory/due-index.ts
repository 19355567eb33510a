import type { TaskId } from '../core/log.ts';

/** When must somebody look at which task: work, leases that end, and pauses that have lasted too long, in one order. */
export interface DueIndex {
  /** Makes the task due at that time, and at no other. */
  readonly set: (taskId: TaskId, atMs: number) => void;
  readonly delete: (taskId: TaskId) => void;
  readonly dueAt: (taskId: TaskId) => number | undefined;
  /** The task that has been due for longest; undefined when none is due at `nowMs`. It stays in the index. */
  readonly oldest: (nowMs: number) => TaskId | undefined;
  readonly size: () => number;
}

interface Slot {
  readonly taskId: TaskId;
  readonly at: number;
  /** Tells what was made due first at one time, and a slot that counts from one that was replaced. */
  readonly order: number;
}

/** A binary heap. A task that moves leaves its old slot behind, which is skipped when it comes up. */
export function createDueIndex(): DueIndex {
  const current = new Map<TaskId, Slot>();
  let heap: Slot[] = [];
  let order = 0;

  function push(slot: Slot): void {
    let index = heap.length;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || !isBefore(slot, parent)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = slot;
  }

  function pop(): void {
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const leftIndex = 2 * index + 1;
      const left = heap[leftIndex];
      const right = heap[leftIndex + 1];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (child === undefined || !isBefore(child, last)) break;
      heap[index] = child;
      index = isRight ? leftIndex + 1 : leftIndex;
    }
    heap[index] = last;
  }

  /** A lease that is renewed for hours leaves a slot behind each time. */
  function tidy(): void {
    if (heap.length <= 2 * current.size + 64) return;
    heap = [...current.values()].sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  return {
    set(taskId, at) {
      order += 1;
      const slot = { taskId, at, order };
      current.set(taskId, slot);
      push(slot);
      tidy();
    },
    delete(taskId) {
      current.delete(taskId);
      tidy();
    },
    dueAt: (taskId) => current.get(taskId)?.at,
    oldest(nowMs) {
      for (;;) {
        const top = heap[0];
        if (top === undefined || top.at > nowMs) return undefined;
        if (current.get(top.taskId) === top) return top.taskId;
        pop();
      }
    },
    size: () => current.size,
  };
}

function isBefore(a: Slot, b: Slot): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}
