import type { Broker } from '../core/broker.ts';
import { idle, listen, wake, withProcesses, workload } from './broker/bench.ts';
import { queueCases } from './broker/queue-cases.ts';
import { eventually } from './eventually.ts';
import { createGate } from './gate.ts';
import type { ProcessModule } from './process/second-process.ts';
import { missingHooks, register, type TestApi } from './test-api.ts';

/** What only some brokers can do. A case that needs a hook which is not there says so in its name and is not run. */
export interface BrokerHooks {
  /** Another handle on the same broker, in this process. */
  readonly connect?: (broker: Broker) => Broker | Promise<Broker>;
  /** Makes what the broker stands on unreachable. */
  readonly cut?: (broker: Broker) => void | Promise<void>;
  /** How a second process opens the same broker: the path of a main module that calls `serveBackend`. */
  readonly process?: (broker: Broker) => ProcessModule | Promise<ProcessModule>;
  /** For queue products: set when a hint comes again whose outcome was `busy`, or whose process was killed. */
  readonly redelivers?: true;
  /** Set when hints get lost, some or all of them: cases that need those that are lost are then not run. */
  readonly losesHints?: 'some' | 'all';
  /** Called after each case, with the broker it ran on. */
  readonly dispose?: (broker: Broker) => void | Promise<void>;
}

/** `hints`: at least some arrive; `every hint`: none is lost; `collapsing hints`: not each is kept until it is acknowledged. */
type Need =
  Exclude<keyof BrokerHooks, 'dispose' | 'losesHints'> | 'hints' | 'every hint' | 'collapsing hints';

/** What the files of cases register with. */
export interface BrokerKit {
  readonly expect: TestApi['expect'];
  readonly hooks: BrokerHooks;
  readonly test: (name: string, body: (broker: Broker) => Promise<void>, needs?: readonly Need[]) => void;
}

/**
 * The contract of Broker as cases K1 to K6. `create` makes a broker for each case.
 *
 * Asks of `expect` only toBe, toEqual, toBeGreaterThan and toBeLessThanOrEqual. Runs under jest, vitest and node:test.
 */
export function brokerSuite(
  api: TestApi,
  create: () => Broker | Promise<Broker>,
  hooks: BrokerHooks = {},
): void {
  const { losesHints } = hooks;
  const given = {
    ...hooks,
    hints: losesHints === 'all' ? undefined : true,
    'every hint': losesHints === undefined ? true : undefined,
    'collapsing hints': hooks.redelivers === undefined ? true : undefined,
  };
  const test: BrokerKit['test'] = (name, body, needs = []) => {
    register(api, name, missingHooks(given, needs), async () => {
      const broker = await create();
      try {
        await body(broker);
      } finally {
        await broker.close();
        await hooks.dispose?.(broker);
      }
    });
  };
  const kit = { hooks, test, expect: api.expect };
  api.describe('Broker', () => {
    wakeCases(kit);
    collapseCases(kit);
    roomCases(kit);
    stopCases(kit);
    harmCases(kit);
    queueCases(kit);
  });
}

