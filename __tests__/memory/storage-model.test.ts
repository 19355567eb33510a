import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isClosing } from '../../lib/core/fold.ts';
import type { EntryBody } from '../../lib/core/log.ts';
import type { WriteResult } from '../../lib/core/storage.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { isInterrupted } from '../../lib/protocol/states.ts';
import { newTask } from '../../lib/testing/storage/bench.ts';
import { ANN, artifact, chunk, pause, said, start, status } from '../../lib/testing/storage/bodies.ts';
import { fakeClock } from '../helpers/fake-clock.ts';
import {
  checkAll,
  checkLiveness,
  dueTasks,
  isCancelling,
  isClosed,
  isLive,
  stateOf,
  take,
  takeClaim,
  takePause,
  type Model,
  type ModelLease,
  type ModelTask,
  type Real,
} from './storage-model.ts';

/** Stands for the newest lease of a task. */
const NEWEST = -1;

type Command = fc.AsyncCommand<Model, Real>;

/** A step that works on one of the tasks there are, and checks all of them after it. */
function onTask(
  name: string,
  pick: number,
  step: (task: ModelTask, model: Model, real: Real) => Promise<void>,
): Command {
  return {
    check: ({ tasks }) => tasks.length > 0,
    async run(model, real) {
      const task = model.tasks[pick % model.tasks.length];
      if (task === undefined) return;
      await step(task, model, real);
      await checkAll(model, real);
    },
    toString: () => `${name} on ${String(pick)}`,
  };
}

const create: Command = {
  check: ({ tasks }) => tasks.length < 4,
  async run(model, { storage, clock }) {
    const id = `t${String(model.tasks.length)}`;
    await storage.createTask(newTask({ id }));
    const { entries } = await storage.read(id, 0, 1, 1e6);
    const task: ModelTask = {
      id,
      entries: [...entries],
      leases: [],
      current: undefined,
      dueAt: clock.elapsed(),
      doneSeq: 0,
    };
    model.tasks.push(task);
  },
  toString: () => 'create',
};

function say(pick: number, word: string): Command {
  return onTask(`say ${word}`, pick, async (task, _, { storage, clock }) => {
    const before = { state: stateOf(task), isClosed: isClosed(task), isCancelling: isCancelling(task) };
    const result = await storage.addInput(ANN, task.id, { message: said(word), request: {} });
    const reason = result.ok ? undefined : result.reason;
    expect(reason).toBe(before.isClosed ? 'closed' : before.isCancelling ? 'cancelling' : undefined);
    takeInput(task, result, before.state, clock.elapsed());
  });
}

function resume(pick: number): Command {
  return onTask('resume', pick, async (task, _, { storage, clock }) => {
    const state = stateOf(task);
    const result = await storage.addInput(ANN, task.id, { resume: 1 });
    const isWanted = state === 'TASK_STATE_AUTH_REQUIRED' && !isCancelling(task);
    expect(result.ok).toBe(isWanted);
    takeInput(task, result, state, clock.elapsed());
  });
}

function takeInput(
  task: ModelTask,
  result: WriteResult,
  before: ReturnType<typeof stateOf>,
  now: number,
): void {
  if (!result.ok || result.duplicate === true) return;
  expect(result.entries.length).toBe(isInterrupted(before) ? 2 : 1);
  take(task, result);
  if (!isLive(task, now)) task.dueAt = now;
}

function cancel(pick: number, graceMs: number): Command {
  return onTask(`cancel in ${String(graceMs)}`, pick, async (task, _, { storage, clock }) => {
    const now = clock.elapsed();
    const [wasClosed, wasWanted, wasLive] = [isClosed(task), isCancelling(task), isLive(task, now)];
    const result = await storage.requestCancel(ANN, task.id, graceMs);
    expect(result.ok).toBe(!wasClosed);
    if (!result.ok) return;
    expect(result.duplicate).toBe(wasWanted ? true : undefined);
    if (wasWanted) return;
    expect(result.closed).toBe(!wasLive);
    take(task, result);
    if (!wasLive || task.current === undefined) return;
    task.current.until = Math.min(task.current.until, now + graceMs);
    task.dueAt = task.current.until;
  });
}

