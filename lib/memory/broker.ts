// not the global one: that of a test may be a fake, which does not run by itself
import { setImmediate } from 'node:timers';
import type { Broker, WorkHint, WorkOutcome } from '../core/broker.ts';

/**
 * Wakes the workers of this process at the end of the turn of the event loop: what was stored in one turn is claimed and
 * begun together, which is cheaper, and a client gets its first event before an agent can keep the process busy.
 */
export function createMemoryBroker(): Broker {
  const agents = new Map<string, AgentWorkers>();

  return {
    wake({ agent }) {
      // without a worker there is nobody to wake: it looks for work by itself when it starts
      agents.get(agent)?.wake();
    },
    work(agent, free, onWork) {
      const known = agents.get(agent);
      const workers = known ?? new AgentWorkers(agent);
      if (known === undefined) agents.set(agent, workers);
      const worker: MemoryWorker = { free, onWork, running: 0, onIdle: [] };
      workers.all.add(worker);
      return Promise.resolve({
        async stop() {
          workers.all.delete(worker);
          if (workers.all.size === 0 && agents.get(agent) === workers) agents.delete(agent);
          if (worker.running === 0) return;
          await new Promise<void>((resolve) => worker.onIdle.push(resolve));
        },
      });
    },
    close: () => Promise.resolve(),
  };
}

interface MemoryWorker {
  readonly free: () => number;
  readonly onWork: (hint: WorkHint) => Promise<WorkOutcome>;
  /** Calls that have not resolved yet. */
  running: number;
  /** Called when there are none. */
  readonly onIdle: (() => void)[];
}

/** More are not counted: a worker that takes nothing for long looks by itself. */
const MOST_WAKES = 1024;

/** The workers of one agent. */
class AgentWorkers {
  readonly all = new Set<MemoryWorker>();
  readonly #hint: WorkHint;
  /** For how many tasks somebody was to be woken, and nobody was called who has room for them. */
  #wakes = 0;
  #isScheduled = false;

  constructor(agent: string) {
    this.#hint = { agent };
  }

  wake(): void {
    if (this.#wakes < MOST_WAKES) this.#wakes += 1;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    this.#isScheduled = false;
    this.#deliver();
  };

  /** One call for all that a worker has room for; for what is left there is another one when a call is over. */
  #deliver(): void {
    for (const worker of this.all) {
      if (this.#wakes === 0) return;
      const room = worker.free();
      if (room <= 0) continue;
      this.#wakes = Math.max(0, this.#wakes - room);
      this.#call(worker);
    }
  }

  /** A call that fails hurts nobody: the worker polls, and the outcome only matters to products that redeliver. */
  #call(worker: MemoryWorker): void {
    const over = () => {
      worker.running -= 1;
      if (worker.running === 0) for (const tell of worker.onIdle.splice(0)) tell();
      // at once, before something else takes the room
      if (this.#wakes > 0) this.#deliver();
    };
    worker.running += 1;
    let called: Promise<unknown> | undefined;
    try {
      called = worker.onWork(this.#hint);
    } catch {
      // as one that rejects
    }
    Promise.resolve(called).then(over, over);
  }
}
