import type { Broker } from '../../core/broker.ts';
import type { EventBus } from '../../core/event-bus.ts';
import type { ErrorInfo } from '../../core/failure.ts';
import { isClosing } from '../../core/fold.ts';
import type { Answers, LogEntry, RunRequest, Scope, TaskId } from '../../core/log.ts';
import { type Logger, silentLogger } from '../../core/logger.ts';
import type { Agent } from '../../core/output.ts';
import type { Storage, TaskSnapshot, WriteResult } from '../../core/storage.ts';
import { createWorker, type Worker } from '../../core/worker.ts';
import type { Message } from '../../protocol/v1.ts';
import { type FaultyStorage, faultyStorage } from '../faulty-storage.ts';
import { brief } from './brief.ts';
import { type WorkerClock, workerClock } from './worker-clock.ts';

/** What a worker runs on. */
export interface WorkerSetup {
  readonly storage: Storage;
  readonly broker: Broker;
  readonly eventBus: EventBus;
  /** Lets time pass on the storage's clock. */
  readonly advance?: (ms: number) => void | Promise<void>;
  /** Set where that clock runs by itself as well. It is then advanced by less, or put back, as a case advances slowly. */
  readonly isRealTime?: true;
  /** Called after each case. */
  readonly dispose?: () => void | Promise<void>;
}

/** How a worker of a case differs from the usual one. */
export interface WorkerWish {
  readonly concurrency?: number;
  readonly leaseMs?: number;
  readonly maxAttempts?: number;
  readonly runTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  readonly inputTimeoutMs?: number;
  readonly cancelGraceMs?: number;
  /** As if the storage were shared by several processes. */
  readonly shared?: boolean;
  readonly eventBus?: EventBus;
  readonly onError?: (error: unknown, info: ErrorInfo) => void;
}

/** A worker as one process would have it: with its own clock and its own way to the storage. */
export interface Station {
  readonly worker: Worker;
  readonly storage: FaultyStorage;
  readonly clock: WorkerClock;
  readonly errors: { readonly error: unknown; readonly info: ErrorInfo }[];
  /** Texts of warnings and errors in its log. */
  readonly logged: string[];
  /** The process is gone: nothing of it reaches the storage any more. */
  readonly kill: () => void;
  /** The process stands still, as by SIGSTOP, until `thaw`; it then goes on as if no time had passed, and learns of it by its clock. */
  readonly freeze: () => void;
  readonly thaw: () => void;
}

/** What a case can do. */
export interface WorkerBench {
  readonly storage: Storage;
  readonly start: (agent: Agent, wish?: WorkerWish) => Promise<Station>;
  /** A new task with a message of the client. */
  readonly send: (text?: string, wish?: SendWish) => Promise<TaskId>;
  readonly say: (taskId: TaskId, text: string) => Promise<WriteResult>;
  readonly resume: (taskId: TaskId, data?: unknown) => Promise<WriteResult>;
  readonly cancel: (taskId: TaskId, graceMs?: number) => Promise<WriteResult>;
  readonly load: (taskId: TaskId) => Promise<TaskSnapshot>;
  readonly log: (taskId: TaskId) => Promise<readonly LogEntry[]>;
  /** Waits for an entry, and gives the log as it is then. */
  readonly until: (taskId: TaskId, isThere: (entry: LogEntry) => boolean) => Promise<readonly LogEntry[]>;
  /** Waits for the end of a task, and gives its log. */
  readonly ended: (taskId: TaskId) => Promise<readonly LogEntry[]>;
  /** Lets time pass, for the storage and for all workers that are not frozen or killed. */
  readonly advance: (ms: number) => Promise<void>;
  /** Waits until the condition holds. */
  readonly wait: (what: string, condition: () => Promise<boolean>) => Promise<void>;
  /** Lets everything that is under way come to rest. */
  readonly settle: () => Promise<void>;
  readonly dispose: () => Promise<void>;
}

/** A task other than the usual one. */
export interface SendWish {
  readonly answers?: Answers;
  readonly contextId?: string;
  readonly request?: RunRequest;
  readonly message?: Partial<Message>;
  readonly owner?: string;
  /** Nobody is told that it is due. */
  readonly quiet?: true;
}

