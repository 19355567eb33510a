import { createHash, randomUUID } from 'node:crypto';
import { foldLog } from '../../lib/core/fold.ts';
import type { Scope, TaskId } from '../../lib/core/log.ts';
import { StorageError } from '../../lib/core/storage.ts';
import type { ClaimedTask, Idempotency, Storage, WriteResult } from '../../lib/core/storage.ts';
import { isTerminal } from '../../lib/protocol/states.ts';
import type { Message, TaskState } from '../../lib/protocol/v1.ts';
import { APPEND, CANCEL, CLAIM_ONE, CREATE, DUE, INPUT, LOAD, READ, RELEASE, RENEW } from './scripts.ts';
import {
  appendedText,
  canceledText,
  decode,
  encode,
  oneOf,
  list,
  number,
  text,
  workingText,
} from './wire.ts';

/** The part of Storage that the proof covers. */
export type ProofStorage = Pick<
  Storage,
  | 'createTask'
  | 'addInput'
  | 'requestCancel'
  | 'append'
  | 'claim'
  | 'renew'
  | 'release'
  | 'loadTask'
  | 'read'
  | 'heads'
>;

/** What the proof needs of a client; `createClient()` of node-redis has it. */
export interface RedisLike {
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  hmGet(key: string, fields: string[]): Promise<(string | null)[]>;
}

/** What never changes of a task and names its keys. */
interface Home {
  readonly scope: string;
  readonly contextId: string;
}

const REFUSALS = [
  'not-found',
  'closed',
  'fenced',
  'gap',
  'too-large',
  'cancelling',
  'not-waiting',
  'busy',
  'key-reused',
] as const;
const REASONS = ['work', 'lease-expired', 'deadline'] as const;
const ANSWERS = ['task', 'message'] as const;
const HOMES = 10_000;

