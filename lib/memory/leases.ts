import type { TaskId } from '../core/log.ts';
import type { ClaimedTask, Lease, Storage } from '../core/storage.ts';
import type { TaskRecord } from './task-record.ts';
import type { TaskTable } from './task-table.ts';

/** Whether somebody holds the task and its time is not over. */
export function isLive({ lease }: TaskRecord, now: number): boolean {
  return lease !== undefined && now < lease.until;
}

/** `Storage.claim` in one step. */
export function claim(table: TaskTable, by: Parameters<Storage['claim']>[0]): readonly ClaimedTask[] {
  const claimed: ClaimedTask[] = [];
  while (claimed.length < by.limit) {
    const record = nextDue(table, by.agent, by.taskId);
    if (record === undefined) break;
    claimed.push(take(table, record, by.leaseMs));
    if (by.taskId !== undefined) break;
  }
  return claimed;
}

function nextDue(table: TaskTable, agent: string, taskId?: TaskId): TaskRecord | undefined {
  const now = table.now();
  if (taskId === undefined) return table.due(agent).oldest(now);
  const record = table.find(taskId);
  if (record?.due === undefined || record.scope.agent !== agent) return undefined;
  return record.due.at <= now ? record : undefined;
}

function take(table: TaskTable, record: TaskRecord, leaseMs: number): ClaimedTask {
  const cancelRequested = record.cancelSeq > 0;
  const reason = reasonOf(record);
  const until = table.now() + leaseMs;
  const startedBefore = record.started;
  record.epoch += 1;
  record.attempt += 1;
  record.producerSeq = 0;
  record.appendedTo = 0;
  record.appendedMore = false;
  record.leaseId = table.newLeaseId();
  // a task that is to end gets one lease to do it in
  record.lease = { id: record.leaseId, until, cap: cancelRequested ? until : Infinity };
  table.due(record.scope.agent).set(record, until);
  return {
    lease: { taskId: record.id, id: record.leaseId, epoch: record.epoch },
    scope: record.scope,
    answers: record.answers,
    doneSeq: record.doneSeq,
    head: record.seq,
    pending: [...record.pending],
    newest: record.newest,
    attempt: record.attempt,
    startedBefore,
    cancelRequested,
    reason,
  };
}

/** A task with nothing to do can only be due because its client did not come back; that stays so when its claimer is lost. */
function reasonOf({ pending, cancelSeq, lease }: TaskRecord): ClaimedTask['reason'] {
  if (pending.length === 0 && cancelSeq === 0) return 'deadline';
  return lease === undefined ? 'work' : 'lease-expired';
}

/** `Storage.renew` in one step. */
export function renew(
  table: TaskTable,
  given: Lease,
  leaseMs: number,
): Awaited<ReturnType<Storage['renew']>> {
  const record = table.find(given.taskId);
  const lease = record?.lease;
  if (record === undefined || lease?.id !== given.id) return { ok: false };
  const now = table.now();
  lease.until = Math.min(lease.cap, Math.max(lease.until, now + leaseMs));
  table.due(record.scope.agent).set(record, lease.until);
  return {
    ok: true,
    leftMs: Math.max(0, lease.until - now),
    cancelRequested: record.cancelSeq > 0,
    inputSeq: record.inputSeq,
  };
}

/** `Storage.release` in one step. */
export function release(table: TaskTable, given: Lease, delayMs: number, clean: boolean): boolean {
  const record = table.find(given.taskId);
  if (record?.lease?.id !== given.id) return false;
  record.lease = undefined;
  if (clean) {
    record.attempt = 0;
    record.started = false;
  }
  // a cancel does not wait
  const dueAt = record.cancelSeq > 0 ? table.now() : table.now() + delayMs;
  table.due(record.scope.agent).set(record, dueAt);
  return true;
}
