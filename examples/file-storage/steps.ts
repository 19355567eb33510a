import { randomUUID } from 'node:crypto';
import { isClosing } from 'express-a2a';
import type {
  ClaimedTask,
  EntryBody,
  Lease,
  Message,
  Metadata,
  NewInput,
  Refusal,
  Seq,
  StatusBody,
  WriteResult,
} from 'express-a2a';
import { isWaiting, type Header, type TaskFile } from './task-file.ts';

/** What is to be written: entries, and what changes in the header with them. */
export interface Step {
  readonly bodies: readonly EntryBody[];
  readonly change: Partial<Header>;
  readonly epoch?: number;
}

const WORKING: EntryBody = { kind: 'status', state: 'TASK_STATE_WORKING' };
const CANCELED: EntryBody = { kind: 'status', state: 'TASK_STATE_CANCELED' };
const NO_LEASE = { until: null, dueAt: null };

/** A message, or the news that a task may go on. The idempotency key has been looked up before. */
export function inputStep(task: TaskFile, input: NewInput, now: number): Step | WriteResult {
  if (task.closed) return refused('closed', task);
  if (task.cancelSeq > 0) return refused('cancelling', task);
  if ('resume' in input && task.state !== 'TASK_STATE_AUTH_REQUIRED') return refused('not-waiting', task);
  if ('message' in input && isRetransmission(task, input.message)) {
    return repeated(task, task.newest.entry.seq);
  }
  if ('message' in input && input.ifWaiting === true && !isWaiting(task.state)) return refused('busy', task);
  const body: EntryBody =
    'resume' in input
      ? { kind: 'resume', data: input.resume }
      : { kind: 'input', message: input.message, request: input.request };
  return {
    bodies: isWaiting(task.state) ? [body, WORKING] : [body],
    change: isLive(task, now) ? {} : { dueAt: now },
  };
}

export function cancelStep(
  task: TaskFile,
  graceMs: number,
  metadata: Metadata | undefined,
  now: number,
): Step | WriteResult {
  if (task.closed) return refused('closed', task);
  if (task.cancelSeq > 0) return repeated(task, task.cancelSeq);
  const cancel: EntryBody = { kind: 'cancel', ...(metadata !== undefined && { metadata }) };
  if (!isLive(task, now)) return { bodies: [cancel, CANCELED], change: NO_LEASE };
  const until = Math.min(task.header.until ?? now, now + graceMs);
  return { bodies: [cancel], change: { until, cap: until, dueAt: until } };
}

export function appendStep(
  task: TaskFile,
  lease: Lease,
  producerSeq: number,
  bodies: readonly EntryBody[],
  now: number,
): Step | WriteResult {
  const { leaseId, until, producerSeq: newest, lastSeq, more: hadMore, started } = task.header;
  if (leaseId !== lease.id) return refused('fenced', task);
  if (producerSeq <= newest) return { ...repeated(task, lastSeq), ...(hadMore && { more: true }) };
  if (task.closed) return refused('closed', task);
  if (until === null) return refused('fenced', task);
  if (producerSeq > newest + 1) return refused('gap', task);
  const end = bodies.at(-1);
  const before = bodies.slice(0, -1);
  if (before.some(isClosing)) return refused('closed', task);
  if (before.some(isPause) && end !== undefined && !isClosing(end)) return refused('fenced', task);
  const ending = end === undefined ? {} : changeBy(task, end, now);
  const more = ending.until === undefined && end !== undefined && isPause(end);
  const written = more ? [...bodies, WORKING] : bodies;
  return {
    bodies: written,
    change: {
      ...{ started: started || bodies.some(({ kind }) => kind === 'start'), ...ending },
      ...{ producerSeq, lastSeq: task.entries.length + written.length, more },
    },
    epoch: lease.epoch,
  };
}

