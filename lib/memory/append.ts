import { isClosing } from '../core/fold.ts';
import type { EntryBody, StatusBody } from '../core/log.ts';
import type { Lease, WriteResult } from '../core/storage.ts';
import { refused, written } from './client-writes.ts';
import type { TaskRecord } from './task-record.ts';
import type { PreparedBody, TaskTable } from './task-table.ts';

/** `Storage.append` in one step. */
export function append(
  table: TaskTable,
  lease: Lease,
  producerSeq: number,
  bodies: readonly EntryBody[],
): WriteResult {
  const record = table.find(lease.taskId);
  if (record === undefined) return refused('not-found');
  const known = recognise(record, lease, producerSeq);
  if (known !== undefined) return known;
  const misplaced = checkEnd(bodies);
  if (misplaced !== undefined) return refused(misplaced, record);
  const prepared = bodies.map(table.prepare);
  if (isTooLarge(table, record, prepared)) return refused('too-large', record);
  return commit(table, record, producerSeq, prepared, lease.epoch);
}

/** The checks before the write, in the order of the contract. Undefined: go on. */
function recognise(record: TaskRecord, lease: Lease, producerSeq: number): WriteResult | undefined {
  if (record.leaseId !== lease.id) return refused('fenced', record);
  if (producerSeq <= record.producerSeq) {
    // also where that append ended the lease: its answer was lost, not its effect
    const { seq, more } = record.lastAppend ?? { seq: record.seq, more: false };
    return { ...written(record, seq, []), duplicate: true, ...(more && { more }) };
  }
  if (record.closedAt !== undefined) return refused('closed', record);
  if (record.lease === undefined) return refused('fenced', record);
  return producerSeq > record.producerSeq + 1 ? refused('gap', record) : undefined;
}

/** Nothing may follow what ends the task or the run. */
function checkEnd(bodies: readonly EntryBody[]): 'closed' | 'fenced' | undefined {
  const before = bodies.slice(0, -1);
  const last = bodies.at(-1);
  if (before.some(isClosing)) return 'closed';
  if (before.some(pauseOf) && last !== undefined && !isClosing(last)) return 'fenced';
  return undefined;
}

function pauseOf(body: EntryBody): StatusBody | undefined {
  return body.kind === 'status' && body.pause !== undefined ? body : undefined;
}

/** The larger of the log and of what it amounts to counts. A task can always be started and ended. */
function isTooLarge(table: TaskTable, record: TaskRecord, prepared: readonly PreparedBody[]): boolean {
  const added = prepared.reduce(
    (sum, { body, bytes }) => (isClosing(body) || body.kind === 'start' ? sum : sum + bytes),
    0,
  );
  const size = Math.max(record.taskBytes, record.log.bytes);
  return (added > 0 && size + added > table.limits.taskBytes) || hasTooLargeArtifact(table, record, prepared);
}

function hasTooLargeArtifact(
  { limits }: TaskTable,
  { artifactBytes }: TaskRecord,
  prepared: readonly PreparedBody[],
): boolean {
  // of a batch only: most appends are one entry
  const grown = prepared.length > 1 ? new Map<string, number>() : undefined;
  for (const { body, bytes } of prepared) {
    if (body.kind !== 'artifact') continue;
    const { artifactId } = body.artifact;
    const before = body.append ? (grown?.get(artifactId) ?? artifactBytes?.get(artifactId) ?? 0) : 0;
    if (before + bytes > limits.artifactBytes) return true;
    grown?.set(artifactId, before + bytes);
  }
  return false;
}

function commit(
  table: TaskTable,
  record: TaskRecord,
  producerSeq: number,
  prepared: readonly PreparedBody[],
  epoch: number,
): WriteResult {
  const last = prepared.at(-1)?.body;
  const pause = last && pauseOf(last);
  const more = pause !== undefined && record.inputSeq > Math.max(record.doneSeq, pause.upTo ?? 0);
  const working = table.prepare({ kind: 'status', state: 'TASK_STATE_WORKING' });
  const entries = table.write(record, more ? [...prepared, working] : prepared, epoch);
  record.producerSeq = producerSeq;
  record.lastAppend = { seq: record.seq, more };
  if (pause !== undefined) endRun(table, record, pause, more);
  const stored = written(record, record.seq, entries);
  return more ? { ...stored, more } : stored;
}

function endRun(table: TaskTable, record: TaskRecord, { upTo, pause }: StatusBody, more: boolean): void {
  record.doneSeq = Math.max(record.doneSeq, upTo ?? 0);
  record.pending = record.pending.filter(({ seq }) => seq > record.doneSeq);
  record.started = false;
  // a lease that is kept counts as the first attempt at what came meanwhile
  record.attempt = more ? 1 : 0;
  if (more) return;
  record.lease = undefined;
  const due = table.due(record.scope.agent);
  if (record.cancelSeq > 0) due.set(record.id, table.now());
  else if (pause?.timeoutMs !== undefined) due.set(record.id, table.now() + pause.timeoutMs);
  else due.delete(record.id);
}
