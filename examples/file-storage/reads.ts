import { withShape } from 'express-a2a';
import type { LogEntry, Seq, SortKey, Storage, TaskPage, TaskQuery, TaskSnapshot } from 'express-a2a';
import type { TaskFile } from './task-file.ts';

/** One consistent read: nothing is written while it runs. */
export function snapshotOf({ scope, fold, entries, closed, answers }: TaskFile): TaskSnapshot {
  const ts = entries.at(-1)?.ts ?? 0;
  return { scope, task: fold.snapshot(), seq: entries.length, ts, closed, answers, first: 1 };
}

/** A page of the log: at most `limit` entries and `maxBytes`, but at least one. */
export function readLog(
  task: TaskFile | undefined,
  after: Seq,
  limit: number,
  maxBytes: number,
): Awaited<ReturnType<Storage['read']>> {
  if (task === undefined) return { entries: [], head: 0, first: 1, closed: false };
  const entries: LogEntry[] = [];
  let bytes = 0;
  for (const entry of task.entries.slice(after, after + limit)) {
    bytes += JSON.stringify(entry).length;
    if (bytes > maxBytes && entries.length > 0) break;
    entries.push(entry);
  }
  return { entries, head: task.entries.length, first: 1, closed: task.closed };
}

/** Looks at every task of the scope; a store for millions has an index on (scope, status time, id). */
export function listPage(tasks: readonly TaskFile[], query: TaskQuery): TaskPage {
  const { contextId, state, statusSince = 0, after, limit } = query;
  const found = tasks
    .filter(
      (task) =>
        task.answers === 'task' &&
        task.statusTs >= statusSince &&
        (state === undefined || task.state === state) &&
        (contextId === undefined || task.contextId === contextId),
    )
    .sort((a, b) => (isBefore(keyOf(a), keyOf(b)) ? -1 : 1));
  const rest = after === undefined ? found : found.filter((task) => isBefore(after, keyOf(task)));
  const rows = rest.slice(0, limit);
  const last = rows.at(-1);
  return {
    tasks: rows.map(({ fold }) => withShape(fold.snapshot(), query)),
    ...(rest.length > rows.length && last !== undefined && { next: keyOf(last) }),
    total: found.length,
  };
}

function keyOf({ statusTs, id }: TaskFile): SortKey {
  return { ts: statusTs, id };
}

/** Newest status first, then the greater id. */
function isBefore(a: SortKey, b: SortKey): boolean {
  return a.ts === b.ts ? a.id > b.id : a.ts > b.ts;
}
