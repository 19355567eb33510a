import type { Message, TaskState } from '../protocol/v1.ts';
import type { Fold } from '../core/fold.ts';
import type { Answers, LogEntry, Scope, Seq, TaskId } from '../core/log.ts';
import type { PushRecord } from './push-table.ts';
import type { TaskLog } from './task-log.ts';

/** A lease that is current. Times are monotonic. */
export interface HeldLease {
  readonly id: string;
  until: number;
  /** No renew goes beyond it: the grace of a cancel. */
  cap: number;
}

/** What is known of the newest append under the newest lease, for the caller who did not hear of it. */
export interface LastAppend {
  readonly seq: Seq;
  readonly more: boolean;
}

/** One task: its header, its log, and the fold of that log. */
export interface TaskRecord {
  readonly id: TaskId;
  readonly scope: Scope;
  readonly scopeKey: string;
  readonly contextKey: string;
  readonly answers: Answers;
  fold: Fold;
  readonly log: TaskLog;

  seq: Seq;
  /** Time of the newest entry, and of the newest status. */
  ts: number;
  statusTs: number;
  state: TaskState;
  /** Monotonic time of the closing entry. */
  closedAt: number | undefined;

  lease: HeldLease | undefined;
  /** The newest lease there was, also after its end: repeats of its last append are recognised. */
  leaseId: string | undefined;
  epoch: number;
  producerSeq: number;
  lastAppend: LastAppend | undefined;
  attempt: number;
  /** An attempt since the last pause wrote its start. */
  started: boolean;

  /** The newest `open`, `input` or `resume`; the newest that a finished run has processed; those in between. */
  inputSeq: Seq;
  doneSeq: Seq;
  pending: LogEntry[];
  /** The newest message of the client, and up to where interrupted statuses have answered. */
  newest: { readonly entry: LogEntry; readonly message: Message | undefined };
  answeredTo: Seq;
  cancelSeq: Seq;

  /** The newest entry that clients see; 0 before the first. */
  visibleSeq: Seq;
  /** Webhooks, the oldest first, and how many there have been. */
  readonly pushes: PushRecord[];
  pushCount: number;

  /** Bytes of the folded task, and of each artifact in it, once there is one. */
  taskBytes: number;
  artifactBytes: Map<string, number> | undefined;
}

/** A scope as text, for keys. */
export function scopeKeyOf({ agent, tenant, owner }: Scope): string {
  return JSON.stringify([agent, tenant, owner]);
}

/** A context within a scope as text, for keys. */
export function contextKeyOf({ agent, tenant, owner }: Scope, contextId: string): string {
  return JSON.stringify([agent, tenant, owner, contextId]);
}

/** Whether both are the same scope; another one's tasks are unknown (§3.3.2). */
export function isSameScope(a: Scope, b: Scope): boolean {
  return a.owner === b.owner && a.tenant === b.tenant && a.agent === b.agent;
}
