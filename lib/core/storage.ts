import type { Message, TaskState } from '../protocol/v1.ts';
import type {
  Answers,
  EntryBody,
  LogEntry,
  Metadata,
  RunRequest,
  Scope,
  Seq,
  StoredTask,
  TaskId,
} from './log.ts';
import type { PushRegistration, PushStorage } from './push-storage.ts';

/** One consistent read of a task: `task` is the fold of the entries `1..seq`. */
export interface TaskSnapshot {
  readonly scope: Scope;
  readonly task: StoredTask;
  readonly seq: Seq;
  /** Storage's time of entry `seq`, in ms. */
  readonly ts: number;
  readonly closed: boolean;
  readonly answers: Answers;
  /** First seq still readable with `read`; above 1 after trimming. */
  readonly first: Seq;
}

/** The right to write a task as its one runner. `id` is new with each claim (random where a store may lose writes) and is what is compared; `epoch` only grows, and orders attempts. */
export interface Lease {
  readonly taskId: TaskId;
  readonly id: string;
  readonly epoch: number;
}

/** A task that a worker has just taken. */
export interface ClaimedTask {
  readonly lease: Lease;
  readonly scope: Scope;
  readonly answers: Answers;
  /** The newest entry that a finished run has processed; 0 before the first. */
  readonly doneSeq: Seq;
  /** The newest entry when the task was taken; what a reader of the log has after it came later. */
  readonly head: Seq;
  /** The `open`, `input` and `resume` entries after `doneSeq`, oldest first; at least the oldest, where there are any. */
  readonly pending: readonly LogEntry[];
  /** The newest `open` or `input` entry: what a run answers that a `resume` started. */
  readonly newest: LogEntry;
  /** 1 for the first claim since `open`, a pause or a clean release; what a pause with `more` goes on with is a first attempt too. */
  readonly attempt: number;
  /** Whether any attempt counted by `attempt` wrote its `start` entry, that is, whether the agent may have run. */
  readonly startedBefore: boolean;
  readonly cancelRequested: boolean;
  /** `deadline`: nothing is pending and no cancel is wanted, so it waited for the client longer than its pause allowed. */
  readonly reason: 'work' | 'lease-expired' | 'deadline';
}

/** Why a write was refused. Nothing was stored. */
export type Refusal =
  | 'not-found'
  | 'closed'
  | 'fenced'
  | 'gap'
  | 'too-large'
  | 'cancelling'
  | 'not-waiting'
  | 'busy'
  | 'push-full'
  | 'key-reused';

/** What a write did. */
export type WriteResult =
  | {
      readonly ok: true;
      /**
       * Of the `input`, `resume` or `cancel` entry itself; for `append`, of its last entry. With `duplicate`, of the entry
       * written first; for `append`, of the newest one under this lease.
       */
      readonly seq: Seq;
      readonly closed: boolean;
      /** What this call wrote; empty with `duplicate`. */
      readonly entries: readonly LogEntry[];
      /** `append` with `pause`: unprocessed input exists, the lease is kept, run again. Repeated with `duplicate`. */
      readonly more?: boolean;
      readonly duplicate?: boolean;
    }
  | { readonly ok: false; readonly reason: Refusal; readonly state?: TaskState };

/** A safe retry of a send: the same key in the window is the same call. `fingerprint` tells a reused key from a repeated call. */
export interface Idempotency {
  readonly key: string;
  readonly fingerprint: string;
  readonly windowMs: number;
}

/**
 * A new task. `task` is as the client will first see it: SUBMITTED, its history the user's message. The timestamp in it does
 * not count: it is the time of the `open` entry.
 */
export interface NewTask {
  readonly scope: Scope;
  readonly task: StoredTask;
  readonly request: RunRequest;
  readonly answers: Answers;
  readonly idempotency?: Idempotency;
  /** A webhook that comes with the message; only where storage has `push`, and with `answers: 'task'`. Its taskId is that of the task. */
  readonly push?: PushRegistration;
}

