import { describe, expect, it } from '@jest/globals';
import type { Broker, WorkHint, WorkOutcome } from '../../lib/core/broker.ts';
import type { EventBus } from '../../lib/core/event-bus.ts';
import { silentLogger } from '../../lib/core/logger.ts';
import type { Agent } from '../../lib/core/output.ts';
import { createWorker, type WorkerOptions } from '../../lib/core/worker.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { fakeClock } from '../../lib/testing/fake-clock.ts';
import { faultyStorage } from '../../lib/testing/faulty-storage.ts';
import { brief } from '../../lib/testing/worker/brief.ts';
import { deaf, obedient, stopped } from '../../lib/testing/worker/stop-cases.ts';
import { gate, withBench } from '../helpers/worker-bench.ts';

const isStart = ({ kind }: { kind: string }) => kind === 'start';

describe('a worker', () => {
  it('runs no more tasks at once than it may, and the next when one ends', async () => {
    await withBench(async (bench) => {
      const gates = Array.from({ length: 5 }, () => gate());
      const { worker, storage } = await bench.start((turn) => gates[Number(turn.text)]?.opened, {
        concurrency: 2,
      });
      const tasks = [];
      for (let n = 0; n < 5; n += 1) tasks.push(await bench.send(String(n)));
      await bench.settle();
      expect(worker.status()).toEqual({ running: 2, orphaned: 0 });
      const limits = storage.calls.filter(({ method }) => method === 'claim').map(({ args }) => args[0]);
      expect(limits.every((by) => (by as { limit: number }).limit <= 2)).toBe(true);
      for (const [n, taskId] of tasks.entries()) {
        gates[n]?.open();
        expect(brief(await bench.ended(taskId)).at(-1)).toBe('COMPLETED');
      }
    });
  });

  it('ends a task that its agent lets wait after a cancel, at once and without a hint', async () => {
    const { eventBus } = memoryBackend();
    await withBench(async (bench) => {
      const agent: Agent = async (turn) => {
        await turn.working();
        await stopped(turn);
        await turn.requireInput('which?');
      };
      await bench.start(agent, { eventBus });
      await bench.settle();
      const taskId = await bench.send('hello', { quiet: true });
      await bench.advance(2000);
      await bench.until(taskId, ({ kind }) => kind === 'status');
      const { scope } = await bench.load(taskId);
      const cancel = await bench.storage.requestCancel(scope, taskId, 5000);
      if (!cancel.ok) throw new Error(cancel.reason);
      await eventBus.publish({ taskId, head: cancel.seq, closed: false, entries: cancel.entries });
      const entries = await bench.ended(taskId);
      expect(brief(entries).slice(3)).toEqual(['cancel', 'INPUT_REQUIRED which?', 'CANCELED']);
    });
  });

  it('finds work that nobody told it of', async () => {
    await withBench(async (bench) => {
      await bench.start(() => 'done');
      await bench.settle();
      const taskId = await bench.send('hello', { quiet: true });
      await bench.settle();
      expect((await bench.log(taskId)).length).toBe(1);
      await bench.advance(2000);
      expect((await bench.load(taskId)).closed).toBe(true);
    });
  });

  it('that can not claim tries again with the next poll', async () => {
    await withBench(async (bench) => {
      const { storage, logged } = await bench.start(() => 'done');
      await bench.settle();
      storage.setFault(({ method }) => (method === 'claim' ? 'fail' : undefined));
      const taskId = await bench.send();
      await bench.settle();
      expect(logged).toEqual(['claiming tasks failed; the next poll tries again']);
      storage.setFault();
      await bench.advance(2000);
      expect((await bench.load(taskId)).closed).toBe(true);
    });
  });

  it('sweeps the storage once a minute, and a failure hurts nobody', async () => {
    await withBench(async (bench) => {
      const { storage, logged } = await bench.start(() => 'done');
      storage.setFault(({ method }) => (method === 'sweep' ? 'fail' : undefined));
      await bench.advance(125_000);
      expect(storage.calls.filter(({ method }) => method === 'sweep').length).toBe(2);
      expect(logged).toEqual(Array(2).fill('sweeping the storage failed'));
    });
  });
});

