import type { EventBus, TaskHint } from '../core/event-bus.ts';
import type { TaskId } from '../core/log.ts';
import type { Storage } from '../core/storage.ts';
import { eventually } from './eventually.ts';
import { createProcesses } from './process/processes.ts';
import type { ProcessModule } from './process/second-process.ts';
import { createBench } from './storage/bench.ts';
import { artifact, status } from './storage/bodies.ts';
import { missingHooks, register, type TestApi } from './test-api.ts';

/** What only some buses can do. A case that needs a hook which is not there says so in its name and is not run. */
export interface EventBusHooks {
  /** Another handle on the same bus, in this process. */
  readonly connect?: (bus: EventBus) => EventBus | Promise<EventBus>;
  /** How a second process opens the same bus: the path of a main module that calls `serveBackend`. */
  readonly process?: (bus: EventBus) => ProcessModule | Promise<ProcessModule>;
  /** Cuts the connection of this bus, and lets it come back. */
  readonly cut?: (bus: EventBus) => void | Promise<void>;
  /** The storage whose writers publish on this bus. */
  readonly storage?: (bus: EventBus) => Storage | Promise<Storage>;
  /** How many subscriptions the bus holds. */
  readonly usage?: (bus: EventBus) => number | Promise<number>;
  /** Called after each case, with the bus it ran on. */
  readonly dispose?: (bus: EventBus) => void | Promise<void>;
}

type EventBusHook = Exclude<keyof EventBusHooks, 'dispose'>;

interface Kit {
  readonly expect: TestApi['expect'];
  readonly api: TestApi;
  readonly hooks: EventBusHooks;
  readonly test: (
    name: string,
    body: (bus: EventBus) => Promise<void>,
    needs?: readonly EventBusHook[],
  ) => void;
}

/**
 * The contract of EventBus as cases B1 to B7. `create` makes a bus for each case.
 *
 * Asks of `expect` only toBe, toEqual, toBeGreaterThan and toBeLessThanOrEqual. Runs under jest, vitest and node:test.
 */
export function eventBusSuite(
  api: TestApi,
  create: () => EventBus | Promise<EventBus>,
  hooks: EventBusHooks = {},
): void {
  const test: Kit['test'] = (name, body, needs = []) => {
    register(api, name, missingHooks(hooks, needs), async () => {
      const bus = await create();
      try {
        await body(bus);
      } finally {
        await bus.close();
        await hooks.dispose?.(bus);
      }
    });
  };
  const kit = { api, hooks, test, expect: api.expect };
  api.describe('EventBus', () => {
    deliveryCases(kit);
    endCases(kit);
    harmCases(kit);
    gapCases(kit);
  });
}

/** A subscriber that writes down what it hears. */
async function listen(bus: EventBus, taskId: TaskId) {
  const heard: TaskHint[] = [];
  const stop = await bus.subscribe(taskId, (hint) => {
    heard.push(hint);
  });
  return { heard, stop };
}

const hintOf = (taskId: TaskId, head: number, closed = false): TaskHint => ({ taskId, head, closed });

/** Publishes until the condition holds: a bus may lose hints, but not all of them. */
async function ring(bus: EventBus, hint: TaskHint, condition: () => boolean): Promise<void> {
  await bus.publish(hint);
  await eventually(condition, `the hint for ${hint.taskId}`, () => bus.publish(hint));
}

