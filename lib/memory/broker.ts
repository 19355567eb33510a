import type { Broker, WorkHint, WorkOutcome } from '../core/broker.ts';

/** Wakes the workers of this process, one turn later. Hints for one task collapse; those nobody has room for wait. */
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
      return Promise.resolve();
    },
    work(agent, free, onWork) {
      const queue = queueOf(agent);
      const worker = { free, onWork, running: new Set<Promise<unknown>>() };
      queue.workers.add(worker);
      return Promise.resolve({
        async stop() {
          queue.workers.delete(worker);
          if (queue.workers.size === 0 && agents.get(agent) === queue) agents.delete(agent);
          while (worker.running.size > 0) await Promise.all(worker.running);
        },
      });
    },
    close: () => Promise.resolve(),
  };
}

interface MemoryWorker {
  readonly free: () => number;
  readonly onWork: (hint: WorkHint) => Promise<WorkOutcome>;
  readonly running: Set<Promise<unknown>>;
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
    queueMicrotask(() => {
      isScheduled = false;
      deliver();
    });
  }

  /** In turn to each worker, at most as many hints as it has room for: what is left goes out when a run is over. */
  function deliver(): void {
    const room = new Map([...workers].map((worker) => [worker, worker.free()]));
    while (hints.size > 0) {
      let isTaken = false;
      for (const worker of workers) {
        const [next] = hints;
        const left = room.get(worker) ?? 0;
        if (next === undefined || left <= 0) continue;
        hints.delete(next[0]);
        room.set(worker, left - 1);
        isTaken = true;
        call(worker, next[1]);
      }
      if (!isTaken) return;
    }
  }

  function call(worker: MemoryWorker, hint: WorkHint): void {
    const running = begin(worker, hint).finally(() => {
      worker.running.delete(running);
      if (hints.size > 0) schedule();
    });
    worker.running.add(running);
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

/** A callback that fails hurts nobody: the worker polls. */
async function begin({ onWork }: MemoryWorker, hint: WorkHint): Promise<void> {
  try {
    await onWork(hint);
  } catch {
    // the outcome only matters to products that redeliver
  }
}
