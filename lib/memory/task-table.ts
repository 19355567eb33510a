import { isInterrupted } from '../protocol/states.ts';
import { type Clock, wholeMs } from '../core/clock.ts';
import { isClosing, isoTime, type OpenEntry } from '../core/fold.ts';
import type { EntryBody, LogEntry, Scope, TaskId } from '../core/log.ts';
import { StorageError, type NewTask } from '../core/storage.ts';
import { ArtifactSizes } from './artifact-sizes.ts';
import { DueIndex } from './due-index.ts';
import { draftEntry, placeEntry, type EntryDraft } from './entry-draft.ts';
import { frozenCopy } from './frozen-copy.ts';
import { createIdempotencyKeys, type IdempotencyKeys } from './idempotency-keys.ts';
import type { Limits, Retention } from './limits.ts';
import { createListing, type Listing } from './listing.ts';
import { createFinishedTasks } from './retention.ts';
import { createPushTable, type PushRecord, type PushTable } from './push-table.ts';
import { foldOf, settle } from './settle.ts';
import { TaskLog } from './task-log.ts';
import { isSameScope, scopeKeyOf, type TaskRecord } from './task-record.ts';

/** All tasks with their indexes. What it does is done when it returns: one step, as nothing else runs meanwhile. */
export interface TaskTable {
  readonly limits: Limits;
  readonly keys: IdempotencyKeys;
  readonly push: PushTable;
  readonly listed: Listing<TaskRecord>;
  /** Monotonic: leases, due times and retention do not mind a wall clock that is put back. */
  readonly now: () => number;
  readonly has: (taskId: TaskId) => boolean;
  readonly find: (taskId: TaskId, scope?: Scope) => TaskRecord | undefined;
  /** Throws StorageError `too-large`. */
  readonly create: (init: NewTask) => TaskRecord;
  readonly draft: (body: EntryBody) => EntryDraft;
  readonly write: (record: TaskRecord, drafts: readonly EntryDraft[], epoch: number) => readonly LogEntry[];
  /** One that no lease of this table has had. */
  readonly newLeaseId: () => string;
  readonly due: (agent: string) => DueIndex<TaskRecord>;
  /** Tasks that have not ended. */
  readonly active: () => number;
  /** Everything that is held: tasks, webhooks, idempotency keys, lists and due times. */
  readonly size: () => number;
  /** Removes what retention allows, at most `limit` records. Gives how many went. */
  readonly expire: (limit: number) => number;
  /** Removes all tasks that may not stay. */
  readonly removeDue: () => void;
}

/** A scope that nobody else can change, and its name as a key. */
interface OwnedScope {
  readonly scope: Scope;
  readonly key: string;
}

/** For tasks without webhooks. */
const NO_PUSHES: readonly PushRecord[] = [];

