import { isClosing } from '../core/fold.ts';
import type { EntryBody, StatusBody } from '../core/log.ts';
import type { Lease, WriteResult } from '../core/storage.ts';
import { refused, WORKING, written } from './client-writes.ts';
import type { EntryDraft } from './entry-draft.ts';
import type { TaskRecord } from './task-record.ts';
import type { TaskTable } from './task-table.ts';

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
  const drafts = draftAll(table, bodies);
  if (isTooLarge(table, record, drafts)) return refused('too-large', record);
  return commit(table, record, producerSeq, drafts, lease.epoch);
}

/** Without callbacks: most appends are one entry, and there are many. */
function draftAll(table: TaskTable, bodies: readonly EntryBody[]): readonly EntryDraft[] {
  const only = bodies[0];
  if (only !== undefined && bodies.length === 1) return [table.draft(only)];
  return bodies.map(table.draft);
}

/** The checks before the write, in the order of the contract. Undefined: go on. */
function recognise(record: TaskRecord, lease: Lease, producerSeq: number): WriteResult | undefined {
  if (record.leaseId !== lease.id) return refused('fenced', record);
  if (producerSeq <= record.producerSeq) {
    // also where that append ended the lease: its answer was lost, not its effect
    const { seq, appendedTo, appendedMore: more } = record;
    return {
      ...written(record, appendedTo > 0 ? appendedTo : seq, []),
      duplicate: true,
      ...(more && { more }),
    };
  }
  if (record.closedAt !== undefined) return refused('closed', record);
  if (record.lease === undefined) return refused('fenced', record);
  return producerSeq > record.producerSeq + 1 ? refused('gap', record) : undefined;
}

/** Nothing may follow what ends the task or the run. */
function checkEnd(bodies: readonly EntryBody[]): 'closed' | 'fenced' | undefined {
  // most appends are one entry
  if (bodies.length < 2) return undefined;
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
function isTooLarge(table: TaskTable, record: TaskRecord, drafts: readonly EntryDraft[]): boolean {
  let added = 0;
  for (const { entry, bytes } of drafts) if (!isClosing(entry) && entry.kind !== 'start') added += bytes;
  if (added === 0) return false;
  const size = Math.max(record.taskBytes, record.log.bytes);
  return size + added > table.limits.taskBytes || hasTooLargeArtifact(table, record, drafts);
}

function hasTooLargeArtifact(
  { limits }: TaskTable,
  { artifactBytes }: TaskRecord,
  drafts: readonly EntryDraft[],
): boolean {
  // one that does not begin the batch may go on with an earlier one
  const mayGoOn = drafts.findLastIndex(({ entry }) => entry.kind === 'artifact') > 0;
  const grown = mayGoOn ? new Map<string, number>() : undefined;
  for (const { entry, bytes } of drafts) {
    if (entry.kind !== 'artifact') continue;
    const { artifactId } = entry.artifact;
    const before = entry.append ? (grown?.get(artifactId) ?? artifactBytes?.get(artifactId) ?? 0) : 0;
    if (before + bytes > limits.artifactBytes) return true;
    grown?.set(artifactId, before + bytes);
  }
  return false;
}

function commit(
  table: TaskTable,
  record: TaskRecord,
  producerSeq: number,
  drafts: readonly EntryDraft[],
  epoch: number,
): WriteResult {
  const last = drafts.at(-1)?.entry;
  const pause = last && pauseOf(last);
  const more = pause !== undefined && record.inputSeq > Math.max(record.doneSeq, pause.upTo ?? 0);
  const entries = table.write(record, more ? [...drafts, table.draft(WORKING)] : drafts, epoch);
  record.producerSeq = producerSeq;
  record.appendedTo = record.seq;
  record.appendedMore = more;
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
  if (record.cancelSeq > 0) due.set(record, table.now());
  else if (pause?.timeoutMs !== undefined) due.set(record, table.now() + pause.timeoutMs);
  else due.delete(record);
}