describe('a worker that is stopped', () => {
  it('before it was started does nothing', async () => {
    await withBench(async (bench) => {
      const { broker, worker } = byHand(() => 'done');
      await worker.stop();
      await worker.start();
      expect(broker.listeners).toEqual([]);
      expect(worker.status()).toEqual({ running: 0, orphaned: 0 });
      await bench.settle();
    });
  });

  it('while it starts leaves the broker again', async () => {
    const { broker, worker, clock } = byHand(() => 'done');
    broker.joining = gate().opened;
    const may = gate();
    broker.joining = may.opened;
    const starting = worker.start();
    await worker.stop();
    may.open();
    await starting;
    expect(broker.listeners).toEqual([]);
    expect(clock.pending()).toBe(0);
  });

  it('while a claim is under way gives back what it brings', async () => {
    await withBench(async (bench) => {
      const station = await bench.start(obedient, { shared: true, leaseMs: 30_000 });
      await bench.settle();
      const may = gate<undefined>();
      station.storage.setFault(({ method }) => (method === 'claim' ? may.opened : undefined));
      const taskId = await bench.send();
      await bench.settle();
      const stopping = station.worker.stop();
      await bench.advance(500);
      may.open(undefined);
      await stopping;
      expect(station.worker.status()).toEqual({ running: 0, orphaned: 0 });
      await bench.start(() => 'elsewhere');
      expect(brief(await bench.ended(taskId)).at(-2)).toBe('artifact 1-1 = elsewhere .');
    });
  });

  it('does not wait for ever for a claim that hangs', async () => {
    await withBench(async (bench) => {
      const station = await bench.start(() => 'done');
      await bench.settle();
      station.storage.setFault(() => 'hang');
      await bench.send();
      await bench.settle();
      const stopped = gate();
      void station.worker.stop({ drainMs: 1000 }).then(stopped.open);
      await bench.advance(6500);
      await stopped.opened;
    });
  });

  it('listens for gaps once, however many runs it has, and until it has stopped', async () => {
    const { eventBus } = memoryBackend();
    const gaps = listenForGaps(eventBus);
    await withBench(async (bench) => {
      const mayEnd = gate();
      const { worker, storage } = await bench.start(() => mayEnd.opened.then(() => 'done'), {
        eventBus,
      });
      for (let n = 0; n < 3; n += 1) await bench.send();
      await bench.settle();
      expect([worker.status().running, gaps.listening(), gaps.asked()]).toEqual([3, 1, 1]);
      const renewals = () => storage.calls.filter(({ method }) => method === 'renew').length;
      expect(renewals()).toBe(0);
      gaps.tell();
      await bench.settle();
      // each run asks
      expect(renewals()).toBe(3);
      const stopped = worker.stop({ drainMs: 1000 });
      await bench.settle();
      expect(gaps.listening()).toBe(1);
      mayEnd.open();
      await stopped;
      expect([gaps.listening(), gaps.asked()]).toEqual([0, 1]);
    });
  });

  it('listens for gaps no longer where it could not start', async () => {
    const { broker, worker, backend } = byHand(() => 'done');
    const gaps = listenForGaps(backend.eventBus);
    broker.joining = Promise.reject(new Error('no broker'));
    await expect(worker.start()).rejects.toThrow('no broker');
    expect(gaps.listening()).toBe(0);
  });

  it('listens for gaps no longer though its broker can not be left', async () => {
    const { broker, worker, backend } = byHand(() => 'done');
    const gaps = listenForGaps(backend.eventBus);
    broker.work = () => Promise.resolve({ stop: () => new Promise(() => undefined) });
    await worker.start();
    expect(gaps.listening()).toBe(1);
    void worker.stop();
    await new Promise(setImmediate);
    expect(gaps.listening()).toBe(0);
  });

  it('stops though the event bus can not be left', async () => {
    const { worker, backend, logged } = byHand(() => 'done');
    backend.eventBus.onGap = () => () => {
      throw new Error('stuck');
    };
    await worker.start();
    await worker.stop();
    expect(logged).toEqual(['leaving the event bus failed']);
  });

  it('leaves no timer behind, though its broker fails', async () => {
    const { broker, worker, clock, logged } = byHand(() => 'done');
    await worker.start();
    broker.fails = true;
    await worker.stop();
    expect(logged).toEqual(['leaving the broker failed']);
    expect(clock.pending()).toBe(0);
  });

  it('ends a deaf run where nobody else can take it, for good', async () => {
    await withBench(async (bench) => {
      const { worker } = await bench.start(deaf, { cancelGraceMs: 1000 });
      const taskId = await bench.send();
      await bench.until(taskId, isStart);
      const stopping = worker.stop({ drainMs: 500 });
      await bench.advance(2000);
      await stopping;
      expect((await bench.load(taskId)).task.status.state).toBe('TASK_STATE_FAILED');
      expect(worker.status()).toEqual({ running: 0, orphaned: 1 });
    });
  });
});

