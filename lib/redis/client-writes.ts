import type { Metadata, Scope, TaskId } from '../core/log.ts';
import {
  StorageError,
  type Idempotency,
  type NewInput,
  type NewTask,
  type Storage,
  type WriteResult,
} from '../core/storage.ts';
import { escapeText, scopeText, unescapeText } from './keys.ts';
import { messageDigest } from './message-digest.ts';
import { CANCEL } from './scripts/cancel.ts';
import { CREATE } from './scripts/create.ts';
import { INPUT } from './scripts/input.ts';
import type { StorageParts } from './storage.ts';
import { webhookArgs } from './webhook-wire.ts';
import { boundText, canceledText, decodeBody, encode, list, number, text, workingText } from './wire.ts';
import { write } from './write-result.ts';

const REFUSED = {
  exists: 'There is a task of this id already',
  full: 'As many tasks are active as are taken in',
  'too-large': 'The task is larger than one may be',
  'key-reused': 'The idempotency key belongs to another call',
} as const;

/** `Storage.createTask` in one step. */
export async function createTask(
  { commands, keys, homes, settings: { limits } }: StorageParts,
  init: NewTask,
): ReturnType<Storage['createTask']> {
  const { task, request, answers, idempotency } = init;
  const home = { scope: scopeText(init.scope), contextId: task.contextId };
  const message = task.history?.at(-1);
  const body = encode({ kind: 'open', task, request, answers });
  const reply = list(
    await commands.run(
      CREATE,
      keys.ofWrite(task.id, home, idempotency),
      ...[escapeText(task.id), home.scope, escapeText(home.contextId), answers, task.status.state],
      ...[message ? messageDigest(message) : '', body],
      ...[...idempotencyArgs(idempotency), limits.taskBytes, limits.activeTasks],
      ...webhookArgs(init.push),
    ),
  );
  const [code, first, seq, ts] = reply;
  if (code !== 'ok' && code !== 'duplicate') {
    const reason = text(code) as keyof typeof REFUSED; // the script gives no others
    throw new StorageError(reason, REFUSED[reason]);
  }
  if (code === 'duplicate') return { created: false, taskId: unescapeText(text(first)), seq: number(seq) };
  homes.remember(task.id, home);
  return { created: true, taskId: task.id, seq: 1, entry: decodeBody(body, 1, number(ts), 0) };
}

/** `Storage.addInput` in one step. */
export async function addInput(
  parts: StorageParts,
  scope: Scope,
  taskId: TaskId,
  input: NewInput,
): Promise<WriteResult> {
  const isMessage = 'message' in input;
  const idempotency = isMessage ? input.idempotency : undefined;
  const body = encode(
    isMessage
      ? { kind: 'input', message: input.message, request: input.request }
      : { kind: 'resume', ...(input.resume !== undefined && { data: input.resume }) },
  );
  const digest = isMessage ? messageDigest(input.message) : '';
  const waiting = isMessage && input.ifWaiting === true ? 1 : 0;
  const { commands, keys, homes, settings } = parts;
  const { taskBytes, logEntries, webhooks } = settings.limits;
  const push = webhookArgs(isMessage ? input.push : undefined);
  const home = await homes.find(taskId);
  if (home?.scope !== scopeText(scope)) return { ok: false, reason: 'not-found' };
  return write(parts, taskId, [body, workingText], () =>
    commands.run(
      INPUT,
      keys.ofWrite(taskId, home, idempotency),
      ...[escapeText(taskId), home.scope, isMessage ? 'input' : 'resume', body, digest, workingText],
      ...[taskBytes, ...idempotencyArgs(idempotency), waiting, logEntries],
      ...[...push, webhooks],
    ),
  );
}

/** `Storage.requestCancel` in one step. */
export async function requestCancel(
  parts: StorageParts,
  scope: Scope,
  taskId: TaskId,
  graceMs: number,
  metadata?: Metadata,
): Promise<WriteResult> {
  const body = encode({ kind: 'cancel', ...(metadata !== undefined && { metadata }) });
  const { commands, keys, homes, settings } = parts;
  const home = await homes.find(taskId);
  if (home?.scope !== scopeText(scope)) return { ok: false, reason: 'not-found' };
  return write(parts, taskId, [body, canceledText], () =>
    commands.run(
      CANCEL,
      keys.ofWrite(taskId, home),
      ...[escapeText(taskId), home.scope, graceMs, body, canceledText],
      boundText(settings.retention.finishedMs),
    ),
  );
}

function idempotencyArgs(idempotency: Idempotency | undefined): readonly (string | number)[] {
  return idempotency ? [idempotency.fingerprint, idempotency.windowMs] : ['', 0];
}
