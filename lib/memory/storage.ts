import { withShape } from '../core/fold.ts';
import type { Scope, TaskId } from '../core/log.ts';
import type { Storage, TaskPage, TaskQuery, TaskSnapshot } from '../core/storage.ts';
import { append } from './append.ts';
import { addInput, createTask, requestCancel } from './client-writes.ts';
import { claim, release, renew } from './leases.ts';
import type { TaskList } from './list-index.ts';
import { foldOf } from './settle.ts';
import { pushSteps } from './push-storage.ts';
import type { TaskRecord } from './task-record.ts';
import type { TaskTable } from './task-table.ts';

/**
 * Tasks in the memory of this process. They go when it ends; several routers and workers of one process may share them.
 * Needs no upkeep: each write also removes a few records whose retention is over. `close` leaves everything readable.
 */
export function createMemoryStorage(table: TaskTable): Storage {
  const push = pushSteps(table);
  return {
    shared: false,
    push: {
      save: inOneStep(push.save),
      list: inOneStep(push.list),
      delete: inOneStep(push.delete),
      claim: inOneStep(push.claim),
      ack: inOneStep(push.ack),
      retry: inOneStep(push.retry),
      disable: inOneStep(push.disable),
    },
    init: () => Promise.resolve(),
    close: () => Promise.resolve(),
    createTask: inOneStep((init) => createTask(table, init)),
    addInput: inOneStep((scope, taskId, input) => addInput(table, scope, taskId, input)),
    requestCancel: inOneStep((scope, taskId, graceMs, metadata) =>
      requestCancel(table, scope, taskId, graceMs, metadata),
    ),
    append: inOneStep((lease, producerSeq, entries) => append(table, lease, producerSeq, entries)),
    claim: inOneStep((by) => claim(table, by)),
    renew: inOneStep((lease, leaseMs) => renew(table, lease, leaseMs)),
    release: inOneStep((lease, delayMs, clean) => release(table, lease, delayMs, clean)),
    loadTask: inOneStep((taskId, scope) => loadTask(table, taskId, scope)),
    read: inOneStep((taskId, after, limit, maxBytes) => {
      const record = table.find(taskId);
      if (record === undefined) return { entries: [], head: 0, first: 1, closed: false };
      const entries = record.log.read(after, limit, maxBytes);
      return { entries, head: record.seq, first: record.log.first, closed: record.closedAt !== undefined };
    }),
    heads: inOneStep((taskIds) => headsOf(table, taskIds)),
    listTasks: inOneStep((scope, query) => listTasks(table, scope, query)),
    sweep: inOneStep((limit) => table.expire(limit)),
  };
}

/** Runs at once and without a gap; what is thrown rejects. */
function inOneStep<A extends readonly unknown[], R>(
  step: (...args: A) => R,
): (...args: A) => Promise<Awaited<R>> {
  return (...args) => {
    try {
      return Promise.resolve(step(...args));
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  };
}

function loadTask(table: TaskTable, taskId: TaskId, scope?: Scope): TaskSnapshot | undefined {
  const record = table.find(taskId, scope);
  if (record === undefined) return undefined;
  return {
    scope: record.scope,
    task: foldOf(record).snapshot(),
    seq: record.seq,
    ts: record.ts,
    closed: record.closedAt !== undefined,
    answers: record.answers,
    first: record.log.first,
  };
}

function headsOf(table: TaskTable, taskIds: readonly TaskId[]): Awaited<ReturnType<Storage['heads']>> {
  const heads = new Map<TaskId, { head: number; closed: boolean }>();
  for (const taskId of taskIds) {
    const record = table.find(taskId);
    if (record !== undefined) heads.set(taskId, { head: record.seq, closed: record.closedAt !== undefined });
  }
  return heads;
}

function listTasks(table: TaskTable, scope: Scope, query: TaskQuery): TaskPage {
  table.removeDue();
  const list = table.listed.of(scope, query.contextId);
  const isWanted = ({ state }: TaskRecord) => query.state === undefined || state === query.state;
  // no id sorts before the empty one, so tasks of that very millisecond are in
  const oldest = query.statusSince === undefined ? 0 : list.countBefore({ ts: query.statusSince, id: '' });
  const total = query.state === undefined ? list.size - oldest : countFrom(list, oldest, isWanted);
  const page: TaskRecord[] = [];
  let index = (query.after === undefined ? list.size : list.countBefore(query.after)) - 1;
  for (; index >= oldest && page.length <= query.limit; index -= 1) {
    const record = list.at(index);
    if (record !== undefined && isWanted(record)) page.push(record);
  }
  const rows = page.slice(0, query.limit);
  const last = rows.at(-1);
  return {
    tasks: rows.map((record) => withShape(foldOf(record).snapshot(), query)),
    ...(page.length > rows.length && last !== undefined && { next: { ts: last.statusTs, id: last.id } }),
    total,
  };
}

function countFrom(
  list: TaskList<TaskRecord>,
  from: number,
  isWanted: (record: TaskRecord) => boolean,
): number {
  let count = 0;
  for (let index = from; index < list.size; index += 1) {
    const record = list.at(index);
    if (record !== undefined && isWanted(record)) count += 1;
  }
  return count;
}
