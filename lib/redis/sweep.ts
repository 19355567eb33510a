import { parseScope, unescapeText } from './keys.ts';
import { OVER, REMOVE } from './scripts/upkeep.ts';
import type { StorageParts } from './storage.ts';
import { STATE_LETTERS } from './task-states.ts';
import { boundText, list, number, text } from './wire.ts';
import type { TaskState } from '../protocol/v1.ts';

/** `Storage.sweep`: removes what is left of finished tasks. Headers and logs may have expired already; lists have not. */
export async function sweep(parts: StorageParts, limit: number): Promise<number> {
  const { commands, keys, settings } = parts;
  const { finishedMs, finishedTasks } = settings.retention;
  const most = Math.min(finishedTasks, Number.MAX_SAFE_INTEGER);
  const over = list(await commands.run(OVER, [keys.finished], boundText(finishedMs), most, limit));
  const removed = await Promise.all(over.map((member) => remove(parts, text(member))));
  return removed.reduce((sum, it) => sum + it, 0);
}

async function remove({ commands, keys, homes }: StorageParts, member: string): Promise<number> {
  // `close` in the scripts wrote it
  const [id, state, statusTs, scope, contextId] = JSON.parse(member) as [
    ...[string, TaskState, string, string, string],
  ];
  const taskId = unescapeText(id);
  const declared = [
    ...[keys.header(taskId), keys.log(taskId), keys.checkpoint(taskId)],
    ...[keys.list(scope), keys.list(scope, unescapeText(contextId)), keys.finished],
    ...[keys.webhooks(taskId), keys.dueWebhooks(parseScope(scope).agent)],
  ];
  const rows = [`*${statusTs}${id}`, `${STATE_LETTERS[state]}${statusTs}${id}`];
  homes.forget(taskId);
  return number(await commands.run(REMOVE, declared, member, statusTs, ...rows, id));
}
