import { expect } from '@jest/globals';
import { createTaskFeed, type Tail, type TaskFeed } from '../../lib/core/feed.ts';
import { createFold, foldLog, isClosing } from '../../lib/core/fold.ts';
import type { EntryBody, LogEntry, Scope, Seq, StatusBody, StoredTask, TaskId } from '../../lib/core/log.ts';
import { silentLogger } from '../../lib/core/logger.ts';
import type { Agent } from '../../lib/core/output.ts';
import type { WriteResult } from '../../lib/core/storage.ts';
import { WORKER_DEFAULTS } from '../../lib/core/worker-settings.ts';
import { createWorker, type Worker } from '../../lib/core/worker.ts';
import { type FakeClock, fakeClock } from '../../lib/testing/fake-clock.ts';
import { iterate } from '../../lib/testing/iterate.ts';
import { type Backend, type Choose, createScheduler, type Scheduler } from '../../lib/testing/scheduler.ts';

/** Makes the backend that a scenario runs on, with its time. */
export type CreateBackend = (clock: FakeClock) => Backend;

/** One task, and all who do something with it at once. */
export interface World {
  readonly clock: FakeClock;
  readonly taskId: TaskId;
  readonly backend: Backend;
  /** The backend without steps, for what is to be there before the scenario begins. */
  readonly raw: Backend;
  readonly feed: TaskFeed;
  readonly scheduler: Scheduler;
  /** A worker that claims the task and appends each of the bodies, until it is refused. After `more` it repeats the last. */
  readonly work: (...bodies: readonly Work[]) => Promise<void>;
  readonly say: (text: string, messageId?: string) => Promise<WriteResult>;
  readonly resume: (data: unknown) => Promise<WriteResult>;
  readonly cancel: (graceMs?: number) => Promise<WriteResult>;
  /** A client that takes the snapshot and then all that comes. */
  readonly open: (signal?: AbortSignal) => Promise<void>;
  /** A client that goes on after an entry. */
  readonly tail: (after: Seq, signal?: AbortSignal) => Promise<void>;
  /** A real worker that runs the agent, until it is stopped or the scenario is over. */
  readonly employ: (agent: Agent) => Promise<Worker>;
  /** A client that stays until the task has ended. */
  readonly ended: () => Promise<void>;
}

/** What a worker appends at once; `seen` is the newest input that it knows of. */
export type Work = EntryBody | readonly EntryBody[] | ((seen: Seq) => EntryBody);

/** What happens at once. Each promise is an actor; the scenario is over when all are. */
export type Scenario = (world: World) => readonly Promise<unknown>[];

export const SCOPE: Scope = { agent: 'world', tenant: '', owner: 'ann' };
export const LEASE_MS = 30_000;
const IDLE_SECONDS = 100;

/** A status entry. */
export function status(
  state: 'WORKING' | 'COMPLETED' | 'FAILED' | 'CANCELED' | 'INPUT_REQUIRED' | 'AUTH_REQUIRED',
  more: Partial<StatusBody> = {},
): StatusBody {
  return { kind: 'status', state: `TASK_STATE_${state}`, ...more };
}

/** The end of a run that waits for the client. */
export function pause(
  state: 'INPUT_REQUIRED' | 'AUTH_REQUIRED',
  timeoutMs?: number,
): (seen: Seq) => StatusBody {
  return (upTo) => status(state, { upTo, pause: timeoutMs === undefined ? {} : { timeoutMs } });
}

/** A chunk of text of the only artifact. */
export function chunk(text: string): EntryBody {
  return {
    kind: 'artifact',
    artifact: { artifactId: 'a', parts: [{ text }] },
    append: true,
    lastChunk: false,
    join: true,
  };
}

interface Witness {
  readonly after: Seq;
  readonly seqs: Seq[];
  readonly fold: { task: () => StoredTask } | undefined;
  readonly left: () => boolean;
  error?: unknown;
}

