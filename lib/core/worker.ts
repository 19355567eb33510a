import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import { isInterrupted } from '../protocol/states.ts';
import type { Broker, WorkHint, WorkOutcome } from './broker.ts';
import { startRun, type Run, type RunOptions } from './run.ts';

/** What a worker needs. */
export interface WorkerOptions extends Omit<RunOptions, 'worker'> {
  readonly broker: Broker;
  readonly agentId: string;
  /** Runs at the same time. */
  readonly concurrency: number;
}

/** Takes due tasks and runs the agent on them. */
export interface Worker {
  /** Starts to take tasks. */
  readonly start: () => Promise<void>;
  /**
   * Takes no more tasks, gives the runs `drainMs` to end, then aborts them with 'shutdown' and gives their tasks back.
   * Resolves when every task has been let go. A second call joins the first.
   */
  readonly stop: (options?: { drainMs?: number }) => Promise<void>;
  /** Runs that hold a task, and agents that went on after their task was closed without them. */
  readonly status: () => { readonly running: number; readonly orphaned: number };
}

/** How often a worker looks for work that nobody told it of. */
const POLL_MS = 2000;
const SWEEP_MS = 60_000;

/** Makes a worker; `start` it. It claims by itself: what the broker says is only a reason to look. */
export function createWorker(options: WorkerOptions): Worker {
  const { storage, broker, clock, logger, agentId, concurrency, leaseMs } = options;
  const name = `${hostname()}-${String(process.pid)}-${randomUUID().slice(0, 8)}`;
  const runs = new Set<Run>();
  const orphans = new Set<Run>();
  let looking: Promise<Run[]> | undefined;
  let lookAgain = false;
  let stopping: Promise<void> | undefined;
  let subscription: { stop: () => Promise<void> } | undefined;
  let cancelPoll: () => void = () => undefined;
  let sweptAt = clock.elapsed();

  const free = () => (stopping === undefined ? Math.max(0, concurrency - runs.size - orphans.size) : 0);

  /** One claim at a time; a hint that comes meanwhile leads to another one. Gives the runs it started. */
  function look(): Promise<Run[]> {
    lookAgain = true;
    looking ??= claimAll();
    return looking;
  }

  async function claimAll(): Promise<Run[]> {
    // not before `looking` is set
    await Promise.resolve();
    const started: Run[] = [];
    try {
      await claimInto(started);
    } finally {
      // in the same turn as the last look at `lookAgain`: a later hint starts anew
      looking = undefined;
    }
    return started;
  }

  async function claimInto(started: Run[]): Promise<void> {
    while (lookAgain && free() > 0) {
      lookAgain = false;
      const claimedAt = clock.elapsed();
      const claimed = await storage.claim({ worker: name, agent: agentId, limit: free(), leaseMs });
      started.push(...claimed.map((task) => follow(startRun(task, claimedAt, { ...options, worker: name }))));
    }
  }

  function follow(run: Run): Run {
    runs.add(run);
    void run.released.then(() => {
      runs.delete(run);
      orphans.add(run);
      void run.settled.then(() => {
        orphans.delete(run);
        if (free() > 0) void lookQuietly();
      });
    });
    return run;
  }

  async function lookQuietly(): Promise<Run[]> {
    try {
      return await look();
    } catch (error) {
      logger.warn({ err: error, agentId }, 'claiming tasks failed; the next poll tries again');
      return [];
    }
  }

  async function onWork(hint: WorkHint): Promise<WorkOutcome> {
    const started = await lookQuietly();
    if (started.length > 0) {
      await Promise.all(started.map((run) => run.released));
      return 'done';
    }
    if (hint.taskId === undefined) return 'idle';
    const snapshot = await storage.loadTask(hint.taskId);
    const rests = snapshot === undefined || snapshot.closed || isInterrupted(snapshot.task.status.state);
    return rests ? 'idle' : 'busy';
  }

  function poll(): void {
    cancelPoll = clock.after(POLL_MS, () => {
      poll();
      if (free() > 0) void lookQuietly();
      void sweep();
    });
  }

  async function sweep(): Promise<void> {
    if (clock.elapsed() - sweptAt < SWEEP_MS) return;
    sweptAt = clock.elapsed();
    try {
      await storage.sweep(1000);
    } catch (error) {
      logger.warn({ err: error }, 'sweeping the storage failed');
    }
  }

  async function drain(drainMs: number): Promise<void> {
    cancelPoll();
    const cancelDeadline = clock.after(drainMs, () => {
      for (const run of runs) run.abort('shutdown');
    });
    // a claim under way may still start runs
    await looking?.catch(() => []);
    await Promise.all([...runs].map((run) => run.released));
    cancelDeadline();
    await subscription?.stop();
    // what was given back is due for the others
    await broker.wake({ agent: agentId });
  }

  return {
    async start() {
      subscription = await broker.work(agentId, free, onWork);
      poll();
      void lookQuietly();
    },
    stop: ({ drainMs = 0 } = {}) => (stopping ??= drain(drainMs)),
    status: () => ({ running: runs.size, orphaned: orphans.size }),
  };
}