function claim(limit: number, leaseMs: number): Command {
  return {
    check: () => true,
    async run(model, real) {
      const now = real.clock.elapsed();
      const due = dueTasks(model, now);
      const claimed = await real.storage.claim({ worker: 'w', agent: 'suite', limit, leaseMs });
      expect(claimed.length).toBe(Math.min(limit, due.length));
      const dueAts = claimed.map(({ lease }) => due.find(({ id }) => id === lease.taskId)?.dueAt);
      expect(dueAts).toEqual(due.slice(0, limit).map(({ dueAt }) => dueAt));
      for (const one of claimed) {
        const task = due.find(({ id }) => id === one.lease.taskId);
        if (task !== undefined) takeClaim(task, one, now, leaseMs);
      }
      await checkAll(model, real);
    },
    toString: () => `claim ${String(limit)} for ${String(leaseMs)}`,
  };
}

/** Writes under any lease that was ever given out, be it current or not. */
function append(pick: number, which: number, kind: number, timeoutMs: number): Command {
  return onTask(`append ${String(kind)} under ${String(which)}`, pick, async (task, _, real) => {
    const lease = task.leases.at(which === NEWEST ? -1 : which % Math.max(1, task.leases.length));
    if (lease === undefined) return;
    const bodies = bodiesOf(task, kind, timeoutMs);
    const isAccepted = lease === task.current && !isClosed(task);
    const result = await real.storage.append(lease.lease, lease.producerSeq + 1, bodies);
    expect(result.ok).toBe(isAccepted);
    if (!result.ok) {
      const isNewest = lease === task.leases.at(-1);
      expect(result.reason).toBe(isNewest && isClosed(task) ? 'closed' : 'fenced');
      return;
    }
    lease.producerSeq += 1;
    lease.last = { bodies, result };
    take(task, result);
    const last = bodies.at(-1);
    if (last !== undefined) takePause(task, last, result.more === true, real.clock.elapsed());
    expect(result.closed).toBe(bodies.some(isClosing));
  });
}

function bodiesOf(task: ModelTask, kind: number, timeoutMs: number): EntryBody[] {
  const seen = task.entries.filter((entry) => ['open', 'input', 'resume'].includes(entry.kind));
  // the newest input, or one before it, as for a run that has not heard of it yet
  const upTo = seen.at(kind % 2 === 0 ? -1 : -2)?.seq ?? 1;
  const all: EntryBody[][] = [
    [start()],
    [chunk('a', 'x'), chunk('a', 'y')],
    [artifact('b', 'z'), status('WORKING')],
    [pause(upTo, timeoutMs)],
    [chunk('c', 'w'), pause(upTo, timeoutMs, 'AUTH_REQUIRED')],
    [pause(upTo)],
    [status('AUTH_REQUIRED', { upTo })],
    [status('COMPLETED')],
    [pause(upTo), status('FAILED')],
  ];
  return all[kind % all.length] ?? [];
}

/** Repeats the last append of a lease, whose answer may have been lost. */
function repeat(pick: number, which: number): Command {
  return onTask(`repeat under ${String(which)}`, pick, async (task, _, { storage }) => {
    const lease = task.leases.at(which === NEWEST ? -1 : which % Math.max(1, task.leases.length));
    if (lease?.last?.result.ok !== true) return;
    const { bodies, result } = lease.last;
    const again = await storage.append(lease.lease, lease.producerSeq, bodies);
    // another lease since then: the repeat is fenced, and still nothing is written twice
    if (lease !== task.leases.at(-1)) expect(again).toMatchObject({ ok: false, reason: 'fenced' });
    else expect(again).toEqual({ ...result, entries: [], duplicate: true, closed: isClosed(task) });
  });
}