function wakeCases({ test, hooks, expect }: BrokerKit): void {
  test(
    'K1 wake: reaches an idle worker of the agent, and none of another',
    async (broker) => {
      const [one, other] = [await listen(broker, 'a'), await listen(broker, 'b')];
      await wake(broker, { agent: 'a', taskId: 't' }, () => one.heard.length > 0);
      await wake(broker, { agent: 'b' }, () => other.heard.length > 0);
      expect([...new Set(one.heard.map(({ agent }) => agent))]).toEqual(['a']);
      expect([...new Set(other.heard.map(({ agent }) => agent))]).toEqual(['b']);
      expect(one.heard[0]?.taskId ?? 't').toBe('t');
      await Promise.all([one.stop(), other.stop()]);
    },
    ['hints'],
  );

  test(
    'K1 wake: reaches a worker on another handle',
    async (broker) => {
      const other = await hooks.connect?.(broker);
      if (other === undefined) return;
      const there = await listen(other, 'a');
      await wake(broker, { agent: 'a' }, () => there.heard.length > 0);
      await there.stop();
      await other.close();
    },
    ['connect', 'hints'],
  );

  test(
    'K1 wake ★: reaches a worker in another process, and comes from one',
    async (broker) => {
      await withProcesses(hooks.process, broker, async (one, two) => {
        const there = await listen(one.broker, 'a');
        await wake(broker, { agent: 'a' }, () => there.heard.length > 0);
        const before = there.heard.length;
        await wake(two.broker, { agent: 'a' }, () => there.heard.length > before);
        await there.stop();
      });
    },
    ['process', 'hints'],
  );

  test(
    'K1 wake: reaches a worker again and again',
    async (broker) => {
      const { heard, stop } = await listen(broker, 'a');
      for (let n = 1; n <= 20; n += 1)
        await wake(broker, { agent: 'a', taskId: `t${String(n)}` }, () => heard.length >= n);
      await stop();
    },
    ['hints'],
  );

  test(
    'K1 wake: does not call the worker before it returns',
    async (broker) => {
      const { heard, stop } = await listen(broker, 'a');
      const waking = broker.wake({ agent: 'a' });
      expect(heard.length).toBe(0);
      await waking;
      await eventually(
        () => heard.length > 0,
        'the hint',
        () => broker.wake({ agent: 'a' }),
      );
      await stop();
    },
    ['hints'],
  );
}

function collapseCases({ test, expect }: BrokerKit): void {
  for (const [workers, concurrency] of [
    [1, 1],
    [1, 16],
    [3, 2],
  ] as const) {
    test(
      `K2 collapse: of 300 wakes none leaves work undone, with ${String(workers)} workers of ${String(concurrency)}`,
      async (broker) => {
        const work = workload(concurrency);
        const handles = [];
        for (let n = 0; n < workers; n += 1) handles.push(await work.start(broker));
        const wakes = Array.from({ length: 300 }, async (_, n) => {
          work.due.push(`t${String(n)}`);
          return broker.wake({ agent: 'a', taskId: `t${String(n)}` });
        });
        await Promise.all(wakes);
        await eventually(() => work.finished.length === 300, 'all work to be done');
        expect(new Set(work.finished).size).toBe(300);
        await Promise.all(handles.map((handle) => handle.stop()));
      },
      ['every hint'],
    );
  }

  test(
    'K2 collapse: work that comes while a worker is at work is done after it',
    async (broker) => {
      const work = workload(1);
      const handle = await work.start(broker);
      for (let n = 0; n < 50; n += 1) {
        work.due.push(`t${String(n)}`);
        await broker.wake({ agent: 'a', taskId: `t${String(n)}` });
        if (n % 3 === 0) await new Promise(setImmediate);
      }
      await eventually(() => work.finished.length === 50, 'all work to be done');
      await handle.stop();
    },
    ['every hint'],
  );

  test(
    'K2 collapse: 10,000 wakes for a worker without room are no 10,000 calls when it has some',
    async (broker) => {
      let room = 0;
      let calls = 0;
      const handle = await broker.work(
        'a',
        () => room,
        () => {
          calls += 1;
          return Promise.resolve('idle');
        },
      );
      for (let n = 0; n < 10_000; n += 100) {
        const some = Array.from({ length: 100 }, (_, k) => `t${String(n + k)}`);
        await Promise.all(some.map(async (taskId) => broker.wake({ agent: 'a', taskId })));
      }
      // those that come late come while there is no room, too
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      room = 4;
      await wake(broker, { agent: 'a' }, () => calls > 0);
      for (let [quiet, before] = [0, 0]; quiet < 50 && calls < 10_000; quiet += 1) {
        if (calls !== before) [quiet, before] = [0, calls];
        await new Promise(setImmediate);
      }
      await handle.stop();
      expect(calls).toBeLessThanOrEqual(2000);
    },
    ['hints', 'collapsing hints'],
  );
}