function deliveryCases({ test, hooks, expect }: Kit): void {
  test('B1 hint: reaches every subscriber of the task, and nobody else', async (bus) => {
    const [one, two, other] = [await listen(bus, 'a'), await listen(bus, 'a'), await listen(bus, 'b')];
    await ring(bus, hintOf('a', 3), () => one.heard.length > 0 && two.heard.length > 0);
    await ring(bus, hintOf('b', 5), () => other.heard.length > 0);
    const facts = [one, two, other].map(({ heard }) => heard.map(({ taskId, head }) => [taskId, head])[0]);
    expect(facts).toEqual([
      ['a', 3],
      ['a', 3],
      ['b', 5],
    ]);
    expect(other.heard.every(({ taskId }) => taskId === 'b')).toBe(true);
  });

  test('B1 hint: names of tasks are taken as they are', async (bus) => {
    const names = ['a', 'A', 'a ', 'a*', 'a:b', 'a?b', '[ab]', 'ä', '__proto__', 'constructor'];
    const listeners = await Promise.all(names.map((name) => listen(bus, name)));
    for (const [index, name] of names.entries()) {
      await ring(bus, hintOf(name, index), () => (listeners[index]?.heard.length ?? 0) > 0);
    }
    const heard = listeners.map((listener) => [...new Set(listener.heard.map(({ taskId }) => taskId))]);
    expect(heard).toEqual(names.map((name) => [name]));
  });

  test(
    'B1 hint: reaches subscribers on other handles',
    async (bus) => {
      const other = await hooks.connect?.(bus);
      if (other === undefined) return;
      const there = await listen(other, 'a');
      await ring(bus, hintOf('a', 3), () => there.heard.length > 0);
      expect([there.heard[0]?.taskId, there.heard[0]?.head, there.heard[0]?.closed]).toEqual(['a', 3, false]);
      await other.close();
    },
    ['connect'],
  );

  test(
    'B1 hint ★: reaches subscribers in other processes, and comes from them',
    async (bus) => {
      const processes = createProcesses(() => hooks.process?.(bus));
      try {
        const [one, two] = await Promise.all([processes.start(), processes.start()]);
        const [here, there] = [await listen(bus, 'a'), await listen(one.eventBus, 'a')];
        await ring(bus, hintOf('a', 3), () => there.heard.length > 0);
        await ring(two.eventBus, hintOf('a', 4, true), () =>
          [here, there].every(({ heard }) => heard.some(({ head }) => head === 4)),
        );
        const facts = there.heard.map(({ taskId, head, closed }) => JSON.stringify([taskId, head, closed]));
        expect([...new Set(facts)]).toEqual(['["a",3,false]', '["a",4,true]']);
      } finally {
        await processes.killAll();
      }
    },
    ['process'],
  );

  test('B2 closed: the end of a task is told as such, with its head', async (bus) => {
    const { heard } = await listen(bus, 'a');
    await ring(bus, hintOf('a', 7), () => heard.length > 0);
    await ring(bus, hintOf('a', 8, true), () => heard.some(({ closed }) => closed));
    const facts = heard.map(({ head, closed }) => JSON.stringify([head, closed]));
    expect([...new Set(facts)].sort()).toEqual(['[7,false]', '[8,true]']);
  });

  test('B2 closed: entries that travel with a hint are the newest ones up to its head, or are left out', async (bus) => {
    const { heard } = await listen(bus, 'a');
    const entries = [2, 3].map((seq) => ({
      ...artifact('x', 'ä\u0000'),
      v: 1 as const,
      seq,
      ts: 1,
      epoch: 1,
    }));
    await ring(bus, { ...hintOf('a', 3), entries }, () => heard.length > 0);
    expect(heard[0]?.entries ?? entries).toEqual(entries);
  });
}

function endCases({ test, hooks, expect }: Kit): void {
  test('B3 unsubscribe: stops the hints, for this subscriber alone; stopping twice is fine', async (bus) => {
    const [one, two] = [await listen(bus, 'a'), await listen(bus, 'a')];
    one.stop();
    one.stop();
    await ring(bus, hintOf('a', 1), () => two.heard.length > 0);
    expect(one.heard).toEqual([]);
    const again = await listen(bus, 'a');
    two.stop();
    one.stop();
    await ring(bus, hintOf('a', 2), () => again.heard.length > 0);
    expect(two.heard.every(({ head }) => head === 1)).toBe(true);
  });

  test('B3 unsubscribe: a function that was subscribed twice is called until both have stopped', async (bus) => {
    const heard: number[] = [];
    const onHint = (hint: TaskHint) => heard.push(hint.head);
    const [first, second] = [await bus.subscribe('a', onHint), await bus.subscribe('a', onHint)];
    first();
    await ring(bus, hintOf('a', 1), () => heard.includes(1));
    second();
    const marker = await listen(bus, 'a');
    await ring(bus, hintOf('a', 2), () => marker.heard.length > 0);
    expect(heard.includes(2)).toBe(false);
  });

  test('B3 unsubscribe: callbacks may stop themselves and others, and subscribe, while they are called', async (bus) => {
    const heard: string[] = [];
    const stops: (() => void)[] = [];
    let isAdding = true;
    for (const name of ['one', 'two', 'three']) {
      const stop = await bus.subscribe('a', () => {
        heard.push(name);
        if (name === 'one') for (const stopOne of stops) stopOne();
        if (isAdding) void bus.subscribe('a', () => heard.push('late'));
        isAdding = false;
      });
      stops.push(stop);
    }
    const last = await listen(bus, 'a');
    await ring(bus, hintOf('a', 1), () => last.heard.length > 0);
    await ring(bus, hintOf('a', 2), () => heard.includes('late'));
    expect(heard.filter((name) => name !== 'late')).toEqual(['one']);
  });

  test('B3 unsubscribe: 10,000 subscribers that come and go leave a bus that works', async (bus) => {
    const steady = await listen(bus, 'a');
    for (let n = 0; n < 10_000; n += 1)
      (await listen(bus, n % 2 === 0 ? 'a' : `task-${String(n % 50)}`)).stop();
    await ring(bus, hintOf('a', 1), () => steady.heard.length > 0);
    expect(steady.heard[0]?.head).toBe(1);
  });

  test(
    'B3 unsubscribe: nothing is left of 10,000 subscribers that come and go',
    async (bus) => {
      for (let n = 0; n < 10_000; n += 1) (await listen(bus, `task-${String(n)}`)).stop();
      expect(await hooks.usage?.(bus)).toBe(0);
    },
    ['usage'],
  );
}