/** What the last entry of an append does to the lease. */
function changeBy(task: TaskFile, end: EntryBody, now: number): Partial<Header> {
  if (isClosing(end)) return NO_LEASE;
  if (!isPause(end)) return {};
  // a lease that is kept counts as the first attempt at what came meanwhile
  if (task.inputSeq > Math.max(task.doneSeq, end.upTo ?? 0)) return { attempt: 1, started: false };
  const { timeoutMs } = end.pause;
  const waitsUntil = timeoutMs === undefined ? null : now + timeoutMs;
  return { until: null, dueAt: task.cancelSeq > 0 ? now : waitsUntil, attempt: 0, started: false };
}

export function claimStep(
  task: TaskFile,
  leaseMs: number,
  now: number,
): { step: Step; claimed: ClaimedTask } {
  const { header, scope, answers, doneSeq, newest } = task;
  const pending = task.entries.filter(({ seq, kind }) => seq > doneSeq && isWork(kind));
  const cancelRequested = task.cancelSeq > 0;
  const [epoch, attempt, until] = [header.epoch + 1, header.attempt + 1, now + leaseMs];
  const lease = { taskId: task.id, id: randomUUID(), epoch };
  const work = header.until === null ? 'work' : 'lease-expired';
  const change = {
    ...{ epoch, leaseId: lease.id, until, dueAt: until, attempt },
    // a task that is to end gets one lease to do it in
    cap: cancelRequested ? until : null,
    ...{ producerSeq: 0, lastSeq: task.entries.length, more: false },
  };
  const reason = pending.length === 0 && !cancelRequested ? 'deadline' : work;
  const claimed: ClaimedTask = {
    ...{ lease, scope, answers, doneSeq, head: task.entries.length, pending, newest: newest.entry },
    ...{ attempt, startedBefore: header.started, cancelRequested, reason },
  };
  return { step: { bodies: [], change }, claimed };
}

/** Undefined when the lease is not current. */
export function renewStep(task: TaskFile, lease: Lease, leaseMs: number, now: number): Step | undefined {
  const { until: old, cap, leaseId } = task.header;
  if (old === null || leaseId !== lease.id) return undefined;
  const until = Math.min(cap ?? Infinity, Math.max(old, now + leaseMs));
  return { bodies: [], change: { until, dueAt: until } };
}

/** Undefined when the lease is not current. */
export function releaseStep(
  task: TaskFile,
  lease: Lease,
  delayMs: number,
  clean: boolean,
  now: number,
): Step | undefined {
  if (task.header.until === null || task.header.leaseId !== lease.id) return undefined;
  // a cancel does not wait
  const dueAt = task.cancelSeq > 0 ? now : now + delayMs;
  return { bodies: [], change: { until: null, dueAt, ...(clean && { attempt: 0, started: false }) } };
}

function isLive({ header: { until } }: TaskFile, now: number): boolean {
  return until !== null && now < until;
}

function isPause(body: EntryBody): body is StatusBody & Required<Pick<StatusBody, 'pause'>> {
  return body.kind === 'status' && body.pause !== undefined;
}

function isWork(kind: EntryBody['kind']): boolean {
  return kind === 'open' || kind === 'input' || kind === 'resume';
}

/** Whether it is the newest message once more, in what its sender decides, and nothing has answered it yet. */
function isRetransmission({ newest: { entry, message }, answeredTo }: TaskFile, given: Message): boolean {
  if (message === undefined || answeredTo >= entry.seq) return false;
  return sentText(message) === sentText(given);
}

/** What the sender decides, with the keys of objects in one order. Ids that the server fills in are left out. */
function sentText({ messageId, role, parts, metadata, extensions, referenceTaskIds }: Message): string {
  const fields = { messageId, role, parts, metadata, extensions, referenceTaskIds };
  return JSON.stringify(fields, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

export function repeated(task: TaskFile, seq: Seq): Extract<WriteResult, { ok: true }> {
  return { ok: true, seq, closed: task.closed, entries: [], duplicate: true };
}

/** The state says how a task ended, where it has one: a bare message has none. */
export function refused(reason: Refusal, task?: TaskFile): WriteResult {
  const hasState = task !== undefined && !(reason === 'closed' && task.entries.at(-1)?.kind === 'message');
  return { ok: false, reason, ...(hasState && { state: task.state }) };
}
