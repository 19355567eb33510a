import { foldLog } from '../../core/fold.ts';
import type { EntryBody, LogEntry, Scope, Seq, StoredTask, TaskId } from '../../core/log.ts';
import type { ClaimedTask, Lease, NewTask, Storage, TaskSnapshot, WriteResult } from '../../core/storage.ts';
import type { TestApi } from '../test-api.ts';
import { ANN, said } from './bodies.ts';

/** A write that was taken. */
export type Taken = Extract<WriteResult, { ok: true }>;

/** What a case may say about the task it needs. */
export interface TaskWish extends Partial<Omit<NewTask, 'task'>> {
  readonly id?: TaskId;
  readonly contextId?: string;
  readonly task?: Partial<StoredTask>;
}

/** The holder of a lease, who counts its appends. */
export interface Holder {
  readonly claimed: ClaimedTask;
  readonly lease: Lease;
  /** Appends with the next producer sequence; the test fails when it is refused. */
  readonly append: (...bodies: EntryBody[]) => Promise<Taken>;
  /** Appends with the next producer sequence, whatever comes of it. */
  readonly tryAppend: (...bodies: EntryBody[]) => Promise<WriteResult>;
}

/** A storage with what the cases do to it. */
export interface Bench {
  readonly storage: Storage;
  /** What the cases take for a second, in ms. */
  readonly second: number;
  /** How often a race is run. */
  readonly rounds: number;
  readonly createTask: (wish?: TaskWish) => Promise<TaskId>;
  readonly say: (taskId: TaskId, messageId: string, text?: string) => Promise<Taken>;
  /** Claims the task. The test fails when it is not due. */
  readonly take: (taskId: TaskId, leaseMs?: number) => Promise<Holder>;
  /** Claims the task if it is due. */
  readonly tryTake: (taskId: TaskId, leaseMs?: number) => Promise<Holder | undefined>;
  /** The same for cases that do not write under the lease. */
  readonly claimOne: (taskId: TaskId, leaseMs?: number) => Promise<ClaimedTask | undefined>;
  readonly load: (taskId: TaskId) => Promise<TaskSnapshot>;
  /** All entries that can be read, in pages of a few; the test fails when they are not dense. */
  readonly log: (taskId: TaskId) => Promise<readonly LogEntry[]>;
  /** Fails the test unless these entries are pending: all of them, or as many of the oldest as the backend gives. */
  readonly checkPending: (claimed: ClaimedTask | undefined, entries: readonly LogEntry[]) => void;
  /** Fails the test unless the task equals the fold of its log. */
  readonly checkFold: (taskId: TaskId) => Promise<readonly LogEntry[]>;
}

export function createBench(storage: Storage, second: number, { expect }: TestApi, rounds = 1000): Bench {
  let count = 0;
  // of the tasks that were made here, so that a claim need not ask
  const agents = new Map<TaskId, string>();

  async function createTask(wish: TaskWish = {}): Promise<TaskId> {
    count += 1;
    const init = newTask({ id: `task-${String(count).padStart(6, '0')}`, ...wish });
    const { taskId } = await storage.createTask(init);
    agents.set(taskId, init.scope.agent);
    return taskId;
  }

  async function claimOne(taskId: TaskId, leaseMs = 30 * second): Promise<ClaimedTask | undefined> {
    const agent = agents.get(taskId) ?? (await storage.loadTask(taskId))?.scope.agent ?? ANN.agent;
    const claimed = await storage.claim({ worker: 'suite', agent, limit: 1, leaseMs, taskId });
    return claimed[0];
  }

  async function take(taskId: TaskId, leaseMs?: number): Promise<Holder> {
    const holder = await tryTake(taskId, leaseMs);
    if (holder === undefined) throw new Error(`${taskId} is not due`);
    return holder;
  }

  async function tryTake(taskId: TaskId, leaseMs?: number): Promise<Holder | undefined> {
    const claimed = await claimOne(taskId, leaseMs);
    return claimed && holderOf(storage, claimed);
  }

  async function load(taskId: TaskId): Promise<TaskSnapshot> {
    const snapshot = await storage.loadTask(taskId);
    if (snapshot === undefined) throw new Error(`${taskId} is unknown`);
    return snapshot;
  }

  async function log(taskId: TaskId): Promise<readonly LogEntry[]> {
    const entries: LogEntry[] = [];
    let after: Seq = 0;
    for (;;) {
      const page = await storage.read(taskId, after, 700, 1 << 20);
      const from = after === 0 ? page.first : after + 1;
      expect(page.entries.map(({ seq }) => seq)).toEqual(page.entries.map((_, index) => from + index));
      entries.push(...page.entries);
      after = entries.at(-1)?.seq ?? after;
      if (page.entries.length > 0 && after !== page.head) continue;
      expect(after).toBe(page.head);
      return entries;
    }
  }

  async function checkFold(taskId: TaskId): Promise<readonly LogEntry[]> {
    const entries = await log(taskId);
    const { task, seq, ts } = await load(taskId);
    expect(seq).toBe(entries.at(-1)?.seq);
    expect(ts).toBe(entries.at(-1)?.ts);
    expect(task).toEqual(foldLog(entries));
    return entries;
  }

  function checkPending(claimed: ClaimedTask | undefined, entries: readonly LogEntry[]): void {
    const { pending = [] } = claimed ?? {};
    expect(pending.length).toBeGreaterThan(0);
    expect(pending).toEqual(entries.slice(0, pending.length));
  }

  return {
    ...{ storage, second, rounds, checkPending, createTask, claimOne, take, tryTake, load, log, checkFold },
    say: async (taskId, messageId, text) => {
      const { scope } = await load(taskId);
      return taken(await storage.addInput(scope, taskId, { message: said(messageId, text), request: {} }));
    },
  };
}

/** A new task with the message `hello` of its client. */
export function newTask({ id = 'task-0', contextId = 'context-1', task, ...wish }: TaskWish): NewTask {
  const history = [said('hello', 'hello', { taskId: id, contextId })];
  const first: StoredTask = {
    ...{ id, contextId, history, ...task },
    status: { state: 'TASK_STATE_SUBMITTED', timestamp: '', ...task?.status },
  };
  return { scope: { ...ANN }, answers: 'task', request: {}, ...wish, task: first };
}

function holderOf(storage: Storage, claimed: ClaimedTask): Holder {
  let producerSeq = 0;
  const tryAppend = (...bodies: EntryBody[]) => {
    producerSeq += 1;
    return storage.append(claimed.lease, producerSeq, bodies);
  };
  return {
    ...{ claimed, lease: claimed.lease, tryAppend },
    append: async (...bodies) => taken(await tryAppend(...bodies)),
  };
}

/** The result of a write that must have been taken. */
export function taken(result: WriteResult): Taken {
  if (!result.ok) throw new Error(`The write was refused: ${result.reason}`);
  return result;
}

/** Why a write was refused; `taken` when it was not. */
export function reasonOf(result: WriteResult): string {
  return result.ok ? 'taken' : result.reason;
}

/** The code of the StorageError that a call rejects with; `none` when it does not. */
export async function codeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return 'none';
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

/** Another scope than that of the cases, in one respect. */
export function otherScopes(scope: Scope = ANN): readonly Scope[] {
  return [
    { ...scope, agent: 'another' },
    { ...scope, tenant: 'another' },
    { ...scope, owner: 'bob' },
    { ...scope, owner: null },
    { ...scope, owner: '' },
  ];
}
