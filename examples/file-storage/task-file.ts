import { appendFile, truncate } from 'node:fs/promises';
import { createFold, isClosing, type Fold } from 'express-a2a';
import { StorageError } from 'express-a2a';
import type { Answers, LogEntry, Message, Scope, Seq, TaskId, TaskState } from 'express-a2a';
import type { KeyedCall } from './calls.ts';

/** What is known of a task beside its log. The one in the newest line counts. Times are the storage's. */
export interface Header {
  readonly epoch: number;
  /** The newest lease, current or not: its holder may repeat what it has done. */
  readonly leaseId: string | null;
  /** When it ends; null when it is not current any more. */
  readonly until: number | null;
  /** What no renew goes beyond: the grace of a cancel. */
  readonly cap: number | null;
  /** When somebody must look at the task; null: nobody need. */
  readonly dueAt: number | null;
  readonly producerSeq: number;
  /** What the newest append under the newest lease was answered. */
  readonly lastSeq: Seq;
  readonly more: boolean;
  readonly attempt: number;
  readonly started: boolean;
}

/** One line of a file is one atomic step: what was appended, and the header after it. The first one has the scope. */
export interface Line {
  readonly header: Header;
  readonly entries: readonly LogEntry[];
  readonly scope?: Scope;
  readonly call?: KeyedCall;
}

/** The file of a task as far as it is whole. `isTorn`: there may be a piece of a line after that. */
export interface Place {
  readonly path: string;
  bytes: number;
  isTorn: boolean;
}

/** A task: the lines of its file, folded. */
export interface TaskFile {
  readonly place: Place;
  readonly id: TaskId;
  readonly contextId: string;
  readonly scope: Scope;
  readonly answers: Answers;
  readonly entries: LogEntry[];
  readonly fold: Fold;
  header: Header;
  closed: boolean;
  state: TaskState;
  statusTs: number;
  /** The newest `open` or `input` entry, and what the client said in it. */
  newest: { readonly entry: LogEntry; readonly message: Message | undefined };
  /** The newest `open`, `input` or `resume`; the newest one that a finished run has processed. */
  inputSeq: Seq;
  doneSeq: Seq;
  /** Up to where interrupted statuses have answered. */
  answeredTo: Seq;
  cancelSeq: Seq;
}

export const NEW_HEADER: Header = {
  ...{ epoch: 0, leaseId: null, until: null, cap: null, dueAt: null },
  ...{ producerSeq: 0, lastSeq: 0, more: false, attempt: 0, started: false },
};

/** The task that the first line of a file begins. */
export function openTask(place: Place, { header, entries, scope }: Line): TaskFile {
  const [open] = entries;
  if (open?.kind !== 'open' || scope === undefined) {
    throw new StorageError('unavailable', `${place.path} does not begin with a task`);
  }
  const { task, answers, ts } = open;
  return {
    ...{ place, id: task.id, contextId: task.contextId, scope, answers, header },
    ...{ entries: [open], fold: createFold(open), closed: false, state: task.status.state, statusTs: ts },
    ...{ newest: { entry: open, message: task.history?.at(-1) } },
    ...{ inputSeq: 1, doneSeq: 0, answeredTo: 0, cancelSeq: 0 },
  };
}

/** Takes the next line in. */
export function applyLine(task: TaskFile, { header, entries }: Line): void {
  task.header = header;
  for (const entry of entries) {
    task.entries.push(entry);
    task.fold.apply(entry);
    task.closed = isClosing(entry);
    if (entry.kind === 'input') task.newest = { entry, message: entry.message };
    if (entry.kind === 'input' || entry.kind === 'resume') task.inputSeq = entry.seq;
    if (entry.kind === 'cancel') task.cancelSeq = entry.seq;
    if (entry.kind === 'status') applyStatus(task, entry);
  }
}

function applyStatus(
  task: TaskFile,
  { state, ts, upTo = 0, pause }: Extract<LogEntry, { kind: 'status' }>,
): void {
  task.state = state;
  task.statusTs = ts;
  if (isWaiting(state)) task.answeredTo = Math.max(task.answeredTo, upTo);
  if (pause !== undefined) task.doneSeq = Math.max(task.doneSeq, upTo);
}

/** Whether a task in this state waits for its client. */
export function isWaiting(state: TaskState): boolean {
  return state === 'TASK_STATE_INPUT_REQUIRED' || state === 'TASK_STATE_AUTH_REQUIRED';
}

/** Adds a line to a file. What a write that failed may have left behind is cut off before the next one. */
export async function appendLine(place: Place, text: string): Promise<void> {
  try {
    if (place.isTorn) await truncate(place.path, place.bytes);
    place.isTorn = true;
    await appendFile(place.path, text);
    place.isTorn = false;
    place.bytes += Buffer.byteLength(text);
  } catch (cause) {
    throw new StorageError('unavailable', `${place.path} can not be written`, { cause });
  }
}

/** A line as a restart would read it, frozen: nobody can change what is handed out. */
export function parseLine(text: string): Line {
  const line: unknown = JSON.parse(text, (_, value: unknown) => Object.freeze(value));
  return line as Line; // only we write these files
}