describe('the outcome of a hint', () => {
  it.each<[string, WorkOutcome]>([
    ['a task that runs to its end', 'done'],
    ['a task that waits for its client', 'idle'],
    ['a task that has ended', 'idle'],
    ['a task that nobody knows', 'idle'],
    ['a task that another worker has', 'busy'],
    ['a task that can not be looked at', 'busy'],
    ['no task in particular, where nothing is due', 'idle'],
    ['no task in particular, where one is due', 'done'],
  ])('for %s is %s', async (what, expected) => {
    const { broker, worker, storage, backend } = byHand((turn) =>
      turn.text === 'wait' ? turn.requireInput('?') : 'done',
    );
    await worker.start();
    const taskId = 'one';
    const isDue = what.includes('runs') || what.includes('one is due');
    await backend.storage.createTask({
      scope: { agent: 'a', tenant: '', owner: null },
      ...{ request: {}, answers: 'task' },
      task: {
        ...{ id: taskId, contextId: 'c' },
        status: { state: 'TASK_STATE_SUBMITTED', timestamp: '1970-01-01T00:00:00.000Z' },
        history: [
          { messageId: 'm', role: 'ROLE_USER', parts: [{ text: what.includes('waits') ? 'wait' : 'go' }] },
        ],
      },
    });
    if (what.includes('another')) {
      await backend.storage.claim({ worker: 'other', agent: 'a', limit: 1, leaseMs: 30_000 });
    } else if (!isDue) {
      await broker.hint({ agent: 'a', taskId });
    }
    if (what.includes('can not')) storage.setFault(() => 'fail');
    const asked = what.includes('nobody knows') ? 'nobody' : taskId;
    const hint = what.startsWith('no task') ? { agent: 'a' } : { agent: 'a', taskId: asked };
    expect(await broker.hint(hint)).toBe(expected);
    await worker.stop();
  });

  it('waits for the run of its own task only', async () => {
    const may = gate();
    const { broker, worker, backend } = byHand((turn) => (turn.taskId === 'slow' ? may.opened : 'done'));
    for (const id of ['slow', 'fast']) {
      await backend.storage.createTask({
        scope: { agent: 'a', tenant: '', owner: null },
        ...{ request: {}, answers: 'task' },
        task: {
          ...{ id, contextId: 'c' },
          status: { state: 'TASK_STATE_SUBMITTED', timestamp: '1970-01-01T00:00:00.000Z' },
          history: [{ messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'go' }] }],
        },
      });
    }
    await worker.start();
    expect(await broker.hint({ agent: 'a', taskId: 'fast' })).toBe('done');
    expect(worker.status().running).toBe(1);
    may.open();
    await worker.stop();
  });
});

interface HandBroker extends Broker {
  readonly listeners: ((hint: WorkHint) => Promise<WorkOutcome>)[];
  readonly hint: (hint: WorkHint) => Promise<WorkOutcome>;
  joining: Promise<unknown>;
  fails: boolean;
}

/** Counts who listens for gaps of a bus. */
function listenForGaps(eventBus: EventBus) {
  const listening = new Set<() => void>();
  let asked = 0;
  eventBus.onGap = (callback) => {
    asked += 1;
    listening.add(callback);
    return () => void listening.delete(callback);
  };
  return {
    listening: () => listening.size,
    asked: () => asked,
    tell() {
      for (const callback of listening) callback();
    },
  };
}

/** A worker on a broker that speaks when it is told to. */
function byHand(agent: WorkerOptions['agent']) {
  const clock = fakeClock();
  const backend = memoryBackend({ clock });
  const storage = faultyStorage(backend.storage);
  const logged: string[] = [];
  const listeners: HandBroker['listeners'] = [];
  const broker: HandBroker = {
    listeners,
    hint: async (hint) => (await listeners[0]?.(hint)) ?? 'idle',
    joining: Promise.resolve(),
    fails: false,
    wake: () => (broker.fails ? Promise.reject(new Error('down')) : Promise.resolve()),
    async work(_agent, _free, onWork) {
      await broker.joining;
      listeners.push(onWork);
      return {
        stop: async () => {
          listeners.length = 0;
        },
      };
    },
    close: () => Promise.resolve(),
  };
  const worker = createWorker({
    ...{ agent, storage, broker, eventBus: backend.eventBus, clock, agentId: 'a', concurrency: 4 },
    ...{ leaseMs: 30_000, maxAttempts: 1, runTimeoutMs: Infinity, inputTimeoutMs: Infinity },
    ...{ idleTimeoutMs: Infinity },
    ...{ cancelGraceMs: 5000, onError: () => undefined },
    logger: { ...silentLogger, warn: (_, text) => void logged.push(text) },
  });
  return { broker, worker, storage, backend, clock, logged };
}