/** What `createTask` did. `seq` is that of the `open` or `input` entry which the call wrote, or wrote the first time. */
export type CreatedTask =
  | { readonly created: true; readonly taskId: TaskId; readonly seq: Seq; readonly entry: LogEntry }
  | { readonly created: false; readonly taskId: TaskId; readonly seq: Seq };

/** A further message of the client, or the news that a task in AUTH_REQUIRED may go on. */
export type NewInput =
  | {
      readonly message: Message;
      readonly request: RunRequest;
      readonly idempotency?: Idempotency;
      /** A webhook that comes with the message; only where storage has `push`. Not stored with what is a repeat. */
      readonly push?: PushRegistration;
      /** Refused with `busy` unless the task waits for its client, in INPUT_REQUIRED or AUTH_REQUIRED. Default: false. */
      readonly ifWaiting?: boolean;
    }
  | { readonly resume: unknown };

/** What ListTasks asks for (§3.1.4). `after` is the sort key of the last row given out, not an id to look up. */
export interface TaskQuery {
  readonly contextId?: string;
  readonly state?: TaskState;
  /** Only tasks whose status timestamp is this or newer, in ms. */
  readonly statusSince?: number;
  readonly after?: SortKey;
  readonly limit: number;
  readonly includeArtifacts: boolean;
  /** Absent: all; 0: the field is left out; n: at most the n newest (§3.2.4). Never cuts what is stored. */
  readonly historyLength?: number;
}

/** Where a task stands in ListTasks: status timestamp in ms descending, then id descending. */
export interface SortKey {
  readonly ts: number;
  readonly id: TaskId;
}

/** A page of tasks. `next` is absent on the last; `total` counts all matches of scope and filters. */
export interface TaskPage {
  readonly tasks: readonly StoredTask[];
  readonly next?: SortKey;
  readonly total: number;
}

/**
 * The truth: one append-only log per task, and the task, which is by definition the fold of that log.
 *
 * Each write is one atomic step. Entries of a task have the numbers 1, 2, 3, …, become readable in that order, never
 * change, and go only by trimming the oldest; their times never decrease. A task ends with its only closing entry (a terminal status, or
 * `message`); every later write is refused with `closed`. Times are Storage's own clock, never the caller's.
 * What is returned may be shared and frozen; a frozen task that is given again has not changed anywhere, as its JSON may
 * be kept. What is passed in is not kept. Any method may reject when the store can not be reached; callers repeat a write
 * under its lease and producer sequence.
 */
export interface Storage {
  /** Usable by several processes at once. */
  readonly shared: boolean;
  /** Webhooks. Without it the agent declares no push notifications. */
  readonly push?: PushStorage;
  init(): Promise<void>;
  close(): Promise<void>;

  /**
   * Writes `open` as seq 1, adds the task to the list index, makes it due now. With `idempotency`, a second call in
   * the window returns the first task and `created: false`, also when that task is gone. `entry` is the `open` that this
   * call wrote. Throws StorageError with code `exists`, `full` (no room
   * for another active task), `too-large` (for one task) or `key-reused`.
   */
  createTask(init: NewTask): Promise<CreatedTask>;
  /**
   * Appends `input` or `resume`. Checks in this order: not found, idempotency key (also after the end), closed,
   * cancelling, not waiting, retransmission, busy, too large, no room for a webhook (`push-full`); a refusal does not use the key up. If the state is interrupted, also `status WORKING` in the same step. With no live
   * lease the task becomes due now. The same message (messageId, role, parts, metadata, extensions, referenceTaskIds)
   * as the newest input or `open`, while no interrupted status with `upTo` at or after it has come, is a
   * retransmission: its seq with `duplicate`. While cancelling: refused. `resume` only in AUTH_REQUIRED, else `not-waiting`.
   */
  addInput(scope: Scope, taskId: TaskId, input: NewInput): Promise<WriteResult>;
  /**
   * Appends `cancel` once. With no live lease also `status CANCELED`. With one: the lease ends at min(its end, now +
   * graceMs), no renew moves it further, and the task is due at that end; a pause or a release makes it due at once.
   * Twice: joins the first and writes nothing. Closed: refused with its state, where it has one (a bare message has none).
   */
  requestCancel(scope: Scope, taskId: TaskId, graceMs: number, metadata?: Metadata): Promise<WriteResult>;