const AGENT = 'suite';
const DEFAULTS = { concurrency: 4, leaseMs: 30_000, maxAttempts: 1, cancelGraceMs: 5000 };
/** Time passes in steps of this, so that what falls due in one can lead to something in the next. */
const STEP_MS = 250;
const LIMIT_MS = 20_000;
/** What it takes for a worker to be thought to wait for a hint that was lost, and how much time passes for it then. */
const STALLED = { turns: 50, ms: 5 };
const POLL_STEP_MS = 500;

/** Makes a bench. Where hints get lost, time passes for workers that nothing happens to, so that they come to their polls. */
export function createWorkerBench(setup: WorkerSetup, losesHints = false): WorkerBench {
  const { storage, broker, eventBus } = setup;
  const stations = new Map<Station, 'live' | 'frozen' | 'killed'>();
  const missed = new Map<Station, number>();
  let count = 0;
  let isAdvancing = false;
  let isDisposed = false;
  const isOver = () => isDisposed;
  const scope: Scope = { agent: AGENT, tenant: '', owner: 'ann' };

  async function start(agent: Agent, { shared, ...wish }: WorkerWish = {}): Promise<Station> {
    const wrapped = faultyStorage(storage, shared === undefined ? {} : { shared });
    const clock = workerClock();
    const errors: Station['errors'] = [];
    const logged: string[] = [];
    let open: () => void = () => undefined;
    const worker = createWorker({
      ...{ ...DEFAULTS, runTimeoutMs: Infinity, idleTimeoutMs: Infinity },
      ...{ inputTimeoutMs: Infinity, eventBus },
      onError: (error, info) => errors.push({ error, info }),
      ...wish,
      ...{ broker, storage: wrapped, agent, agentId: AGENT, clock, logger: listLogger(logged) },
    });
    const station: Station = {
      ...{ worker, storage: wrapped, clock, errors, logged },
      kill() {
        stations.set(station, 'killed');
        wrapped.setFault(() => 'hang');
      },
      freeze() {
        stations.set(station, 'frozen');
        const thawed = new Promise<undefined>((resolve) => {
          open = () => {
            resolve(undefined);
          };
        });
        wrapped.setFault(() => thawed);
      },
      thaw() {
        stations.set(station, 'live');
        wrapped.setFault();
        open();
        // what was under way goes on before the timers are looked at: the worst order
        setImmediate(() => {
          clock.block(missed.get(station) ?? 0);
        });
      },
    };
    stations.set(station, 'live');
    await worker.start();
    return station;
  }

  async function helpToPolls(): Promise<void> {
    let [calls, turns, since] = [0, 0, 0];
    while (!isOver()) {
      const live = [...stations].flatMap(([station, state]) => (state === 'live' ? station : []));
      const made = live.reduce((sum, { storage: { calls: all } }) => sum + all.length, 0);
      const isBusy = isAdvancing || made !== calls || live.some((station) => station.storage.inFlight() > 0);
      if (isBusy) [calls, turns, since] = [made, 0, performance.now()];
      turns += 1;
      if (turns > STALLED.turns && performance.now() - since > STALLED.ms) {
        for (const { clock } of live) clock.advance(POLL_STEP_MS);
        [turns, since] = [0, performance.now()];
      }
      await new Promise(setImmediate);
    }
  }

  async function send(text = 'hello', wish: SendWish = {}): Promise<TaskId> {
    count += 1;
    const id = `task-${count}`;
    const contextId = wish.contextId ?? 'context';
    const message = said(`m-${count}`, text, { taskId: id, contextId, ...wish.message });
    await storage.createTask({
      scope: wish.owner === undefined ? scope : { ...scope, owner: wish.owner },
      task: {
        ...{ id, contextId, history: [message] },
        status: { state: 'TASK_STATE_SUBMITTED', timestamp: '1970-01-01T00:00:00.000Z' },
      },
      ...{ request: wish.request ?? {}, answers: wish.answers ?? 'task' },
    });
    if (wish.quiet !== true) await broker.wake({ agent: AGENT, taskId: id });
    return id;
  }

  async function tell(taskId: TaskId, result: WriteResult): Promise<WriteResult> {
    const last = result.ok ? result.entries.at(-1) : undefined;
    if (!result.ok || last === undefined) return result;
    await eventBus.publish({ taskId, head: last.seq, closed: result.closed, entries: result.entries });
    await broker.wake({ agent: AGENT, taskId });
    return result;
  }

  async function log(taskId: TaskId): Promise<readonly LogEntry[]> {
    const entries: LogEntry[] = [];
    await readOn(taskId, entries);
    return entries;
  }

  /** Reads what is new: a long log read again and again would keep the storage from all else. */
  async function readOn(taskId: TaskId, entries: LogEntry[]): Promise<void> {
    for (;;) {
      const page = await storage.read(taskId, entries.length, 1000, 1 << 24);
      entries.push(...page.entries);
      if (entries.length >= page.head) return;
    }
  }

  async function until(taskId: TaskId, isThere: (entry: LogEntry) => boolean): Promise<readonly LogEntry[]> {
    const entries: LogEntry[] = [];
    for (const begun = performance.now(); ;) {
      const seen = entries.length;
      await readOn(taskId, entries);
      if (entries.slice(seen).some(isThere)) return entries;
      if (performance.now() - begun > LIMIT_MS)
        throw new Error(`Waited in vain; ${taskId} has: ${brief(entries).join(' / ')}`);
      await new Promise(setImmediate);
    }
  }

  async function wait(what: string, condition: () => Promise<boolean>): Promise<void> {
    for (const begun = performance.now(); !(await condition());) {
      if (performance.now() - begun > LIMIT_MS) throw new Error(`Waited in vain for ${what}`);
      await new Promise(setImmediate);
    }
  }

  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < 4;) {
      const isBusy = [...stations].some(
        ([station, state]) => state === 'live' && station.storage.inFlight() > 0,
      );
      quiet = isBusy ? 0 : quiet + 1;
      await new Promise(setImmediate);
    }
  }

  async function advance(ms: number): Promise<void> {
    isAdvancing = true;
    let before = performance.now();
    for (let left = ms; left > 0; left -= STEP_MS) {
      const step = Math.min(STEP_MS, left);
      const now = performance.now();
      await setup.advance?.(setup.isRealTime ? step - (now - before) : step);
      before = now;
      for (const [station, state] of stations) {
        if (state === 'live') station.clock.advance(step);
        else missed.set(station, (missed.get(station) ?? 0) + step);
      }
      await settle();
    }
    isAdvancing = false;
  }

  async function load(taskId: TaskId): Promise<TaskSnapshot> {
    const snapshot = await storage.loadTask(taskId);
    if (snapshot === undefined) throw new Error(`${taskId} is unknown`);
    return snapshot;
  }

  if (losesHints) void helpToPolls();

  return {
    ...{ storage, start, send, load, log, until, wait, advance, settle },
    async say(taskId, text) {
      count += 1;
      const { scope: owner, task } = await load(taskId);
      const message = said(`m-${count}`, text, { taskId, contextId: task.contextId });
      return tell(taskId, await storage.addInput(owner, taskId, { message, request: {} }));
    },
    async resume(taskId, data) {
      const { scope: owner } = await load(taskId);
      return tell(taskId, await storage.addInput(owner, taskId, { resume: data }));
    },
    async cancel(taskId, graceMs = DEFAULTS.cancelGraceMs) {
      const { scope: owner } = await load(taskId);
      return tell(taskId, await storage.requestCancel(owner, taskId, graceMs));
    },
    ended: (taskId) => until(taskId, isClosing),
    async dispose() {
      isDisposed = true;
      for (const [station, state] of stations) {
        if (state === 'frozen') station.kill();
      }
      const live = [...stations].filter(([, state]) => state === 'live');
      const stopping = new Set(live.map(([station]) => station));
      for (const station of stopping) void station.worker.stop().then(() => stopping.delete(station));
      while (stopping.size > 0) {
        for (const { clock } of stopping) clock.advance(STEP_MS);
        await settle();
      }
      await setup.dispose?.();
    },
  };
}

/** A message of the client. */
function said(messageId: string, text: string, more: Partial<Message>): Message {
  return { messageId, role: 'ROLE_USER', parts: [{ text }], ...more };
}

function listLogger(list: string[]): Logger {
  const add = (_: object, text: string) => {
    list.push(text);
  };
  return { ...silentLogger, warn: add, error: add };
}
