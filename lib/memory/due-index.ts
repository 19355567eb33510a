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
  at: number;
  /** Tells what was made due first at one time. */
  order: number;
  /** Its place in the heap. */
  index: number;
}

/** A binary heap in which each slot knows its place, so that one that moves, or goes, leaves nothing behind. */
export function createDueIndex(): DueIndex {
  const slots = new Map<TaskId, Slot>();
  const heap: Slot[] = [];
  let order = 0;

  function place(slot: Slot, index: number): void {
    heap[index] = slot;
    slot.index = index;
  }

  function raise(slot: Slot): void {
    let { index } = slot;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || !isBefore(slot, parent)) break;
      place(parent, index);
      index = parentIndex;
    }
    place(slot, index);
  }

  function lower(slot: Slot): void {
    let { index } = slot;
    for (;;) {
      const leftIndex = 2 * index + 1;
      const left = heap[leftIndex];
      const right = heap[leftIndex + 1];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (child === undefined || !isBefore(child, slot)) break;
      place(child, index);
      index = isRight ? leftIndex + 1 : leftIndex;
    }
    place(slot, index);
  }

  return {
    set(taskId, at) {
      order += 1;
      const known = slots.get(taskId);
      if (known === undefined) {
        const slot = { taskId, at, order, index: heap.length };
        slots.set(taskId, slot);
        raise(slot);
        return;
      }
      const isEarlier = at < known.at;
      known.at = at;
      known.order = order;
      if (isEarlier) raise(known);
      else lower(known);
    },
    delete(taskId) {
      const slot = slots.get(taskId);
      if (slot === undefined) return;
      slots.delete(taskId);
      const last = heap.pop();
      if (last === undefined || last === slot) return;
      place(last, slot.index);
      raise(last);
      lower(last);
    },
    dueAt: (taskId) => slots.get(taskId)?.at,
    oldest(nowMs) {
      const top = heap[0];
      return top === undefined || top.at > nowMs ? undefined : top.taskId;
    },
    size: () => slots.size,
  };
}

function isBefore(a: Slot, b: Slot): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}