function renew(pick: number, which: number, leaseMs: number): Command {
  return onTask(
    `renew ${String(which)} for ${String(leaseMs)}`,
    pick,
    async (task, _, { storage, clock }) => {
      const lease = task.leases.at(which === NEWEST ? -1 : which % Math.max(1, task.leases.length));
      if (lease === undefined) return;
      const now = clock.elapsed();
      const result = await storage.renew(lease.lease, leaseMs);
      expect(result.ok).toBe(lease === task.current);
      if (!result.ok) return;
      if (!isCancelling(task)) lease.until = Math.max(lease.until, now + leaseMs);
      task.dueAt = lease.until;
      const inputs = task.entries.filter(({ kind }) => ['open', 'input', 'resume'].includes(kind));
      expect(result).toEqual({
        ...{ ok: true, leftMs: Math.max(0, lease.until - now), cancelRequested: isCancelling(task) },
        inputSeq: inputs.at(-1)?.seq,
      });
    },
  );
}

function release(pick: number, which: number, delayMs: number, clean: boolean): Command {
  return onTask(`release ${String(which)}`, pick, async (task, _, { storage, clock }) => {
    const lease: ModelLease | undefined = task.leases.at(
      which === NEWEST ? -1 : which % Math.max(1, task.leases.length),
    );
    if (lease === undefined) return;
    expect(await storage.release(lease.lease, delayMs, clean)).toBe(lease === task.current);
    if (lease !== task.current) return;
    task.current = undefined;
    task.dueAt = clock.elapsed() + (isCancelling(task) ? 0 : delayMs);
  });
}

function pass(ms: number, wallMs: number): Command {
  return {
    check: () => true,
    run(_, { clock }) {
      clock.advance(ms);
      if (wallMs !== 0) clock.setWall(clock.now() + wallMs);
      return Promise.resolve();
    },
    toString: () => `pass ${String(ms)}, wall ${String(wallMs)}`,
  };
}

const task = fc.nat(3);
const lease = fc.oneof({ weight: 4, arbitrary: fc.constant(NEWEST) }, { weight: 1, arbitrary: fc.nat(3) });
const ms = fc.constantFrom(0, 1, 10, 100, 1000);

it('keeps the invariants of Storage through any order of calls', async () => {
  const commands = [
    fc.constant(create),
    fc.tuple(task, fc.constantFrom('a', 'b', 'hello')).map(([pick, word]) => say(pick, word)),
    task.map(resume),
    fc.tuple(task, ms).map(([pick, graceMs]) => cancel(pick, graceMs)),
    fc
      .tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom(10, 100, 1000))
      .map(([limit, leaseMs]) => claim(limit, leaseMs)),
    fc
      .tuple(task, lease, fc.nat(17), ms)
      .map(([pick, which, kind, timeoutMs]) => append(pick, which, kind, timeoutMs)),
    fc
      .tuple(task, lease, fc.nat(17), ms)
      .map(([pick, which, kind, timeoutMs]) => append(pick, which, kind % 7, timeoutMs)),
    fc.tuple(task, lease).map(([pick, which]) => repeat(pick, which)),
    fc.tuple(task, lease, ms).map(([pick, which, leaseMs]) => renew(pick, which, leaseMs)),
    fc
      .tuple(task, lease, ms, fc.boolean())
      .map(([pick, which, delayMs, clean]) => release(pick, which, delayMs, clean)),
    fc.tuple(ms, fc.constantFrom(0, 0, -50, 50)).map(([forMs, wallMs]) => pass(forMs, wallMs)),
  ];
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 60, size: 'max' }), async (steps) => {
      const clock = fakeClock();
      const retention = { finishedMs: Infinity, logMs: Infinity };
      const { storage } = memoryBackend({ clock, retention });
      const model: Model = { tasks: [] };
      const real: Real = { storage, clock };
      await create.run(model, real);
      await fc.asyncModelRun(() => ({ model, real }), steps);
      await checkLiveness(model, real);
    }),
    { numRuns: 100 },
  );
}, 60_000);
