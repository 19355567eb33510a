import type { Message, TaskState } from '../protocol/v1.ts';
import type { Fold } from '../core/fold.ts';
import type { Answers, LogEntry, Scope, Seq, TaskId } from '../core/log.ts';
import type { ArtifactSizes } from './artifact-sizes.ts';
import type { Due } from './due-index.ts';
import type { PushRecord } from './push-table.ts';
import type { TaskLog } from './task-log.ts';

/** A lease that is current. Times are monotonic. */
export interface HeldLease {
  readonly id: string;
  until: number;
  /** No renew goes beyond it: the grace of a cancel. */
  cap: number;
}

/** One task: its header, its log, and the fold of that log. */
export interface TaskRecord extends Due<TaskRecord> {
  readonly id: TaskId;
  readonly scope: Scope;
  readonly scopeKey: string;
  readonly contextId: string;
  readonly answers: Answers;
  /** Absent where the log is short, until somebody asks. */
  fold: Fold | undefined;
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
  /** What the newest append under that lease has led to, for the caller who did not hear of it; 0 before the first. */
  appendedTo: Seq;
  appendedMore: boolean;
  attempt: number;
  /** An attempt since the last pause wrote its start. */
  started: boolean;

  /** The newest `open`, `input` or `resume`; the newest that a finished run has processed; those in between. */
  inputSeq: Seq;
  doneSeq: Seq;
  pending: LogEntry[];
  /** The newest `open` or `input`, and up to where interrupted statuses have answered. */
  newest: LogEntry;
  answeredTo: Seq;
  cancelSeq: Seq;

  /** The newest entry that clients see; 0 before the first. */
  visibleSeq: Seq;
  /** Webhooks, the oldest first, and how many there have been. */
  pushes: readonly PushRecord[];
  pushCount: number;

  /** Bytes of the folded task, 0 where it has ended and the log has all of it; of each artifact in it, once there is one. */
  taskBytes: number;
  artifactBytes: ArtifactSizes | undefined;
}

/** A scope as text, for keys. */
export function scopeKeyOf({ agent, tenant, owner }: Scope): string {
  return JSON.stringify([agent, tenant, owner]);
}

/** The newest message of the client. */
export function newestMessage({ newest }: TaskRecord): Message | undefined {
  if (newest.kind === 'open') return newest.task.history?.at(-1);
  return newest.kind === 'input' ? newest.message : undefined;
}

/** Whether both are the same scope; another one's tasks are unknown (§3.3.2). */
export function isSameScope(a: Scope, b: Scope): boolean {
  return a.owner === b.owner && a.tenant === b.tenant && a.agent === b.agent;
}