/** Runs a scenario in the order that `choose` gives, then compares what everybody saw with the log. */
export async function runScenario(create: CreateBackend, scenario: Scenario, choose: Choose): Promise<void> {
  // time that passes for leases does not make reads hang: the feed has a clock of its own
  const clock = fakeClock();
  const feedClock = fakeClock();
  const raw = create(clock);
  await raw.storage.init();
  const scheduler = createScheduler(choose);
  const backend = scheduler.wrap(raw);
  const feed = createTaskFeed({ ...backend, clock: feedClock, logger: silentLogger });
  const taskId = await createTask(raw);
  const witnesses: Witness[] = [];
  const workers: Worker[] = [];
  const world = createWorld({ clock, raw, backend, feed, scheduler, taskId }, witnesses, workers);
  try {
    const actors = Promise.all(scenario(world));
    const pass = () => {
      let idle = 0;
      return () => {
        clock.advance(1000);
        feedClock.advance(1000);
        idle += 1;
        return idle < IDLE_SECONDS;
      };
    };
    await scheduler.run(actors, pass());
    await scheduler.run(Promise.all(workers.map((worker) => worker.stop())), pass());
    await quiet(world, witnesses, feedClock);
    await check(world, witnesses);
  } catch (error) {
    throw new Error(
      `${error instanceof Error ? error.message : String(error)}\n${scheduler.trace().join('\n')}`,
      { cause: error },
    );
  } finally {
    feed.close();
  }
}

async function createTask({ storage }: Backend): Promise<TaskId> {
  const task = {
    id: 'task',
    contextId: 'context',
    status: { state: 'TASK_STATE_SUBMITTED', timestamp: '' },
  } as const;
  const history = [userMessage('first', 'begin')];
  return (
    await storage.createTask({ scope: SCOPE, request: {}, answers: 'task', task: { ...task, history } })
  ).taskId;
}

function userMessage(messageId: string, text: string): NonNullable<StoredTask['history']>[number] {
  return { messageId, role: 'ROLE_USER', parts: [{ text }], taskId: 'task', contextId: 'context' };
}

type Parts = Pick<World, 'clock' | 'raw' | 'backend' | 'feed' | 'scheduler' | 'taskId'>;

function createWorld(parts: Parts, witnesses: Witness[], workers: Worker[]): World {
  const { backend, feed, scheduler, taskId } = parts;
  const { storage, eventBus, broker } = backend;
  let messages = 0;

  async function tell(written: WriteResult): Promise<WriteResult> {
    if (!written.ok || written.entries.length === 0) return written;
    const head = written.entries.at(-1)?.seq ?? 0;
    await eventBus.publish({ taskId, head, closed: written.closed, entries: written.entries });
    if (!written.closed) await broker.wake({ agent: SCOPE.agent, taskId });
    return written;
  }

  function follow(tail: Tail, witness: Witness, apply?: (entry: LogEntry) => void): void {
    witnesses.push(witness);
    const read = async () => {
      for await (const batch of iterate(tail)) {
        for (const entry of batch) {
          witness.seqs.push(entry.seq);
          apply?.(entry);
        }
      }
    };
    read().catch((error: unknown) => {
      witness.error = error;
    });
  }

  return {
    ...parts,
    async work(...groups) {
      await scheduler.step('worker begins');
      const by = { worker: 'w', agent: SCOPE.agent, limit: 1, leaseMs: LEASE_MS, taskId };
      const [claimed] = await storage.claim(by);
      if (claimed === undefined) return;
      const seen = claimed.pending.at(-1)?.seq ?? claimed.doneSeq;
      const work = claimed.cancelRequested ? [status('CANCELED')] : groups;
      await appendAll(work, seen, (n, bodies) => storage.append(claimed.lease, n, bodies).then(tell));
    },
    async say(text, messageId) {
      messages += 1;
      const message = userMessage(messageId ?? `say-${messages}`, text);
      await scheduler.step(`client says ${text}`);
      return tell(await storage.addInput(SCOPE, taskId, { message, request: {} }));
    },
    async resume(data) {
      await scheduler.step('application resumes');
      return tell(await storage.addInput(SCOPE, taskId, { resume: data }));
    },
    async cancel(graceMs = 5000) {
      await scheduler.step('client cancels');
      return tell(await storage.requestCancel(SCOPE, taskId, graceMs));
    },
    async open(signal = new AbortController().signal) {
      await scheduler.step('client opens');
      const opened = await feed.open(taskId, SCOPE, signal);
      if (opened === undefined) throw new Error('The task is not found');
      const fold = createFold(opened.snapshot.task);
      const witness = {
        after: opened.snapshot.seq,
        seqs: [],
        fold: { task: () => fold.snapshot() },
        left: () => signal.aborted,
      };
      follow(opened.tail, witness, (entry) => {
        fold.apply(entry);
      });
    },
    async employ(agent) {
      await scheduler.step('worker starts');
      const worker = createWorker({
        ...{ ...WORKER_DEFAULTS, leaseMs: LEASE_MS, cancelGraceMs: 5000, agentId: SCOPE.agent, agent },
        ...{ storage, broker, eventBus, clock: parts.clock, logger: silentLogger },
        onError: (error) => {
          throw new Error('The agent failed', { cause: error });
        },
      });
      workers.push(worker);
      await worker.start();
      return worker;
    },
    async ended() {
      await scheduler.step('client waits for the end');
      const tail = iterate(feed.tail(taskId, 0, new AbortController().signal));
      while ((await tail.next()).done !== true);
    },
    async tail(after, signal = new AbortController().signal) {
      await scheduler.step(`client goes on after ${after}`);
      // a cursor comes from an entry that was seen
      const head = (await parts.raw.storage.heads([taskId])).get(taskId)?.head ?? 0;
      const from = Math.min(after, head);
      follow(feed.tail(taskId, from, signal), {
        after: from,
        seqs: [],
        fold: undefined,
        left: () => signal.aborted,
      });
    },
  };
}

