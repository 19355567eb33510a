import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageError, systemClock } from 'express-a2a';
import type {
  ClaimedTask,
  Clock,
  CreatedTask,
  NewTask,
  Scope,
  Storage,
  TaskId,
  WriteResult,
} from 'express-a2a';
import { createCalls, type KeyedCall } from './calls.ts';
import { listPage, readLog, snapshotOf } from './reads.ts';
import {
  appendStep,
  cancelStep,
  claimStep,
  inputStep,
  refused,
  releaseStep,
  renewStep,
  repeated,
  type Step,
} from './steps.ts';
import {
  appendLine,
  applyLine,
  NEW_HEADER,
  openTask,
  parseLine,
  type Line,
  type Place,
  type TaskFile,
} from './task-file.ts';

/**
 * Keeps each task in a file of JSON lines, and all of them in memory. For one process at a time.
 *
 * A line is written before anybody hears of it, so a process that is killed loses nothing that it has acknowledged; a
 * machine that loses power may lose the newest lines, as files are not flushed. Finished tasks stay for good.
 */
export function fileStorage(options: { readonly directory: string; readonly clock?: Clock }): Storage {
  const { directory, clock = systemClock } = options;
  const tasks = new Map<TaskId, TaskFile>();
  // goes on evenly though the wall clock be moved, and means the same after a restart
  const begun = clock.now() - clock.elapsed();
  const now = () => begun + clock.elapsed();
  const calls = createCalls(now);
  let last: Promise<unknown> = Promise.resolve();
  let loading: Promise<void> | undefined;

  /** One write after the other. The arguments are copied at once: the caller may go on to change them. */
  function alone<A extends unknown[], R>(step: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
    return (...args) => {
      const copies = structuredClone(args);
      const result = last.then(() => step(...copies));
      last = result.catch(() => undefined);
      return result;
    };
  }

  function find(taskId: TaskId, scope?: Scope): TaskFile | undefined {
    const task = tasks.get(taskId);
    return task === undefined || (scope !== undefined && !isSameScope(task.scope, scope)) ? undefined : task;
  }

  async function commit(task: TaskFile, step: Step, call?: KeyedCall): Promise<Taken> {
    const { bodies, change, epoch = 0 } = step;
    const seq = task.entries.length + 1;
    const ts = Math.max(clock.now(), task.entries.at(-1)?.ts ?? 0);
    const entries = bodies.map((body, index) => ({ ...body, v: 1, seq: seq + index, ts, epoch }));
    const text = JSON.stringify({ header: { ...task.header, ...change }, entries, call });
    await appendLine(task.place, `${text}\n`);
    const line = parseLine(text);
    applyLine(task, line);
    calls.remember(task.scope, task.id, line.call);
    return { ok: true, seq, closed: task.closed, entries: line.entries };
  }

  async function createTask(init: NewTask): Promise<CreatedTask> {
    const { scope, task, request, answers, idempotency } = init;
    const first = calls.find(scope, idempotency);
    if (first === 'reused') throw new StorageError('key-reused', 'The key belongs to another call');
    if (first !== undefined) return { created: false, taskId: first.taskId, seq: first.seq };
    if (tasks.has(task.id)) throw new StorageError('exists', `There is a task ${task.id} already`);
    const ts = clock.now();
    const timed = { ...task, status: { ...task.status, timestamp: new Date(ts).toISOString() } };
    const open = { kind: 'open', task: timed, request, answers, v: 1, seq: 1, ts, epoch: 0 };
    const header = { ...NEW_HEADER, dueAt: now() };
    const text = JSON.stringify({ header, entries: [open], scope, call: calls.of(idempotency, 1) });
    const place = { path: join(directory, fileName(task.id)), bytes: 0, isTorn: false };
    await appendLine(place, `${text}\n`);
    const line = parseLine(text);
    adopt(place, [line]);
    const [entry] = line.entries;
    if (entry === undefined) throw new TypeError('A task begins with its open entry');
    return { created: true, taskId: task.id, seq: 1, entry };
  }

  function adopt(place: Place, [first, ...others]: [Line, ...Line[]]): void {
    const task = openTask(place, first);
    for (const line of others) applyLine(task, line);
    tasks.set(task.id, task);
    for (const { call } of [first, ...others]) calls.remember(task.scope, task.id, call);
  }

  async function addInput(...[scope, taskId, input]: Parameters<Storage['addInput']>): Promise<WriteResult> {
    const task = find(taskId, scope);
    if (task === undefined) return refused('not-found');
    const idempotency = 'message' in input ? input.idempotency : undefined;
    const first = calls.find(scope, idempotency);
    if (first === 'reused' || (first !== undefined && first.taskId !== taskId)) {
      return refused('key-reused', task);
    }
    if (first !== undefined) return repeated(task, first.seq);
    const step = inputStep(task, input, now());
    if ('bodies' in step) return commit(task, step, calls.of(idempotency, task.entries.length + 1));
    const call = step.ok ? calls.of(idempotency, step.seq) : undefined;
    if (call !== undefined) await commit(task, { bodies: [], change: {} }, call);
    return step;
  }

  async function requestCancel(
    ...[scope, taskId, graceMs, metadata]: Parameters<Storage['requestCancel']>
  ): Promise<WriteResult> {
    const task = find(taskId, scope);
    if (task === undefined) return refused('not-found');
    const step = cancelStep(task, graceMs, metadata, now());
    return 'bodies' in step ? commit(task, step) : step;
  }

  async function append(
    ...[lease, producerSeq, bodies]: Parameters<Storage['append']>
  ): Promise<WriteResult> {
    const task = find(lease.taskId);
    if (task === undefined) return refused('not-found');
    const step = appendStep(task, lease, producerSeq, bodies, now());
    if (!('bodies' in step)) return step;
    const result = await commit(task, step);
    return { ...result, seq: task.entries.length, ...(task.header.more && { more: true }) };
  }

  async function claim(by: Parameters<Storage['claim']>[0]): Promise<readonly ClaimedTask[]> {
    const dueAt = (task: TaskFile) => task.header.dueAt ?? Infinity;
    // a store for millions has an index of these times
    const due = [...tasks.values()]
      .filter((task) => task.scope.agent === by.agent && (by.taskId ?? task.id) === task.id)
      .filter((task) => dueAt(task) <= now())
      .sort((a, b) => dueAt(a) - dueAt(b));
    const all: ClaimedTask[] = [];
    for (const task of due.slice(0, by.limit)) {
      const { step, claimed } = claimStep(task, by.leaseMs, now());
      await commit(task, step);
      all.push(claimed);
    }
    return all;
  }

  async function renew(...[lease, leaseMs]: Parameters<Storage['renew']>): ReturnType<Storage['renew']> {
    const task = find(lease.taskId);
    const step = task && renewStep(task, lease, leaseMs, now());
    if (task === undefined || step === undefined) return { ok: false };
    await commit(task, step);
    const leftMs = Math.max(0, (task.header.until ?? 0) - now());
    return { ok: true, leftMs, cancelRequested: task.cancelSeq > 0, inputSeq: task.inputSeq };
  }

  async function release(...[lease, delayMs, clean]: Parameters<Storage['release']>): Promise<boolean> {
    const task = find(lease.taskId);
    const step = task && releaseStep(task, lease, delayMs, clean, now());
    if (task === undefined || step === undefined) return false;
    await commit(task, step);
    return true;
  }

  /** What follows the last whole line was being written when the process died: nobody has heard of it. */
  async function load(path: string): Promise<void> {
    const text = await readFile(path, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const [first, ...others] = whole
      .split('\n')
      .filter((line) => line !== '')
      .map(parseLine);
    if (first === undefined) return rm(path);
    const isTorn = whole.length < text.length;
    adopt({ path, bytes: Buffer.byteLength(whole), isTorn }, [first, ...others]);
  }

  async function loadAll(): Promise<void> {
    await mkdir(directory, { recursive: true });
    for (const name of await readdir(directory)) {
      if (name.endsWith('.jsonl')) await load(join(directory, name));
    }
  }

  return {
    shared: false,
    init() {
      // routers and workers that share a storage each call it; one that failed may be tried again
      loading ??= loadAll().catch((error: unknown) => {
        loading = undefined;
        throw error;
      });
      return loading;
    },
    async close() {
      await last;
    },
    ...{ createTask: alone(createTask), addInput: alone(addInput), requestCancel: alone(requestCancel) },
    ...{ append: alone(append), claim: alone(claim), renew: alone(renew), release: alone(release) },
    async loadTask(taskId, scope) {
      const task = find(taskId, scope);
      return task && snapshotOf(task);
    },
    read: async (taskId, ...page) => readLog(find(taskId), ...page),
    async heads(taskIds) {
      const found = taskIds.map((taskId) => find(taskId)).filter((task) => task !== undefined);
      return new Map(found.map(({ id, entries, closed }) => [id, { head: entries.length, closed }]));
    },
    async listTasks(scope, query) {
      const own = [...tasks.values()].filter((task) => isSameScope(task.scope, scope));
      return listPage(own, query);
    },
    sweep: async () => 0,
  };
}

type Taken = Extract<WriteResult, { ok: true }>;

/** Any task id makes a file name, and two never make the same one. */
function fileName(taskId: TaskId): string {
  return `${createHash('sha256').update(taskId).digest('hex')}.jsonl`;
}

function isSameScope(a: Scope, b: Scope): boolean {
  return a.agent === b.agent && a.tenant === b.tenant && a.owner === b.owner;
}
