import type { Broker } from '../core/broker.ts';
import type { EventBus } from '../core/event-bus.ts';
import type { Storage } from '../core/storage.ts';

/** Picks which of the waiting steps happens next: an index into `labels`. */
export type Choose = (labels: readonly string[]) => number;

/** What a schedule runs on. */
export interface Backend {
  readonly storage: Storage;
  readonly eventBus: EventBus;
  readonly broker: Broker;
}

/** Holds every step of a concurrent program, and lets them happen one by one. */
export interface Scheduler {
  /** Waits until this step is chosen. */
  readonly step: (label: string) => Promise<void>;
  /** The same backend, with a step before and after every call, and before every hint arrives. */
  readonly wrap: (backend: Backend) => Backend;
  /**
   * Chooses steps until `program` has settled and none is waiting. `onIdle` is called when everything waits for time to
   * pass; gives false when that would not help. Rejects when the program is stuck, or with what the program rejects with.
   */
  readonly run: (program: Promise<unknown>, onIdle: () => boolean) => Promise<void>;
  /** What happened, in order. */
  readonly trace: () => readonly string[];
}

/** Makes a scheduler. The same choices give the same run. */
export function createScheduler(choose: Choose): Scheduler {
  const held: { label: string; release: () => void }[] = [];
  const trace: string[] = [];

  function step(label: string): Promise<void> {
    return new Promise((release) => {
      held.push({ label, release });
    });
  }

  function releaseOne(): void {
    const index = choose(held.map(({ label }) => label));
    const [chosen] = held.splice(index, 1);
    if (chosen === undefined) throw new RangeError(`There is no step ${index}`);
    trace.push(chosen.label);
    chosen.release();
  }

  /** A network between caller and callee: the call takes a while to get there, the answer to come back. */
  function remote<A extends unknown[], R>(
    label: string,
    call: (...args: A) => Promise<R>,
  ): (...args: A) => Promise<R> {
    return async (...args) => {
      await step(`${label} goes`);
      try {
        return await call(...args);
      } finally {
        await step(`${label} answers`);
      }
    };
  }

  async function run(program: Promise<unknown>, onIdle: () => boolean): Promise<void> {
    let outcome: { error?: unknown } | undefined;
    program.then(
      () => (outcome = {}),
      (error: unknown) => (outcome = { error }),
    );
    for (;;) {
      // all that can go on without a choice does so in this turn
      await new Promise((resolve) => setImmediate(resolve));
      if (held.length > 0) releaseOne();
      else if (outcome !== undefined) break;
      else if (!onIdle()) throw new Error(`Stuck after:\n${trace.join('\n')}`);
    }
    if ('error' in outcome) throw outcome.error;
  }

  return { step, wrap: (backend) => wrapBackend(backend, step, remote), run, trace: () => trace };
}

type Remote = <A extends unknown[], R>(
  label: string,
  call: (...args: A) => Promise<R>,
) => (...args: A) => Promise<R>;

function wrapBackend(
  { storage, eventBus, broker }: Backend,
  step: Scheduler['step'],
  remote: Remote,
): Backend {
  return {
    storage: wrapStorage(storage, remote),
    eventBus: {
      publish: remote('publish', async (hint) => eventBus.publish(hint)),
      subscribe: remote('subscribe', (taskId, onHint) =>
        eventBus.subscribe(taskId, (hint) => {
          void step(`hint of ${hint.head} arrives`).then(() => {
            onHint(hint);
          });
        }),
      ),
      onGap: (callback) => eventBus.onGap(callback),
      close: () => eventBus.close(),
    },
    broker: {
      wake: remote('wake', async (hint) => broker.wake(hint)),
      work: remote('work', (agent, free, onWork) =>
        broker.work(agent, free, async (hint) => {
          await step('work arrives');
          return onWork(hint);
        }),
      ),
      close: () => broker.close(),
    },
  };
}

function wrapStorage(storage: Storage, remote: Remote): Storage {
  return {
    shared: storage.shared,
    init: () => storage.init(),
    close: () => storage.close(),
    createTask: remote('createTask', (...args) => storage.createTask(...args)),
    addInput: remote('addInput', (...args) => storage.addInput(...args)),
    requestCancel: remote('requestCancel', (...args) => storage.requestCancel(...args)),
    append: remote('append', (...args) => storage.append(...args)),
    claim: remote('claim', (...args) => storage.claim(...args)),
    renew: remote('renew', (...args) => storage.renew(...args)),
    release: remote('release', (...args) => storage.release(...args)),
    loadTask: remote('loadTask', (...args) => storage.loadTask(...args)),
    read: remote('read', (...args) => storage.read(...args)),
    heads: remote('heads', (...args) => storage.heads(...args)),
    listTasks: remote('listTasks', (...args) => storage.listTasks(...args)),
    ...(storage.checkpoint && {
      checkpoint: remote('checkpoint', async (...args) => storage.checkpoint?.(...args)),
    }),
    sweep: remote('sweep', (...args) => storage.sweep(...args)),
  };
}

/** Chooses by a list of numbers, and the oldest step where the list has ended: short lists are simple schedules. */
export function chooseBy(numbers: readonly number[]): Choose {
  let next = 0;
  return (labels) => {
    const number = numbers[next] ?? 0;
    next += 1;
    return number % labels.length;
  };
}

/** Runs every schedule that there is, up to `limit`. Gives how many there were. */
export async function exhaust(limit: number, run: (choose: Choose) => Promise<unknown>): Promise<number> {
  let prefix: readonly number[] | undefined = [];
  let count = 0;
  while (prefix !== undefined && count < limit) {
    const begun = prefix;
    const widths: number[] = [];
    const chosen: number[] = [];
    await run((labels) => {
      const index = begun[chosen.length] ?? 0;
      widths.push(labels.length);
      chosen.push(index);
      return index;
    });
    count += 1;
    const last = chosen.findLastIndex((index, at) => index + 1 < (widths[at] ?? 0));
    prefix = last < 0 ? undefined : [...chosen.slice(0, last), (chosen[last] ?? 0) + 1];
  }
  return count;
}
