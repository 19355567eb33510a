import type { StreamResponse, Task } from '../protocol/v1.ts';
import { entryEvent } from '../core/fold.ts';
import type { Seq } from '../core/log.ts';
import type { PushRegistration } from '../core/push-storage.ts';
import type { Storage } from '../core/storage.ts';

/** One thing to post: an event, or the whole task in the place of everything up to `seq`. */
export interface Notification {
  readonly seq: Seq;
  readonly event: StreamResponse;
}

/** What a webhook has not got yet, as far as was looked. */
export interface Pending {
  readonly notifications: readonly Notification[];
  /** The newest entry that was looked at: when all has been posted, the cursor stands here. */
  readonly upTo: Seq;
  /** The task has ended. */
  readonly closed: boolean;
}

/** More than so many events are one task. */
const MOST_EVENTS = 50;
const PAGE_ENTRIES = 200;
const PAGE_BYTES = 1024 * 1024;

/**
 * Reads what a webhook has not got. One snapshot of the task, which then stands for all that it holds, where there are too many
 * events, where the log does not go back so far, and for 0.3, whose notifications are tasks (§4.3.3).
 */
export async function readPending(
  storage: Pick<Storage, 'read' | 'loadTask'>,
  { config: { taskId }, contextId, dialect }: PushRegistration,
  cursor: Seq,
): Promise<Pending> {
  const page = await storage.read(taskId, cursor, PAGE_ENTRIES, PAGE_BYTES);
  const notifications = page.entries.flatMap((entry) => {
    const event = entryEvent(taskId, contextId, entry);
    return event === undefined ? [] : [{ seq: entry.seq, event }];
  });
  const isTrimmed = page.first > cursor + 1 && page.head > cursor;
  const upTo = page.entries.at(-1)?.seq ?? page.head;
  const isWhole = notifications.length > MOST_EVENTS || (dialect === '0.3' && notifications.length > 0);
  const { closed } = page;
  if (!isTrimmed && !isWhole) return { notifications, upTo, closed };
  const snapshot = await storage.loadTask(taskId);
  if (snapshot === undefined) return { notifications: [], upTo, closed };
  const task: Task = snapshot.task;
  return {
    notifications: [{ seq: snapshot.seq, event: { task } }],
    upTo: snapshot.seq,
    closed: snapshot.closed,
  };
}