  /**
   * Appends all entries or none, as the holder of the lease. Checks in this order, atomically with the write: the
   * task exists; the lease is the newest, current or not, else `fenced`; `producerSeq` was seen: `duplicate`, nothing
   * written, so a repeated end is answered as the first time; not closed; the lease is current, else `fenced`;
   * `producerSeq` is last + 1, else `gap`; not too large (`start` and a closing entry always fit). In a batch nothing
   * follows an end, and only an end, which then wins, follows a pause.
   *
   * `producerSeq` counts the calls under a lease, from 1. A closing entry ends the lease. A status with `pause` ends
   * it too, unless input newer than its `upTo` exists: then `status WORKING` is appended in the same step, its
   * deadline is ignored and the lease is kept (`more`). A lease is current until another claim, a release, a pause or a closing
   * entry replaces it: passing its end only makes the task claimable. "Live" means current and before its end.
   */
  append(lease: Lease, producerSeq: number, entries: readonly EntryBody[]): Promise<WriteResult>;

  /**
   * Takes up to `limit` due tasks of the agent, oldest due first, or exactly `taskId` if it is due: new epoch, new
   * lease id, due again at the lease's end. Never a task with a live lease. `worker` is for people who look into the store.
   */
  claim(by: {
    worker: string;
    agent: string;
    limit: number;
    leaseMs: number;
    taskId?: TaskId;
  }): Promise<readonly ClaimedTask[]>;
  /** Extends a current lease, never shortens it; after a cancel it stays as it is. Tells of cancel and of the newest input, so a worker that hears nothing else still learns of them. */
  renew(
    lease: Lease,
    leaseMs: number,
  ): Promise<{ ok: true; leftMs: number; cancelRequested: boolean; inputSeq: Seq } | { ok: false }>;
  /** Gives the task back without an entry: due after `delayMs`; not counted as an attempt if `clean`. False for a lease that is not current. */
  release(lease: Lease, delayMs: number, clean: boolean): Promise<boolean>;

  /** One consistent snapshot. `undefined` when unknown or of another scope; `scope` is left out only by workers. */
  loadTask(taskId: TaskId, scope?: Scope): Promise<TaskSnapshot | undefined>;
  /** Entries after `after`, in order, at most `limit` entries or `maxBytes` (at least one). `first > after + 1` tells of trimming. An unknown task reads as empty with head 0. */
  read(
    taskId: TaskId,
    after: Seq,
    limit: number,
    maxBytes: number,
  ): Promise<{ entries: readonly LogEntry[]; head: Seq; first: Seq; closed: boolean }>;
  /** Heads of many tasks in one round trip: the poll that makes lost bus hints harmless. Unknown ids are left out. */
  heads(taskIds: readonly TaskId[]): Promise<ReadonlyMap<TaskId, { head: Seq; closed: boolean }>>;
  /** Sorted by status timestamp descending, then id descending. Tasks that answer with a message are never listed or counted. */
  listTasks(scope: Scope, query: TaskQuery): Promise<TaskPage>;

  /** Offers a folded task for faster reads; ignored if `seq` is not newer. May trim the log up to `seq - keep`, but never unprocessed input, nor the newest `open` or `input`. */
  checkpoint?(taskId: TaskId, seq: Seq, task: StoredTask, keep: number): Promise<void>;
  /** Deletes what retention allows, at most `limit` records. Idempotent, safe to run everywhere at once. Returns how many records went. */
  sweep(limit: number): Promise<number>;
}

/** A store refused or failed. `code` tells which: no room, more than a task may hold, a name that is taken, a key used for another call, or the store itself. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: 'exists' | 'full' | 'too-large' | 'key-reused' | 'unavailable';

  constructor(code: StorageError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
