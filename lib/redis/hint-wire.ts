import type { TaskHint } from '../core/event-bus.ts';
import type { TaskId } from '../core/log.ts';
import { hasKnownFormat } from './format.ts';

/** Entries beyond it are left out of a hint: readers get them from Storage. */
const INLINE_BYTES = 8192;

/** A hint as published. The channel names the task. */
export function hintText({ head, closed, entries }: TaskHint): string {
  const whole = JSON.stringify({ v: 1, head, closed, entries });
  return Buffer.byteLength(whole) <= INLINE_BYTES ? whole : JSON.stringify({ v: 1, head, closed });
}

/** The hint that was published; undefined for what is none of this version, or has entries of a newer one: those are read. */
export function parseHint(taskId: TaskId, text: string): TaskHint | undefined {
  try {
    const { v, ...hint } = JSON.parse(text) as Omit<TaskHint, 'taskId'> & { v: unknown };
    if (v !== 1 || !Number.isSafeInteger(hint.head)) return undefined;
    const { entries, ...bell } = hint;
    return { taskId, ...(entries?.every(hasKnownFormat) === true ? hint : bell) };
  } catch {
    return undefined;
  }
}