function roomCases({ test, expect }: BrokerKit): void {
  test(
    'K3 room: a worker without room is not called, one that has room is',
    async (broker) => {
      let room = 0;
      let calls = 0;
      const full = await broker.work(
        'a',
        () => room,
        () => {
          calls += 1;
          return idle();
        },
      );
      const marker = await listen(broker, 'a');
      for (let n = 0; n < 20; n += 1) {
        await wake(broker, { agent: 'a', taskId: `t${String(n)}` }, () => marker.heard.length > n);
      }
      expect(calls).toBe(0);
      await marker.stop();
      room = 1;
      await wake(broker, { agent: 'a' }, () => calls > 0);
      await full.stop();
    },
    ['hints'],
  );

  test(
    'K3 room: a worker is not called for more than it has room for at once',
    async (broker) => {
      let [running, most] = [0, 0];
      const gate = createGate();
      const handle = await broker.work(
        'a',
        () => 3 - running,
        async () => {
          running += 1;
          most = Math.max(most, running);
          await gate.opened;
          running -= 1;
          return 'done';
        },
      );
      // at once, so that a broker that counts its room in rounds has them all in one
      await Promise.all(
        Array.from({ length: 20 }, async (_, n) => broker.wake({ agent: 'a', taskId: `t${String(n)}` })),
      );
      await eventually(
        () => running > 0,
        'the first call',
        () => broker.wake({ agent: 'a' }),
      );
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      expect(most).toBeLessThanOrEqual(3);
      gate.open();
      await handle.stop();
    },
    ['hints'],
  );
}

function stopCases({ test, expect }: BrokerKit): void {
  test(
    'K4 stop: waits for the callbacks that run',
    async (broker) => {
      const gate = createGate();
      let ended = false;
      const { heard, stop } = await listen(broker, 'a', async () => {
        await gate.opened;
        await new Promise(setImmediate);
        ended = true;
        return 'done';
      });
      await wake(broker, { agent: 'a' }, () => heard.length > 0);
      let stopped = false;
      const stopping = stop().then(() => {
        stopped = true;
      });
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      expect(stopped).toBe(false);
      gate.open();
      await stopping;
      expect(ended).toBe(true);
    },
    ['hints'],
  );

  test(
    'K4 stop: who has stopped is not called any more; stopping twice is fine',
    async (broker) => {
      const [one, two] = [await listen(broker, 'a'), await listen(broker, 'a')];
      await one.stop();
      await one.stop();
      for (let n = 0; n < 10; n += 1) {
        await wake(broker, { agent: 'a', taskId: `t${String(n)}` }, () => two.heard.length > n);
      }
      expect(one.heard.length).toBe(0);
      await two.stop();
      await broker.wake({ agent: 'a' });
      const three = await listen(broker, 'a');
      await wake(broker, { agent: 'a' }, () => three.heard.length > 0);
      await three.stop();
      expect(one.heard.length).toBe(0);
    },
    ['hints'],
  );
}

function harmCases({ test, hooks, expect }: BrokerKit): void {
  test('K5 wake: without a worker it is fine', async (broker) => {
    await broker.wake({ agent: 'nobody' });
    await broker.wake({ agent: 'nobody', taskId: 't' });
  });

  test(
    'K5 wake: does not wait for a worker, and one that fails is called again',
    async (broker) => {
      let calls = 0;
      const handle = await broker.work(
        'a',
        () => 1,
        () => {
          calls += 1;
          if (calls === 1) throw new Error('a callback that throws');
          return calls === 2 ? Promise.reject(new Error('a callback that rejects')) : idle();
        },
      );
      for (let n = 1; n <= 3; n += 1)
        await wake(broker, { agent: 'a', taskId: `t${String(n)}` }, () => calls >= n);
      await handle.stop();
      const gate = createGate();
      const busy = await listen(broker, 'a', async () => {
        await gate.opened;
        return 'done';
      });
      await wake(broker, { agent: 'a' }, () => busy.heard.length > 0);
      for (let n = 0; n < 100; n += 1) await broker.wake({ agent: 'a', taskId: `t${String(n)}` });
      gate.open();
      await busy.stop();
      expect(calls).toBeGreaterThan(2);
    },
    ['hints'],
  );

  test('K5 wake: after close it neither throws nor rejects, and close may come twice', async (broker) => {
    await broker.close();
    await broker.close();
    await broker.wake({ agent: 'a' });
  });

  test(
    'K5 wake: neither throws nor waits when the broker is down',
    async (broker) => {
      await hooks.cut?.(broker);
      for (let n = 0; n < 10; n += 1) await broker.wake({ agent: 'a', taskId: `t${String(n)}` });
    },
    ['cut'],
  );
}
