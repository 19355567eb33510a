import { randomUUID } from 'node:crypto';
import type { TaskId } from '../core/log.ts';
import type { ClaimedTask, Lease, Storage } from '../core/storage.ts';
import { escapeText, parseScope, unescapeText } from './keys.ts';
import { CLAIM_ONE, DUE, RELEASE, RENEW } from './scripts/leases.ts';
import type { StorageParts } from './storage.ts';
import { decode, list, number, oneOf, text } from './wire.ts';

const REASONS = ['work', 'lease-expired', 'deadline'] as const;
const ANSWERS = ['task', 'message'] as const;

/**
 * `Storage.claim`: looks which tasks are due, then takes each in a step of its own, many at once. Where the connection breaks
 * meanwhile, gives those that it has got: nobody else would get them before their leases end.
 */
export async function claim(
  parts: StorageParts,
  { agent, limit, leaseMs, taskId }: Parameters<Storage['claim']>[0],
): Promise<readonly ClaimedTask[]> {
  const { commands, keys } = parts;
  const due = keys.due(agent);
  const found =
    taskId === undefined
      ? list(await commands.run(DUE, [due], limit * 4)).map((it) => unescapeText(text(it)))
      : [taskId];
  const claimed: ClaimedTask[] = [];
  // in waves: others may have taken some of the oldest meanwhile
  while (found.length > 0 && claimed.length < limit) {
    const wave = found.splice(0, limit - claimed.length);
    const taken = await Promise.allSettled(wave.map((it) => take(parts, it, due, leaseMs)));
    for (const it of taken) if (it.status === 'fulfilled' && it.value !== undefined) claimed.push(it.value);
    const failed = taken.find((it) => it.status === 'rejected');
    if (failed !== undefined && claimed.length > 0) break;
    if (failed !== undefined) throw failed.reason;
  }
  return claimed;
}

/** How long what this version can not read is left to others. */
export const LEFT_MS = 1000;

async function take(
  parts: StorageParts,
  taskId: TaskId,
  due: string,
  leaseMs: number,
): Promise<ClaimedTask | undefined> {
  const { commands, keys, homes, settings } = parts;
  const declared = [keys.header(taskId), keys.log(taskId), keys.pending(taskId), due];
  // made here: a script has no random numbers of its own
  const id = randomUUID();
  const reply = await commands.run(CLAIM_ONE, declared, escapeText(taskId), id, leaseMs);
  if (reply === null) return undefined;
  try {
    return claimedOf(taskId, list(reply), homes);
  } catch (error) {
    settings.logger.error({ err: error, taskId }, 'a task that can not be read is left to other workers');
    await release(parts, { taskId, id, epoch: 0 }, LEFT_MS, false);
    return undefined;
  }
}

function claimedOf(taskId: TaskId, reply: readonly unknown[], homes: StorageParts['homes']): ClaimedTask {
  const [
    id,
    epoch,
    scope,
    contextId,
    answers,
    doneSeq,
    attempt,
    started,
    cancel,
    reason,
    pending,
    newest,
    head,
  ] = reply;
  homes.remember(taskId, { scope: text(scope), contextId: unescapeText(text(contextId)) });
  return {
    lease: { taskId, id: text(id), epoch: number(epoch) },
    scope: parseScope(text(scope)),
    answers: oneOf(ANSWERS, answers),
    doneSeq: number(doneSeq),
    head: number(head),
    pending: list(pending).map(decode),
    newest: decode(newest),
    attempt: number(attempt),
    startedBefore: started === 1,
    cancelRequested: cancel !== 0,
    reason: oneOf(REASONS, reason),
  };
}

/** `Storage.renew` in one step. */
export async function renew(
  { commands, keys, homes }: StorageParts,
  { taskId, id }: Lease,
  leaseMs: number,
): ReturnType<Storage['renew']> {
  const home = await homes.find(taskId);
  if (home === undefined) return { ok: false };
  const reply = await commands.run(RENEW, keys.ofWrite(taskId, home), escapeText(taskId), id, leaseMs);
  if (reply === null) return { ok: false };
  const [leftMs = 0, cancel, inputSeq = 0] = list(reply).map(number);
  return { ok: true, leftMs, cancelRequested: cancel !== 0, inputSeq };
}

/** `Storage.release` in one step. */
export async function release(
  { commands, keys, homes }: StorageParts,
  { taskId, id }: Lease,
  delayMs: number,
  clean: boolean,
): Promise<boolean> {
  const home = await homes.find(taskId);
  if (home === undefined) return false;
  const args = [escapeText(taskId), id, delayMs, clean ? 1 : 0];
  return (await commands.run(RELEASE, keys.ofWrite(taskId, home), ...args)) === 1;
}