function harmCases({ test, expect }: Kit): void {
  test('B4 callbacks: one that throws, rejects or never ends hurts nobody', async (bus) => {
    const calls: string[] = [];
    await bus.subscribe('a', () => {
      calls.push('throws');
      throw new Error('a callback that throws');
    });
    const rejecting = (): unknown => {
      calls.push('rejects');
      return Promise.reject(new Error('a callback that rejects'));
    };
    await bus.subscribe('a', rejecting);
    await bus.subscribe('a', (): unknown => new Promise(() => calls.push('never ends')));
    const last = await listen(bus, 'a');
    await ring(bus, hintOf('a', 1), () => last.heard.length > 0 && calls.length >= 3);
    await ring(bus, hintOf('a', 2), () => last.heard.some(({ head }) => head === 2));
    expect([...new Set(calls)].sort()).toEqual(['never ends', 'rejects', 'throws']);
  });

  test('B5 publish: to nobody is fine', async (bus) => {
    await bus.publish(hintOf('nobody', 1));
    (await listen(bus, 'gone')).stop();
    await bus.publish(hintOf('gone', 1, true));
  });

  test('B5 publish: reaches 1,000 subscribers and waits for none', async (bus) => {
    const heard = new Set<number>();
    for (let n = 0; n < 1000; n += 1) {
      await bus.subscribe('a', (): unknown => {
        heard.add(n);
        return new Promise(() => undefined);
      });
    }
    await ring(bus, hintOf('a', 1), () => heard.size === 1000);
    expect(heard.size).toBe(1000);
  });

  test('B5 publish: after close it neither throws nor rejects, and close may come twice', async (bus) => {
    await listen(bus, 'a');
    await bus.close();
    await bus.close();
    await bus.publish(hintOf('a', 1));
  });
}

function gapCases({ api, test, hooks, expect }: Kit): void {
  test(
    'B6 gap: a connection that was cut is told, to those who have not stopped listening, and hints go on',
    async (bus) => {
      let [gaps, stoppedGaps] = [0, 0];
      const stop = bus.onGap(() => (gaps += 1));
      const stopped = bus.onGap(() => (stoppedGaps += 1));
      stopped();
      stopped();
      const { heard } = await listen(bus, 'a');
      await hooks.cut?.(bus);
      await eventually(() => gaps > 0, 'the gap');
      await ring(bus, hintOf('a', 1), () => heard.length > 0);
      expect(stoppedGaps).toBe(0);
      stop();
    },
    ['cut'],
  );

  test('B6 gap: who listens for gaps can stop, twice if need be', async (bus) => {
    const stop = bus.onGap(() => undefined);
    stop();
    stop();
    await bus.publish(hintOf('a', 1));
  });

  test(
    'B7 commit: what a hint tells of can be read when it arrives',
    async (bus) => {
      const storage = await hooks.storage?.(bus);
      if (storage === undefined) return;
      const bench = createBench(storage, 1000, api);
      const taskId = await bench.createTask();
      const reads: Promise<boolean>[] = [];
      await bus.subscribe(taskId, ({ head, closed }) => {
        const reading = storage.heads([taskId]).then((heads) => heads.get(taskId));
        reads.push(reading.then((now) => (now?.head ?? 0) >= head && (!closed || now?.closed === true)));
      });
      const holder = await bench.take(taskId);
      for (let n = 0; n < 100; n += 1) {
        const { seq, closed, entries } = await holder.append(
          n < 99 ? artifact('a', 'x') : status('COMPLETED'),
        );
        await bus.publish({ taskId, head: seq, closed, entries });
      }
      await eventually(() => reads.length > 0, 'a hint');
      expect((await Promise.all(reads)).every(Boolean)).toBe(true);
    },
    ['storage'],
  );
}
