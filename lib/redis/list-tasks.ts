import { withShape } from '../core/fold.ts';
import type { Scope } from '../core/log.ts';
import type { SortKey, Storage, TaskQuery } from '../core/storage.ts';
import { escapeText, scopeText, unescapeText } from './keys.ts';
import { load } from './reads.ts';
import { LIST } from './scripts/reads.ts';
import type { StorageParts } from './storage.ts';
import { sweep } from './sweep.ts';
import { STATE_LETTERS } from './task-states.ts';
import { list, number, text } from './wire.ts';

/** Finished tasks that a listing removes on its way, in one go. */
const SWEEP = 100;

/** `Storage.listTasks`. A row is a filter, the status time in 13 digits, and the id, so that rows are sorted as text. */
export async function listTasks(
  parts: StorageParts,
  scope: Scope,
  query: TaskQuery,
): ReturnType<Storage['listTasks']> {
  // what is over may not have been swept yet, and is not to be counted
  while ((await sweep(parts, SWEEP)) === SWEEP);
  const { total, rows } = await page(parts, scope, query);
  const kept = rows.slice(0, query.limit);
  const tasks = await Promise.all(
    kept.map(async ({ id, ts }) => {
      const loaded = await load(parts, id, scope);
      // one that has just gone, or moved to the top, is not in its place any more
      return loaded?.statusTs === ts ? withShape(loaded.task, query) : undefined;
    }),
  );
  const next = rows.length > kept.length ? kept.at(-1) : undefined;
  return { tasks: tasks.filter((it) => it !== undefined), ...(next && { next }), total };
}

async function page(
  { commands, keys }: StorageParts,
  scope: Scope,
  { contextId, state, statusSince, after, limit }: TaskQuery,
): Promise<{ total: number; rows: readonly SortKey[] }> {
  const filter = state === undefined ? '*' : STATE_LETTERS[state];
  const lowest = `[${filter}${timeText(statusSince ?? 0)}`;
  // a colon comes after all digits
  const highest = `(${filter}:`;
  const from = after === undefined ? highest : `(${filter}${timeText(after.ts)}${escapeText(after.id)}`;
  const key = keys.list(scopeText(scope), contextId);
  const [total, found] = list(await commands.run(LIST, [key], lowest, highest, from, limit + 1));
  const rows = list(found).map((row) => ({
    ts: Number(text(row).slice(1, 14)),
    id: unescapeText(text(row).slice(14)),
  }));
  return { total: number(total), rows };
}

/** As rows have it; a time beyond 13 digits is one that no row has. */
function timeText(ms: number): string {
  return String(Math.min(Math.max(0, Math.ceil(ms)), 9_999_999_999_999)).padStart(13, '0');
}
