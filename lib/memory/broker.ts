import type { Broker, WorkHint, WorkOutcome } from '../core/broker.ts';

/** Wakes the workers of this process, at the next tick. Hints for one task collapse; those nobody has room for wait. */
export function createMemoryBroker(): Broker {
  const agents = new Map<string, AgentQueue>();

  function queueOf(agent: string): AgentQueue {
    const known = agents.get(agent);
    if (known !== undefined) return known;
    const added = createAgentQueue();
    agents.set(agent, added);
    return added;
  }

  return {
    wake(hint) {
      // without a worker there is nobody to wake: it looks for work by itself when it starts
      agents.get(hint.agent)?.add(hint);
    },
    work(agent, free, onWork) {
      const queue = queueOf(agent);
      const worker: MemoryWorker = { free, onWork, room: 0, running: 0, onIdle: [] };
      queue.workers.add(worker);
      return Promise.resolve({
        async stop() {
          queue.workers.delete(worker);
          if (queue.workers.size === 0 && agents.get(agent) === queue) agents.delete(agent);
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
  /** How many more hints it takes now. */
  room: number;
  /** Hints whose callbacks have not resolved yet. */
  running: number;
  /** Called when there are none. */
  readonly onIdle: (() => void)[];
}

interface AgentQueue {
  readonly workers: Set<MemoryWorker>;
  readonly add: (hint: WorkHint) => void;
}

/** Tasks that hints are kept for; beyond it one hint for the agent stands for all. */
const MOST_HINTS = 1024;

function createAgentQueue(): AgentQueue {
  const workers = new Set<MemoryWorker>();
  const hints = new Map<string | undefined, WorkHint>();
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    // a tick comes after the microtasks of whoever stored the work: a client gets its first event before an agent can keep the process busy
    process.nextTick(deliver);
  }

  /** In turn to each worker, at most as many hints as it has room for: what is left goes out when a run is over. */
  function deliver(): void {
    isScheduled = false;
    for (const worker of workers) worker.room = worker.free();
    for (let isTaken = true; isTaken && hints.size > 0;) {
      isTaken = false;
      for (const worker of workers) {
        if (worker.room <= 0) continue;
        const next = takeNext();
        if (next === undefined) return;
        worker.room -= 1;
        isTaken = true;
        call(worker, next);
      }
    }
  }

  function takeNext(): WorkHint | undefined {
    for (const hint of hints.values()) {
      hints.delete(hint.taskId);
      return hint;
    }
    return undefined;
  }

  /** A callback that fails hurts nobody: the worker polls, and the outcome only matters to products that redeliver. */
  function call(worker: MemoryWorker, hint: WorkHint): void {
    const over = () => {
      worker.running -= 1;
      if (worker.running === 0) for (const tell of worker.onIdle.splice(0)) tell();
      if (hints.size > 0) schedule();
    };
    worker.running += 1;
    try {
      worker.onWork(hint).then(over, over);
    } catch {
      over();
    }
  }

  return {
    workers,
    add(hint) {
      if (hints.size >= MOST_HINTS && !hints.has(hint.taskId)) {
        hints.clear();
        hints.set(undefined, { agent: hint.agent });
      } else {
        hints.set(hint.taskId, hint);
      }
      schedule();
    },
  };
}
