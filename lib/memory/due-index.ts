import { Heap, type Placed } from '../core/heap.ts';
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

interface Slot extends Placed {
  readonly taskId: TaskId;
  at: number;
  /** Tells what was made due first at one time. */
  order: number;
}

/** Makes an empty one. */
export function createDueIndex(): DueIndex {
  const slots = new Map<TaskId, Slot>();
  const heap = new Heap(isBefore);
  let order = 0;

  return {
    set(taskId, at) {
      order += 1;
      const known = slots.get(taskId);
      if (known === undefined) {
        const slot = { taskId, at, order, place: 0 };
        slots.set(taskId, slot);
        heap.add(slot);
        return;
      }
      known.at = at;
      known.order = order;
      heap.moved(known);
    },
    delete(taskId) {
      const slot = slots.get(taskId);
      if (slot === undefined) return;
      slots.delete(taskId);
      heap.remove(slot);
    },
    dueAt: (taskId) => slots.get(taskId)?.at,
    oldest(nowMs) {
      const top = heap.first();
      return top === undefined || top.at > nowMs ? undefined : top.taskId;
    },
    size: () => slots.size,
  };
}

function isBefore(one: Slot, other: Slot): boolean {
  return one.at === other.at ? one.order < other.order : one.at < other.at;
}