export function createTaskTable(options: { clock: Clock; retention: Retention; limits: Limits }): TaskTable {
  const { clock, retention, limits } = options;
  const tasks = new Map<TaskId, TaskRecord>();
  const dueByAgent = new Map<string, DueIndex<TaskRecord>>();
  const listed = createListing<TaskRecord>();
  const keys = createIdempotencyKeys(limits.idempotencyKeys);
  const push = createPushTable(clock.elapsed, limits.webhooks);
  const finished = createFinishedTasks(retention, remove);
  let active = 0;
  let leases = 0;
  let newestScope: OwnedScope | undefined;

  function due(agent: string): DueIndex<TaskRecord> {
    const known = dueByAgent.get(agent);
    if (known !== undefined) return known;
    const added = new DueIndex<TaskRecord>();
    dueByAgent.set(agent, added);
    return added;
  }

  function find(taskId: TaskId, scope?: Scope): TaskRecord | undefined {
    const record = tasks.get(taskId);
    if (record === undefined || (scope !== undefined && !isSameScope(record.scope, scope))) return undefined;
    if (!finished.isOver(record, clock.elapsed())) return record;
    removeDue();
    return undefined;
  }

  /** Tasks of one caller share what names it. */
  function owned(scope: Scope): OwnedScope {
    if (newestScope === undefined || !isSameScope(newestScope.scope, scope))
      newestScope = { scope: frozenCopy(scope), key: scopeKeyOf(scope) };
    return newestScope;
  }

  function create(init: NewTask): TaskRecord {
    const ts = clock.now();
    const { scope, request, answers } = init;
    const task = { ...init.task, status: { ...init.task.status, timestamp: isoTime(ts) } };
    const draft = draftEntry({ kind: 'open', task, request, answers }, ts);
    const { bytes } = draft;
    if (bytes > limits.taskBytes) {
      throw new StorageError('too-large', `A task takes ${String(limits.taskBytes)} bytes at most`);
    }
    const entry = placeEntry(draft, 1, ts, 0);
    if (entry.kind !== 'open') throw new TypeError('A task begins with its open entry');
    const record = newRecord(entry, owned(scope), bytes);
    record.log.push(entry, bytes);
    tasks.set(record.id, record);
    listed.add(record);
    active += 1;
    return record;
  }

  function remove(record: TaskRecord): void {
    tasks.delete(record.id);
    push.forget(record);
    listed.remove(record);
  }

  function write(record: TaskRecord, drafts: readonly EntryDraft[], epoch: number): readonly LogEntry[] {
    const only = drafts[0];
    const isOne = only !== undefined && drafts.length === 1;
    const entries = isOne
      ? [writeOne(record, only, epoch)]
      : drafts.map((draft) => writeOne(record, draft, epoch));
    trim(record);
    return entries;
  }

  function writeOne(record: TaskRecord, draft: EntryDraft, epoch: number): LogEntry {
    const { bytes } = draft;
    const ts = Math.max(draft.entry.ts, record.ts);
    const seq = record.seq + 1;
    const entry = placeEntry(draft, seq, ts, epoch);
    record.seq = seq;
    record.ts = ts;
    record.log.push(entry, bytes);
    if (record.fold !== undefined) record.fold.apply(entry);
    else if (!record.log.isSmall) foldOf(record);
    weigh(record, entry, bytes);
    noteEntry(record, entry);
    if (isVisible(entry)) {
      record.visibleSeq = seq;
      push.grown(record);
    }
    if (entry.kind === 'status') {
      const wasTs = record.statusTs;
      record.state = entry.state;
      record.statusTs = ts;
      listed.move(record, wasTs);
    }
    if (isClosing(entry)) close(record);
    return entry;
  }

  function close(record: TaskRecord): void {
    record.closedAt = clock.elapsed();
    record.lease = undefined;
    record.pending = [];
    due(record.scope.agent).delete(record);
    active -= 1;
    record.artifactBytes = undefined;
    settle(record);
    finished.add(record);
  }

  /** Trims below the limits by a quarter, so that the work is done once in many entries. */
  function trim(record: TaskRecord): void {
    const { log, doneSeq, newest, closedAt } = record;
    const isFull = log.length > limits.logEntries || log.bytes > limits.logBytes;
    const keepFrom = Math.min(doneSeq + 1, newest.seq);
    if (!isFull || closedAt !== undefined || log.first >= keepFrom) return;
    // what is cut off is in it
    foldOf(record);
    const cut = log.cutFor({ entries: limits.logEntries * 0.75, bytes: limits.logBytes * 0.75 });
    log.trimTo(Math.min(cut, keepFrom));
  }

  function expire(limit: number): number {
    const count = finished.expire(clock.elapsed(), limit);
    return count + keys.expire(clock.elapsed(), limit - count);
  }

  function removeDue(): void {
    finished.removeDue(clock.elapsed());
  }

  return {
    ...{ limits, keys, push, listed, find, create, write, due, expire, removeDue },
    draft: (body) => draftEntry(body, clock.now()),
    newLeaseId: () => String((leases += 1)),
    now: () => wholeMs(clock),
    has: (taskId) => tasks.has(taskId),
    active: () => active,
    size: () =>
      [...dueByAgent.values()].reduce(
        (sum, index) => sum + index.size,
        tasks.size + keys.size() + listed.size() + push.size(),
      ),
  };
}

function newRecord(open: OpenEntry, { scope, key }: OwnedScope, bytes: number): TaskRecord {
  const { task, answers, seq, ts } = open;
  return {
    id: task.id,
    scope,
    answers,
    seq,
    ts,
    statusTs: ts,
    state: task.status.state,
    scopeKey: key,
    contextId: task.contextId,
    fold: undefined,
    log: new TaskLog(),
    closedAt: undefined,
    lease: undefined,
    leaseId: undefined,
    epoch: 0,
    producerSeq: 0,
    appendedTo: 0,
    appendedMore: false,
    attempt: 0,
    started: false,
    inputSeq: seq,
    doneSeq: 0,
    pending: [open],
    due: undefined,
    newest: open,
    answeredTo: 0,
    cancelSeq: 0,
    visibleSeq: 0,
    pushes: NO_PUSHES,
    pushCount: 0,
    taskBytes: bytes,
    artifactBytes: undefined,
  };
}

/** Keeps the size of the folded task: what an artifact replaces is gone from it. */
function weigh(record: TaskRecord, entry: LogEntry, bytes: number): void {
  record.taskBytes += bytes;
  if (entry.kind !== 'artifact') return;
  const { artifactId } = entry.artifact;
  const artifactBytes = (record.artifactBytes ??= new ArtifactSizes());
  const before = artifactBytes.get(artifactId);
  if (!entry.append) record.taskBytes -= before;
  artifactBytes.set(artifactId, entry.append ? before + bytes : bytes);
}

function isVisible({ kind }: LogEntry): boolean {
  return kind === 'status' || kind === 'artifact' || kind === 'message';
}

/** Keeps what the header knows of the log. */
function noteEntry(record: TaskRecord, entry: LogEntry): void {
  if (entry.kind === 'input' || entry.kind === 'resume') {
    record.inputSeq = entry.seq;
    record.pending.push(entry);
  }
  if (entry.kind === 'input') record.newest = entry;
  if (entry.kind === 'start') record.started = true;
  if (entry.kind === 'cancel') record.cancelSeq = entry.seq;
  if (entry.kind === 'status' && isInterrupted(entry.state)) {
    record.answeredTo = Math.max(record.answeredTo, entry.upTo ?? 0);
  }
}