async function appendAll(
  groups: readonly Work[],
  claimedSeq: Seq,
  append: (producerSeq: number, bodies: readonly EntryBody[]) => Promise<WriteResult>,
): Promise<void> {
  const left = [...groups];
  let seen = claimedSeq;
  let producerSeq = 0;
  for (let work = left.shift(); work !== undefined; work = left.shift()) {
    producerSeq += 1;
    const body = typeof work === 'function' ? work(seen) : work;
    const written = await append(producerSeq, 'kind' in body ? [body] : body);
    if (!written.ok || written.closed) return;
    if (written.more !== true) continue;
    // the run looks at what has come, and wants to pause again; there are only so many messages
    seen = written.seq;
    left.unshift(work);
  }
}

/** Lets time pass until every reader has all that there is; a reader that never gets it fails the check after this. */
async function quiet(
  { scheduler, raw, taskId }: World,
  witnesses: readonly Witness[],
  clock: FakeClock,
): Promise<void> {
  const { head } = await raw.storage.read(taskId, 0, 1, 1);
  const isBehind = ({ after, seqs, left }: Witness) => !left() && (seqs.at(-1) ?? after) < head;
  for (let seconds = 0; seconds < 40 && witnesses.some(isBehind); seconds += 1) {
    await scheduler.run(Promise.resolve(), () => true);
    if (witnesses.some(isBehind)) clock.advance(1000);
  }
  await scheduler.run(Promise.resolve(), () => true);
}

async function check({ raw, taskId, clock }: World, witnesses: readonly Witness[]): Promise<void> {
  const { entries, closed, head } = await raw.storage.read(taskId, 0, 1000, 1e9);
  const stored = await raw.storage.loadTask(taskId);
  expect(entries.map(({ seq }) => seq)).toEqual(range(0, head));
  expect(stored?.task).toEqual(foldLog(entries));
  expect(entries.findIndex(isClosing)).toBe(closed ? head - 1 : -1);
  const epochs = entries.map(({ epoch }) => epoch).filter((epoch) => epoch > 0);
  expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
  for (const { after, seqs, fold, left, error } of witnesses) {
    expect(error).toBe(undefined);
    const all = range(after, head);
    expect(seqs).toEqual(left() ? all.slice(0, seqs.length) : all);
    if (fold !== undefined && !left()) expect(fold.task()).toEqual(stored?.task);
  }
  if (!closed) await checkDue(raw, taskId, entries, clock);
}

/** What is left to do can be claimed once every lease is over: messages with all of them, and a cancel. Else nothing can. */
async function checkDue(
  { storage }: Backend,
  taskId: TaskId,
  entries: readonly LogEntry[],
  clock: FakeClock,
): Promise<void> {
  const pauses = entries.filter((entry) => entry.kind === 'status' && entry.pause !== undefined);
  const seen = Math.max(0, ...pauses.map((entry) => ('upTo' in entry ? (entry.upTo ?? 0) : 0)));
  const inputs = entries.filter(({ kind, seq }) => seq > seen && ['open', 'input', 'resume'].includes(kind));
  const isCancelled = entries.some(({ kind }) => kind === 'cancel');
  clock.advance(LEASE_MS + 1);
  const by = { worker: 'check', agent: SCOPE.agent, limit: 1, leaseMs: LEASE_MS, taskId };
  const [claimed] = await storage.claim(by);
  const found = claimed && [claimed.cancelRequested, ...claimed.pending.map(({ seq }) => seq)];
  if (isCancelled || inputs.length > 0) expect(found).toEqual([isCancelled, ...inputs.map(({ seq }) => seq)]);
  else expect([undefined, 'deadline']).toContain(claimed?.reason);
}

function range(after: Seq, head: Seq): Seq[] {
  return Array.from({ length: Math.max(0, head - after) }, (_, n) => after + 1 + n);
}
