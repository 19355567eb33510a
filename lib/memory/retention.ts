import { createFifo } from './fifo.ts';
import type { Retention } from './limits.ts';
import { keepTask } from './settle.ts';
import type { TaskRecord } from './task-record.ts';

/** Lets finished tasks go when their time has come. */
export interface FinishedTasks {
  readonly add: (record: TaskRecord) => void;
  /** Whether the time of a task is over, though nobody has removed it yet. */
  readonly isOver: (record: TaskRecord, now: number) => boolean;
  /** Drops logs and removes tasks, at most `limit` together. Gives how many. */
  readonly expire: (now: number, limit: number) => number;
  /** Removes all tasks that may not stay. */
  readonly removeDue: (now: number) => void;
}

/** Tasks in the order in which they finished. Each loses its log once and goes once, so it costs the same however many there are. */
export function createFinishedTasks(
  retention: Retention,
  onRemoved: (record: TaskRecord) => void,
): FinishedTasks {
  const tasks = createFifo<TaskRecord>();
  // so many of the oldest have lost their logs
  let withoutLog = 0;
  let bytes = 0;

  const isOver = ({ closedAt }: TaskRecord, now: number) =>
    closedAt !== undefined && now - closedAt >= retention.finishedMs;

  function dropLog(now: number): boolean {
    const record = tasks.at(withoutLog);
    if (record?.closedAt === undefined || now - record.closedAt < retention.logMs) return false;
    withoutLog += 1;
    bytes -= record.taskBytes + record.log.bytes;
    keepTask(record);
    record.log.trimTo(record.seq + 1);
    bytes += record.taskBytes;
    return true;
  }

  function remove(record: TaskRecord): void {
    tasks.shift();
    withoutLog = Math.max(0, withoutLog - 1);
    bytes -= record.taskBytes + record.log.bytes;
    onRemoved(record);
  }

  /** What goes altogether needs no task made of its log first. */
  function removeOldest(now: number): boolean {
    const oldest = tasks.at(0);
    if (oldest === undefined || !(isOver(oldest, now) || tasks.size() > retention.finishedTasks))
      return false;
    remove(oldest);
    return true;
  }

  /** Logs that may go go first. */
  function shrink(now: number): boolean {
    const oldest = tasks.at(0);
    if (oldest === undefined || bytes <= retention.finishedBytes) return false;
    if (!dropLog(now)) remove(oldest);
    return true;
  }

  return {
    add(record) {
      bytes += record.taskBytes + record.log.bytes;
      tasks.push(record);
    },
    isOver,
    expire(now, limit) {
      let count = 0;
      while (count < limit && (removeOldest(now) || dropLog(now) || shrink(now))) count += 1;
      return count;
    },
    removeDue(now) {
      while (removeOldest(now) || shrink(now));
    },
  };
}
