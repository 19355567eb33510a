import type { TaskHint } from '../core/event-bus.ts';
import type { TaskId } from '../core/log.ts';

/** Entries beyond it are left out of a hint: readers get them from Storage. */
const INLINE_BYTES = 8192;

/** A hint as published. The channel names the task. */
export function hintText({ head, closed, entries }: TaskHint): string {
  const whole = JSON.stringify({ v: 1, head, closed, entries });
  return Buffer.byteLength(whole) <= INLINE_BYTES ? whole : JSON.stringify({ v: 1, head, closed });
}

/** The hint that was published; undefined for what is none of this version. */
export function parseHint(taskId: TaskId, text: string): TaskHint | undefined {
  try {
    const { v, ...hint } = JSON.parse(text) as Omit<TaskHint, 'taskId'> & { v: unknown };
    return v === 1 && Number.isSafeInteger(hint.head) ? { taskId, ...hint } : undefined;
  } catch {
    return undefined;
  }
}
