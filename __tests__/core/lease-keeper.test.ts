import { describe, expect, it } from '@jest/globals';
import type { EventBus, TaskHint } from '../../lib/core/event-bus.ts';
import { TaskClosed } from '../../lib/core/task-failed.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { errorOf } from '../../lib/testing/worker/agent-cases.ts';
import { brief } from '../../lib/testing/worker/brief.ts';
import { deaf, obedient, stopped } from '../../lib/testing/worker/stop-cases.ts';
import { gate, withBench } from '../helpers/worker-bench.ts';

const isStatus = ({ kind }: { kind: string }) => kind === 'status';

describe('a lease', () => {
  it('is renewed every third of it, and its end is never near while the storage answers', async () => {
    await withBench(async (bench) => {
      const { storage, worker } = await bench.start(deaf);
      const taskId = await bench.send();
      await bench.until(taskId, isStatus);
      await bench.settle();
      const renewals = () => storage.calls.filter(({ method }) => method === 'renew').length;
      const before = renewals();
      await bench.advance(100_000);
      expect(renewals() - before).toBe(10);
      expect(worker.status().running).toBe(1);
    });
  });

  it('of a short time is given up at half of it', async () => {
    await withBench(async (bench) => {
      const { storage, worker, logged } = await bench.start(deaf, { leaseMs: 2000 });
      const taskId = await bench.send();
      await bench.until(taskId, isStatus);
      storage.setFault(({ method }) => (method === 'renew' ? 'fail' : undefined));
      await bench.advance(750);
      expect(worker.status().running).toBe(1);
      await bench.advance(250);
      expect(worker.status()).toEqual({ running: 0, orphaned: 1 });
      expect(logged.at(-1)).toBe('the lease of a task was lost: it could not be renewed in time');
    });
  });

  it('whose renewals hang for a while is kept by those that follow', async () => {
    await withBench(async (bench) => {
      const { storage, worker } = await bench.start(deaf);
      const taskId = await bench.send();
      await bench.until(taskId, isStatus);
      await bench.settle();
      storage.setFault(({ method }) => (method === 'renew' ? 'hang' : undefined));
      await bench.advance(12_000);
      storage.setFault();
      await bench.advance(60_000);
      expect(worker.status().running).toBe(1);
    });
  });

  it('that was taken away ends the run as soon as that is known', async () => {
    await withBench(async (bench) => {
      const reason = gate<unknown>();
      const { worker, storage } = await bench.start(async (turn) => {
        await turn.working();
        await stopped(turn);
        reason.open(turn.signal.reason);
      });
      const taskId = await bench.send();
      await bench.until(taskId, isStatus);
      await bench.settle();
      // somebody releases it
      const lease = storage.calls.find(({ method }) => method === 'append')?.args[0];
      await bench.storage.release(lease as never, 60_000, true);
      await bench.advance(10_000);
      expect(await reason.opened).toBe('lease-lost');
      expect(worker.status().running).toBe(0);
    });
  });

  it('of a task that others have closed ends the run', async () => {
    await withBench(async (bench) => {
      const refused = gate<unknown>();
      const { storage, worker } = await bench.start(async (turn) => {
        refused.open([await errorOf(turn.working('late')), turn.signal.reason]);
        return new Promise<undefined>(() => undefined);
      });
      const { append } = storage;
      // as after a cancel that met a lease which was over
      storage.append = (lease, producerSeq, entries) =>
        producerSeq === 2
          ? Promise.resolve({ ok: false, reason: 'closed' })
          : append(lease, producerSeq, entries);
      await bench.send();
      expect(await refused.opened).toEqual([new TaskClosed('The task has ended'), 'lease-lost']);
      await bench.settle();
      expect(worker.status()).toEqual({ running: 0, orphaned: 1 });
    });
  });

  it.each(['complete', 'requireInput'] as const)(
    'is not thought lost when it is refused to a heartbeat because %s, not answered yet, gave it up',
    async (end) => {
      await withBench(async (bench) => {
        const [answered, told] = [gate<undefined>(), gate<unknown>()];
        const { storage, clock, logged } = await bench.start(async (turn) => {
          await turn.working();
          await turn[end]('that is it').catch(told.open);
          told.open(turn.signal.aborted);
        });
        storage.setFault(({ method, nth }) =>
          method === 'append' && nth === 3 ? { answerAfter: answered.opened } : undefined,
        );
        const taskId = await bench.send();
        await bench.until(taskId, ({ seq }) => seq === 4);
        clock.advance(10_000);
        // the answer to the heartbeat is there first
        for (let turns = 0; turns < 4; turns += 1) await new Promise(setImmediate);
        const hasAsked = storage.calls.some(({ method }) => method === 'renew');
        answered.open(undefined);
        expect(hasAsked).toBe(true);
        expect(await told.opened).toBe(false);
        expect(logged).toEqual([]);
      });
    },
  );

  it('that is lost in the moment in which its agent ends, told to stop, leaves nothing unhandled', async () => {
    const unhandled: unknown[] = [];
    const listen = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', listen);
    try {
      // one of these is that moment
      for (let steps = 0; steps < 12; steps += 1) await loseAtEnd(steps);
    } finally {
      process.off('unhandledRejection', listen);
    }
    expect(unhandled).toEqual([]);
  });

  /** The answer that a lease is lost comes so many steps after the agent begins to end. */
  async function loseAtEnd(steps: number): Promise<void> {
    await withBench(async (bench) => {
      const [mayEnd, renewed] = [gate(), gate<{ ok: false }>()];
      const { storage, worker } = await bench.start(async (turn) => {
        await turn.working();
        await mayEnd.opened;
      });
      const taskId = await bench.send();
      await bench.until(taskId, isStatus);
      await bench.settle();
      storage.renew = () => renewed.opened;
      await bench.cancel(taskId);
      await bench.settle();
      mayEnd.open();
      for (let step = 0; step < steps; step += 1) await Promise.resolve();
      renewed.open({ ok: false });
      await bench.settle();
      expect(worker.status()).toEqual({ running: 0, orphaned: 0 });
    });
  }

  it.each([
    ['after its end', false],
    ['that is there only after its end', true],
  ])('ends though the bus can not be left: a subscription %s', async (_name, isLate) => {
    const { eventBus } = memoryBackend();
    const mayJoin = gate();
    const stuck = () => {
      throw new Error('stuck');
    };
    await withBench(async (bench) => {
      const bus: EventBus = {
        ...eventBus,
        async subscribe() {
          if (isLate) await mayJoin.opened;
          return stuck;
        },
      };
      const { worker, logged } = await bench.start(() => 'done', { eventBus: bus });
      expect(brief(await bench.ended(await bench.send())).at(-1)).toBe('COMPLETED');
      mayJoin.open();
      await bench.settle();
      expect(worker.status()).toEqual({ running: 0, orphaned: 0 });
      expect(logged).toEqual(['unsubscribing from a task failed']);
    });
  });

  function countingBus(inner: EventBus): { bus: EventBus; gap: () => void; strip: (is: boolean) => void } {
    const gaps = new Set<() => void>();
    let strips = false;
    const stripped = ({ entries: _, ...hint }: TaskHint): TaskHint => hint;
    const bus: EventBus = {
      publish: (hint) => inner.publish(strips ? stripped(hint) : hint),
      subscribe: (taskId, onHint) =>
        inner.subscribe(taskId, (hint) => {
          onHint(strips ? stripped(hint) : hint);
        }),
      onGap(callback) {
        gaps.add(callback);
        return () => void gaps.delete(callback);
      },
      close: () => inner.close(),
    };
    return {
      bus,
      gap: () => {
        for (const callback of gaps) callback();
      },
      strip: (is) => {
        strips = is;
      },
    };
  }

  it('is looked at when hints may have been missed, and when one comes without its entries', async () => {
    const { eventBus } = memoryBackend();
    await withBench(async (bench) => {
      const { bus, gap, strip } = countingBus(eventBus);
      const { storage } = await bench.start(obedient, { eventBus: bus });
      const taskId = await bench.send();
      await bench.until(taskId, isStatus);
      await bench.settle();
      const renewals = () => storage.calls.filter(({ method }) => method === 'renew').length;
      // nobody else has written, as the number of its first append tells
      expect(renewals()).toBe(0);
      gap();
      await bench.settle();
      expect(renewals()).toBe(1);
      strip(true);
      // its own entries are no news
      await bus.publish({ taskId, head: 3, closed: false });
      await bench.settle();
      expect(renewals()).toBe(1);
      const { scope } = await bench.load(taskId);
      await bench.storage.requestCancel(scope, taskId, 5000);
      await bus.publish({ taskId, head: 4, closed: false });
      expect(brief(await bench.ended(taskId)).at(-1)).toBe('CANCELED');
      await bench.settle();
      const after = renewals();
      gap();
      await bench.settle();
      expect(renewals()).toBe(after);
    });
  });
});