/** A partial Storage on Redis: shows that the interface fits. `prefix` holds the hash tag. */
export function redisProof(options: {
  client: RedisLike;
  prefix: string;
  maxTaskBytes?: number;
}): ProofStorage {
  const { client, prefix } = options;
  const maxBytes = String(options.maxTaskBytes ?? 64 << 20);
  const shas = new Map<string, string>();
  const homes = new Map<TaskId, Home>();

  const key = (kind: string, ...names: string[]) =>
    `${prefix}${kind}:${names.map(encodeURIComponent).join(':')}`;
  const dueKey = (agent: string) => key('due', agent);

  /** The keys every write declares; the idempotency key, if any, is the eighth. */
  function keysOf(taskId: TaskId, home: Home, idempotency?: Idempotency): string[] {
    const { scope, contextId } = home;
    const keys = [key('t', taskId), key('l', taskId), key('q', taskId), dueKey(parseScope(scope).agent)];
    keys.push(key('ix', scope), key('ix', scope, contextId), key('ct', scope));
    if (idempotency) keys.push(key('dd', scope, idempotency.key));
    return keys;
  }

  async function run(script: string, keys: string[], ...args: (string | number)[]): Promise<unknown> {
    let sha = shas.get(script);
    if (sha === undefined) shas.set(script, (sha = createHash('sha1').update(script).digest('hex')));
    const request = { keys, arguments: args.map(String) };
    try {
      return await client.evalSha(sha, request).catch((error: unknown) => {
        if (error instanceof Error && error.message.startsWith('NOSCRIPT'))
          return client.eval(script, request);
        throw error;
      });
    } catch (error) {
      const isFull = error instanceof Error && error.message.includes('OOM ');
      throw new StorageError(isFull ? 'full' : 'unavailable', 'A Redis script failed', { cause: error });
    }
  }

  /** Immutable, so a cache of it is never wrong; a miss costs one round trip. */
  async function homeOf(taskId: TaskId): Promise<Home | undefined> {
    const known = homes.get(taskId);
    if (known) return known;
    const [scope, contextId] = await client.hmGet(key('t', taskId), ['sc', 'cx']);
    return typeof scope === 'string' && typeof contextId === 'string'
      ? settle(taskId, { scope, contextId })
      : undefined;
  }

  function settle(taskId: TaskId, home: Home): Home {
    const [oldest] = homes.size >= HOMES ? homes.keys() : [];
    if (oldest !== undefined) homes.delete(oldest);
    homes.set(taskId, home);
    return home;
  }

  async function createTask(init: Parameters<Storage['createTask']>[0]) {
    const { task, request, answers, idempotency } = init;
    const home = { scope: scopeText(init.scope), contextId: task.contextId };
    const open = encode({ kind: 'open', task, request, answers });
    const [newest] = task.history?.slice(-1) ?? [];
    const reply = list(
      await run(
        CREATE,
        keysOf(task.id, home, idempotency),
        ...[task.id, home.scope, home.contextId, answers, task.status.state],
        ...[newest ? messageDigest(newest) : '', open, ...idempotencyArgs(idempotency), maxBytes],
      ),
    );
    const code = text(reply[0]);
    if (code === 'exists') throw new StorageError(code, `A task ${task.id} exists already`);
    if (code === 'too-large') throw new StorageError(code, 'The task is too large');
    if (code === 'key-reused') throw new StorageError(code, 'The idempotency key was used for another call');
    const found = { taskId: text(reply[1]), seq: number(reply[2]) };
    if (code !== 'ok') return { created: false as const, ...found };
    settle(task.id, home);
    return { created: true as const, ...found, entry: decode(['1-0', ['t', reply[3], 'e', 0, 'b', open]]) };
  }

  async function addInput(...[scope, taskId, input]: Parameters<Storage['addInput']>): Promise<WriteResult> {
    const isMessage = 'message' in input;
    const idempotency = isMessage ? input.idempotency : undefined;
    const body = encode(
      isMessage
        ? { kind: 'input', message: input.message, request: input.request }
        : { kind: 'resume', data: input.resume },
    );
    const digest = isMessage ? messageDigest(input.message) : '';
    const home = await homeOf(taskId);
    if (home?.scope !== scopeText(scope)) return { ok: false, reason: 'not-found' };
    const reply = await run(
      INPUT,
      keysOf(taskId, home, idempotency),
      ...[taskId, home.scope, isMessage ? 'input' : 'resume', body],
      ...[digest, workingText, maxBytes],
      ...idempotencyArgs(idempotency),
      isMessage && input.ifWaiting === true ? 1 : 0,
    );
    return writeResult(reply, [body, workingText]);
  }

  async function requestCancel(
    ...[scope, taskId, graceMs, metadata]: Parameters<Storage['requestCancel']>
  ): Promise<WriteResult> {
    const body = encode({ kind: 'cancel', ...(metadata && { metadata }) });
    const home = await homeOf(taskId);
    if (home?.scope !== scopeText(scope)) return { ok: false, reason: 'not-found' };
    const keys = keysOf(taskId, home);
    const reply = await run(CANCEL, keys, taskId, home.scope, graceMs, body, canceledText);
    return writeResult(reply, [body, canceledText]);
  }

  async function append(
    ...[lease, producerSeq, entries]: Parameters<Storage['append']>
  ): Promise<WriteResult> {
    // before the first await: the caller may change what it passed in
    const bodies = entries.map(encode);
    const args = entries.flatMap((entry, i) => appendedText(entry, bodies[i] ?? ''));
    const fixed = [lease.taskId, lease.id, producerSeq, maxBytes, workingText];
    const home = await homeOf(lease.taskId);
    if (home === undefined) return { ok: false, reason: 'not-found' };
    const reply = await run(APPEND, keysOf(lease.taskId, home), ...fixed, ...args);
    return writeResult(reply, [...bodies, workingText]);
  }

  async function claim(by: Parameters<Storage['claim']>[0]): Promise<readonly ClaimedTask[]> {
    const due = dueKey(by.agent);
    const found = by.taskId ? [by.taskId] : list(await run(DUE, [due], by.limit * 4)).map(text);
    const claimed: ClaimedTask[] = [];
    // in waves: others may have taken some of the oldest meanwhile
    while (found.length > 0 && claimed.length < by.limit) {
      const wave = found.splice(0, by.limit - claimed.length);
      const replies = await Promise.all(
        wave.map((taskId) => {
          const keys = [key('t', taskId), key('l', taskId), key('q', taskId), due];
          // the id is made here: random numbers inside scripts are the same on every run
          return run(CLAIM_ONE, keys, taskId, randomUUID(), by.leaseMs);
        }),
      );
      for (const reply of replies) if (reply !== null) claimed.push(claimedTask(list(reply)));
    }
    return claimed;
  }

  function claimedTask(reply: readonly unknown[]): ClaimedTask {
    const [
      taskId,
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
    settle(text(taskId), { scope: text(scope), contextId: text(contextId) });
    return {
      lease: { taskId: text(taskId), id: text(id), epoch: number(epoch) },
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

  async function renew(...[lease, leaseMs]: Parameters<Storage['renew']>): ReturnType<Storage['renew']> {
    const home = await homeOf(lease.taskId);
    if (home === undefined) return { ok: false };
    const reply = await run(RENEW, keysOf(lease.taskId, home), lease.taskId, lease.id, leaseMs);
    if (reply === null) return { ok: false };
    const [leftMs, cancel, inputSeq] = list(reply).map(number);
    return { ok: true, leftMs: leftMs ?? 0, cancelRequested: cancel !== 0, inputSeq: inputSeq ?? 0 };
  }

  async function release(...[lease, delayMs, clean]: Parameters<Storage['release']>): Promise<boolean> {
    const home = await homeOf(lease.taskId);
    if (home === undefined) return false;
    const keys = keysOf(lease.taskId, home);
    return (await run(RELEASE, keys, lease.taskId, lease.id, delayMs, clean ? 1 : 0)) === 1;
  }

  async function loadTask(
    ...[taskId, scope]: Parameters<Storage['loadTask']>
  ): ReturnType<Storage['loadTask']> {
    const keys = [key('t', taskId), key('l', taskId)];
    const reply = await run(LOAD, keys, scope ? scopeText(scope) : '');
    if (reply === null) return undefined;
    const [header, log] = list(reply);
    const [sc, answers, seq, ts, closed, first] = list(header).map(text);
    return {
      scope: parseScope(sc ?? ''),
      task: foldLog(list(log).map(decode)),
      seq: Number(seq),
      ts: Number(ts),
      closed: closed === '1',
      answers: oneOf(ANSWERS, answers),
      first: Number(first),
    };
  }

  async function read(...[taskId, after, limit, bytes]: Parameters<Storage['read']>) {
    const reply = list(await run(READ, [key('t', taskId), key('l', taskId)], after, limit, bytes));
    const [head, first, closed] = list(reply[0]);
    return {
      entries: list(reply[1]).map(decode),
      head: Number(head ?? 0),
      first: Number(first ?? 1),
      closed: closed === '1',
    };
  }

  async function heads(taskIds: readonly TaskId[]) {
    // commands of one turn go out as one pipeline
    const replies = await Promise.all(taskIds.map((taskId) => client.hmGet(key('t', taskId), ['sq', 'cl'])));
    return new Map(
      replies.flatMap(([head, closed], i) => {
        const taskId = taskIds[i];
        if (taskId === undefined || typeof head !== 'string') return [];
        return [[taskId, { head: Number(head), closed: closed === '1' }] as const];
      }),
    );
  }

  return { createTask, addInput, requestCancel, append, claim, renew, release, loadTask, read, heads };
}

function writeResult(reply: unknown, bodies: readonly string[]): WriteResult {
  const [code, ...rest] = list(reply);
  if (code !== 'ok' && code !== 'duplicate') {
    // a header's state is one that was written
    const state = rest[0] as TaskState | undefined;
    const reason = oneOf(REFUSALS, code);
    // a bare message has ended the task in no state
    const hasState = state !== undefined && (reason !== 'closed' || isTerminal(state));
    return { ok: false, reason, ...(hasState && { state }) };
  }
  const [seq = 0, closed, more, first = 0, head = 0, ts, epoch] = rest.map(number);
  const result = { ok: true, seq, closed: closed === 1, ...(more === 1 && { more: true }) } as const;
  if (code === 'duplicate') return { ...result, entries: [], duplicate: true };
  const written = bodies.slice(0, head - first + 1);
  const entries = written.map((body, i) => decode([`${first + i}-0`, ['t', ts, 'e', epoch, 'b', body]]));
  return { ...result, entries };
}

function idempotencyArgs(idempotency: Idempotency | undefined): (string | number)[] {
  return idempotency ? [idempotency.fingerprint, idempotency.windowMs] : ['', 0];
}

function scopeText({ agent, tenant, owner }: Scope): string {
  return JSON.stringify([agent, tenant, owner]);
}

function parseScope(scope: string): Scope {
  const [agent, tenant, owner] = list(JSON.parse(scope));
  return { agent: text(agent), tenant: text(tenant), owner: owner === null ? null : text(owner) };
}

/** Two messages with the same digest are the same send; ids that the server filled in do not count. */
export function messageDigest(message: Message): string {
  const { messageId, role, parts, metadata, extensions, referenceTaskIds } = message;
  const text = canonical({ messageId, role, parts, metadata, extensions, referenceTaskIds });
  return createHash('sha256').update(text).digest('base64url');
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, it: unknown) =>
    typeof it === 'object' && it !== null && !Array.isArray(it)
      ? Object.fromEntries(Object.entries(it).sort(([a], [b]) => (a < b ? -1 : 1)))
      : it,
  );
}
