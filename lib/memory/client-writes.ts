import { isInterrupted, isTerminal } from '../protocol/states.ts';
import type { Message } from '../protocol/v1.ts';
import type { EntryBody, LogEntry, Metadata, Scope, Seq, TaskId } from '../core/log.ts';
import {
  StorageError,
  type CreatedTask,
  type NewInput,
  type NewTask,
  type Refusal,
  type WriteResult,
} from '../core/storage.ts';
import { isLive } from './leases.ts';
import { isSameJson } from './same-json.ts';
import type { TaskRecord } from './task-record.ts';
import { newestMessage, scopeKeyOf } from './task-record.ts';
import type { EntryDraft } from './entry-draft.ts';
import type { TaskTable } from './task-table.ts';

export const WORKING: EntryBody = { kind: 'status', state: 'TASK_STATE_WORKING' };
const CANCELED: EntryBody = { kind: 'status', state: 'TASK_STATE_CANCELED' };
/** Records that each write may remove, so that memory stays bounded though nobody sweeps. */
const EXPIRE_PER_WRITE = 8;

/** `Storage.createTask` in one step. */
export function createTask(table: TaskTable, init: NewTask): CreatedTask {
  table.expire(EXPIRE_PER_WRITE);
  const { scope, task, idempotency } = init;
  const now = table.now();
  const first = idempotency && table.keys.find(scopeKeyOf(scope), idempotency, now);
  if (first === 'reused') throw new StorageError('key-reused', 'The idempotency key belongs to another call');
  if (first !== undefined) return { created: false, taskId: first.taskId, seq: first.seq };
  if (table.has(task.id)) throw new StorageError('exists', `There is a task ${task.id} already`);
  if (table.active() >= table.limits.activeTasks) {
    throw new StorageError('full', `${String(table.active())} tasks are active; no further one fits`);
  }
  const record = table.create(init);
  if (init.push !== undefined) table.push.put(record, init.push, record.seq);
  table.due(scope.agent).set(record, now);
  table.keys.add(record.scopeKey, idempotency, { taskId: record.id, seq: 1 }, now);
  return { created: true, taskId: record.id, seq: 1, entry: record.newest };
}

/** `Storage.addInput` in one step. */
export function addInput(table: TaskTable, scope: Scope, taskId: TaskId, input: NewInput): WriteResult {
  table.expire(EXPIRE_PER_WRITE);
  const record = table.find(taskId, scope);
  if (record === undefined) return refused('not-found');
  const idempotency = 'message' in input ? input.idempotency : undefined;
  const first = table.keys.find(record.scopeKey, idempotency, table.now());
  if (first === 'reused' || (first !== undefined && first.taskId !== taskId))
    return refused('key-reused', record);
  if (first !== undefined) return duplicate(record, first.seq);
  if (record.closedAt !== undefined) return refused('closed', record);
  if (record.cancelSeq > 0) return refused('cancelling', record);
  const result =
    'message' in input ? addMessage(table, record, input) : addResume(table, record, input.resume);
  if (result.ok) table.keys.add(record.scopeKey, idempotency, { taskId, seq: result.seq }, table.now());
  return result;
}

function addMessage(
  table: TaskTable,
  record: TaskRecord,
  { message, request, push, ifWaiting = false }: Extract<NewInput, { message: Message }>,
): WriteResult {
  const newest = newestMessage(record);
  const { seq } = record.newest;
  if (newest !== undefined && record.answeredTo < seq && isSameMessage(newest, message)) {
    return duplicate(record, seq);
  }
  if (ifWaiting && !isInterrupted(record.state)) return refused('busy', record);
  const prepared = table.draft({ kind: 'input', message, request });
  if (record.taskBytes + prepared.bytes > table.limits.taskBytes) return refused('too-large', record);
  // the number that the input will have: what it leads to is for its webhook
  if (push !== undefined && !table.push.put(record, push, record.seq + 1))
    return refused('push-full', record);
  return goOn(table, record, prepared);
}

function addResume(table: TaskTable, record: TaskRecord, data: unknown): WriteResult {
  if (record.state !== 'TASK_STATE_AUTH_REQUIRED') return refused('not-waiting', record);
  return goOn(table, record, table.draft({ kind: 'resume', ...(data !== undefined && { data }) }));
}

function goOn(table: TaskTable, record: TaskRecord, input: EntryDraft): WriteResult {
  const waits = isInterrupted(record.state);
  const entries = table.write(record, waits ? [input, table.draft(WORKING)] : [input], 0);
  if (!isLive(record, table.now())) table.due(record.scope.agent).set(record, table.now());
  return written(record, record.inputSeq, entries);
}

/** `Storage.requestCancel` in one step. */
export function requestCancel(
  table: TaskTable,
  scope: Scope,
  taskId: TaskId,
  graceMs: number,
  metadata?: Metadata,
): WriteResult {
  table.expire(EXPIRE_PER_WRITE);
  const record = table.find(taskId, scope);
  if (record === undefined) return refused('not-found');
  if (record.closedAt !== undefined) return refused('closed', record);
  if (record.cancelSeq > 0) return duplicate(record, record.cancelSeq);
  const cancel = table.draft({ kind: 'cancel', ...(metadata !== undefined && { metadata }) });
  const { lease } = record;
  if (lease === undefined || !isLive(record, table.now())) {
    const entries = table.write(record, [cancel, table.draft(CANCELED)], 0);
    return written(record, record.cancelSeq, entries);
  }
  const entries = table.write(record, [cancel], 0);
  lease.until = Math.min(lease.until, table.now() + graceMs);
  lease.cap = lease.until;
  table.due(record.scope.agent).set(record, lease.until);
  return written(record, record.cancelSeq, entries);
}

/** The same message in what its sender decides (§3.3.1); ids that the server fills in do not count. */
function isSameMessage(a: Message, b: Message): boolean {
  return isSameJson(sentFields(a), sentFields(b));
}

function sentFields({ messageId, role, parts, metadata, extensions, referenceTaskIds }: Message): unknown {
  return { messageId, role, parts, metadata, extensions, referenceTaskIds };
}

/** A write that stored something. */
export function written(
  record: TaskRecord,
  seq: Seq,
  entries: readonly LogEntry[],
): Extract<WriteResult, { ok: true }> {
  return { ok: true, seq, closed: record.closedAt !== undefined, entries };
}

function duplicate(record: TaskRecord, seq: Seq): WriteResult {
  return { ...written(record, seq, []), duplicate: true };
}

/** A write that stored nothing. The state says how a task ended, where it has one: a bare message has none. */
export function refused(reason: Refusal, record?: TaskRecord): WriteResult {
  if (record === undefined || (reason === 'closed' && !isTerminal(record.state)))
    return { ok: false, reason };
  return { ok: false, reason, state: record.state };
}
