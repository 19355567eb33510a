import { createFold } from '../core/fold.ts';
import type { LogEntry, Scope, Seq, StoredTask, TaskId } from '../core/log.ts';
import { StorageError, type Storage, type TaskSnapshot } from '../core/storage.ts';
import type { RedisCommands } from './commands.ts';
import { parseStored } from './format.ts';
import { parseScope, scopeText, type RedisKeys } from './keys.ts';
import { LOAD, READ } from './scripts/reads.ts';
import type { StorageParts } from './storage.ts';
import { decode, list, oneOf, text } from './wire.ts';

const ANSWERS = ['task', 'message'] as const;

/** A snapshot with what upkeep and listings ask for. */
export interface LoadedTask extends TaskSnapshot {
  readonly checkpointSeq: Seq;
  /** Bytes of the checkpoint and of the log after it. */
  readonly bytes: number;
  readonly statusTs: number;
}

/** Loads a task: its checkpoint, and the entries after it. Undefined when unknown or of another scope. */
export async function load(
  { commands, keys }: { readonly commands: RedisCommands; readonly keys: RedisKeys },
  taskId: TaskId,
  scope?: Scope,
): Promise<LoadedTask | undefined> {
  const declared = [keys.header(taskId), keys.log(taskId), keys.checkpoint(taskId)];
  const reply = await commands.run(LOAD, declared, scope ? scopeText(scope) : '');
  if (reply === null) return undefined;
  const [header, checkpoint, log] = list(reply);
  const [sc = '', answers, seq, ts, closed, first, checkpointSeq, bytes, statusTs] = list(header).map(text);
  const entries = list(log).map(decode);
  const reached = entries.at(-1)?.seq ?? Number(checkpointSeq);
  const task = reached === Number(seq) ? foldOf(checkpoint, entries) : undefined;
  if (task === undefined) {
    // a full server that evicts by `volatile-*` takes what has a time to live: what is left of a finished task is none
    if (closed === '1') return undefined;
    throw new StorageError('unavailable', `Redis holds no whole log of task ${taskId}: was it evicted?`);
  }
  return {
    scope: parseScope(sc),
    task,
    seq: Number(seq),
    ts: Number(ts),
    closed: closed === '1',
    answers: oneOf(ANSWERS, answers),
    first: Number(first),
    checkpointSeq: Number(checkpointSeq),
    bytes: Number(bytes),
    statusTs: Number(statusTs),
  };
}

/** Undefined without a beginning. */
function foldOf(checkpoint: unknown, entries: readonly LogEntry[]): StoredTask | undefined {
  const [open] = entries;
  if (typeof checkpoint === 'string') {
    const fold = createFold(parseStored(checkpoint) as StoredTask); // `CHECKPOINT` was given one
    for (const entry of entries) fold.apply(entry);
    return fold.snapshot();
  }
  if (open?.kind !== 'open') return undefined;
  const fold = createFold(open);
  for (const entry of entries.slice(1)) fold.apply(entry);
  return fold.snapshot();
}

/** `Storage.loadTask`. Repairs, beside, what a process that died after the end has left undone. */
export async function loadTask(
  parts: StorageParts,
  taskId: TaskId,
  scope?: Scope,
): Promise<TaskSnapshot | undefined> {
  const loaded = await load(parts, taskId, scope);
  if (loaded === undefined) return undefined;
  const { checkpointSeq, bytes: _bytes, statusTs: _statusTs, ...snapshot } = loaded;
  if (snapshot.closed && checkpointSeq < snapshot.seq) parts.checkpoints.request(taskId);
  return snapshot;
}

/** `Storage.read`. */
export async function read(
  { commands, keys }: StorageParts,
  ...[taskId, after, limit, maxBytes]: Parameters<Storage['read']>
): ReturnType<Storage['read']> {
  const declared = [keys.header(taskId), keys.log(taskId)];
  const reply = list(await commands.run(READ, declared, after, limit, maxBytes));
  const [head, first, closed] = list(reply[0]);
  return {
    entries: list(reply[1]).map(decode),
    head: Number(head ?? 0),
    first: Number(first ?? 1),
    closed: closed === '1',
  };
}

/** `Storage.heads`. Commands of one turn go out as one pipeline. */
export async function heads(
  { commands, keys }: StorageParts,
  taskIds: readonly TaskId[],
): ReturnType<Storage['heads']> {
  const found = await Promise.all(
    taskIds.map(async (taskId) => {
      const key = keys.header(taskId);
      const [head, closed] = list(await commands.send(key, 'HMGET', key, 'sq', 'cl'));
      return [taskId, { head: Number(head ?? 0), closed: closed === '1' }] as const;
    }),
  );
  return new Map(found.filter(([, { head }]) => head > 0));
}
