import { expect } from '@jest/globals';
import { foldLog, isClosing } from '../../lib/core/fold.ts';
import type { EntryBody, LogEntry, Seq, TaskId } from '../../lib/core/log.ts';
import type { ClaimedTask, Lease, Storage, WriteResult } from '../../lib/core/storage.ts';
import { isInterrupted, isTerminal } from '../../lib/protocol/states.ts';
import type { FakeClock } from '../helpers/fake-clock.ts';

/** What the model knows of a lease that was given out. */
export interface ModelLease {
  readonly lease: Lease;
  until: number;
  /** Where the next append under it stands. */
  producerSeq: number;
  last: { readonly bodies: readonly EntryBody[]; readonly result: WriteResult } | undefined;
}

/** What the model expects of a task, worked out from the results of calls alone. */
export interface ModelTask {
  readonly id: TaskId;
  readonly entries: LogEntry[];
  readonly leases: ModelLease[];
  /** The lease that is accepted now. */
  current: ModelLease | undefined;
  dueAt: number | undefined;
  doneSeq: Seq;
}

export interface Model {
  readonly tasks: ModelTask[];
}

export interface Real {
  readonly storage: Storage;
  readonly clock: FakeClock;
}

export const stateOf = ({ entries }: ModelTask) => foldLog(entries).status.state;
export const isClosed = ({ entries }: ModelTask) => entries.some(isClosing);
export const isCancelling = ({ entries }: ModelTask) => entries.some(({ kind }) => kind === 'cancel');
export const isLive = ({ current }: ModelTask, now: number) => current !== undefined && now < current.until;

/** The inputs that no finished run has processed. */
export function pendingOf({ entries, doneSeq }: ModelTask): LogEntry[] {
  return entries.filter(({ kind, seq }) => seq > doneSeq && ['open', 'input', 'resume'].includes(kind));
}

/** Takes over what a write gave back. */
export function take(task: ModelTask, result: WriteResult): void {
  if (!result.ok) return;
  task.entries.push(...result.entries);
  if (!isClosed(task)) return;
  task.current = undefined;
  task.dueAt = undefined;
}

/** Which tasks a claim has to choose from, in the order in which they became due. */
export function dueTasks({ tasks }: Model, now: number): ModelTask[] {
  return tasks
    .filter(({ dueAt }) => dueAt !== undefined && dueAt <= now)
    .sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0));
}

/** Takes over a claim, which must have been allowed. */
export function takeClaim(task: ModelTask, claimed: ClaimedTask, now: number, leaseMs: number): void {
  expect(isClosed(task)).toBe(false);
  expect(isLive(task, now)).toBe(false);
  expect(claimed.lease.epoch).toBeGreaterThan(Math.max(0, ...task.leases.map(({ lease }) => lease.epoch)));
  expect(claimed.pending).toEqual(pendingOf(task));
  expect(claimed.doneSeq).toBe(task.doneSeq);
  expect(claimed.cancelRequested).toBe(isCancelling(task));
  const hasWork = pendingOf(task).length > 0 || isCancelling(task);
  const reason = hasWork ? (task.current === undefined ? 'work' : 'lease-expired') : 'deadline';
  expect(claimed.reason).toBe(reason);
  task.current = { lease: claimed.lease, until: now + leaseMs, producerSeq: 0, last: undefined };
  task.leases.push(task.current);
  task.dueAt = task.current.until;
}

/** Takes over what a pause does to the lease. */
export function takePause(task: ModelTask, pause: EntryBody, more: boolean, now: number): void {
  if (pause.kind !== 'status' || pause.pause === undefined || isClosed(task)) return;
  task.doneSeq = Math.max(task.doneSeq, pause.upTo ?? 0);
  // a message that the run had not seen keeps the lease, and nothing else does
  expect(more).toBe(pendingOf(task).length > 0);
  if (more) return;
  task.current = undefined;
  const { timeoutMs } = pause.pause;
  if (isCancelling(task)) task.dueAt = now;
  else task.dueAt = timeoutMs === undefined ? undefined : now + timeoutMs;
}

/** I1 to I5, I8 and I11, for every task. */
export async function checkAll({ tasks }: Model, { storage, clock }: Real): Promise<void> {
  for (const task of tasks) {
    const { entries, head, closed } = await storage.read(task.id, 0, 1e6, 1e9);
    expect(entries).toEqual(task.entries);
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
    expect([head, closed]).toEqual([entries.length, isClosed(task)]);
    expect(entries.filter(isClosing)).toEqual(isClosed(task) ? [entries.at(-1)] : []);
    const snapshot = await storage.loadTask(task.id);
    expect(snapshot?.task).toEqual(foldLog(entries));
    expect(snapshot?.seq).toBe(head);
    const epochs = entries.map(({ epoch }) => epoch).filter((epoch) => epoch > 0);
    expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
    const times = entries.map(({ ts }) => ts);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const rests = isClosed(task) || (pendingOf(task).length === 0 && isInterrupted(stateOf(task)));
    if (!rests && !isLive(task, clock.elapsed())) expect(task.dueAt).toBeDefined();
  }
}

/** I8 at last: whoever has not ended and has work is given out, once every lease is over. */
export async function checkLiveness({ tasks }: Model, { storage, clock }: Real): Promise<void> {
  clock.advance(1e9);
  const claimed = await storage.claim({ worker: 'last', agent: 'suite', limit: 1e6, leaseMs: 1 });
  const given = claimed.map(({ lease }) => lease.taskId).sort();
  const waiting = tasks.filter((task) => !isClosed(task) && task.dueAt !== undefined).map(({ id }) => id);
  expect(given).toEqual(waiting.sort());
  for (const task of tasks) {
    const mustRun = !isClosed(task) && (pendingOf(task).length > 0 || isCancelling(task));
    if (mustRun) expect(given).toContain(task.id);
    if (isTerminal(stateOf(task))) expect(given).not.toContain(task.id);
  }
}
