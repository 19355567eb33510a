import { createFifo } from './fifo.ts';
import type { Retention } from './limits.ts';
import type { TaskRecord } from './task-record.ts';

/** Lets finished tasks go when their time has come. */
export interface FinishedTasks {
  readonly add: (record: TaskRecord) => void;
  /** Whether the time of a task is over, though nobody has removed it yet. */
  readonly isOver: (record: TaskRecord, now: number) => boolean;
  /** Drops logs and removes tasks, at most `limit` together. Gives how many. */
  readonly expire: (now: number, limit: number) => number;
}

/** A task in both queues; empty once it has been removed. */
interface Slot {
  record: TaskRecord | undefined;
}

/** Tasks in the order in which they finished; each passes each queue once, so it costs the same however many there are. */
export function createFinishedTasks(
  retention: Retention,
  remove: (record: TaskRecord) => void,
): FinishedTasks {
  const tasks = createFifo<Slot>();
  const withLog = createFifo<Slot>();
  let bytes = 0;

  const isOver = ({ closedAt }: TaskRecord, now: number) =>
    closedAt !== undefined && now - closedAt >= retention.finishedMs;

  function dropLog(now: number): boolean {
    while (withLog.peek()?.record === undefined && withLog.size() > 0) withLog.shift();
    const record = withLog.peek()?.record;
    if (record?.closedAt === undefined || now - record.closedAt < retention.logMs) return false;
    withLog.shift();
    bytes -= record.log.bytes;
    record.log.trimTo(record.seq + 1);
    return true;
  }

  function removeOldest(now: number): boolean {
    const slot = tasks.peek();
    const record = slot?.record;
    if (slot === undefined || record === undefined) return false;
    const isTooMuch = tasks.size() > retention.finishedTasks || bytes > retention.finishedBytes;
    if (!isTooMuch && !isOver(record, now)) return false;
    tasks.shift();
    bytes -= record.taskBytes + record.log.bytes;
    // the task goes at once, wherever it stands in the other queue
    slot.record = undefined;
    remove(record);
    return true;
  }

  return {
    add(record) {
      bytes += record.taskBytes + record.log.bytes;
      const slot = { record };
      tasks.push(slot);
      withLog.push(slot);
    },
    isOver,
    expire(now, limit) {
      let count = 0;
      while (count < limit && (dropLog(now) || removeOldest(now))) count += 1;
      return count;
    },
  };
}
