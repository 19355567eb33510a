import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { isInterrupted } from '../protocol/states.ts';
import type { Broker, WorkHint, WorkOutcome } from './broker.ts';
import { Alarms, OUTSIDE } from './alarms.ts';
import { Bag } from './bag.ts';
import type { TaskId } from './log.ts';
import { wholeMs } from './clock.ts';
import { Ending, unlessEnded, whenAllEnded } from './ending.ts';
import { AgentTurns } from './fairness.ts';
import { createRun, type Run, type RunOptions, type RunWatcher } from './run.ts';

/** What a worker needs. */
export interface WorkerOptions extends Omit<RunOptions, 'worker' | 'agentTurns' | 'alarms'> {
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
  const { storage, broker, eventBus, clock, logger, agentId, concurrency, leaseMs } = options;
  const worker = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const runOptions = { ...options, worker, agentTurns: new AgentTurns(clock), alarms: new Alarms(clock) };
  const runs = new Bag<Run>();
  const giveUp = new Ending();
  let looking: Promise<readonly Run[]> | undefined;
  let lookAgain = false;
  let isBehind = false;
  /** Agents that go on though their runs are over. */
  let orphaned = 0;
  let stopping: Promise<void> | undefined;
  let isDrained = false;
  let subscription: { stop: () => Promise<void> } | undefined;
  let offGap: (() => void) | undefined;
  let cancelPoll: () => void = () => undefined;
  let sweptAt = clock.elapsed();

  const isStopping = () => stopping !== undefined;
  const free = () => (isStopping() ? 0 : Math.max(0, concurrency - runs.size - orphaned));

  /** Room for hints; what comes while there is none may be lost. */
  function room(): number {
    const left = free();
    if (left === 0) isBehind = true;
    return left;
  }

  /** One claim at a time; a hint that comes meanwhile leads to another one. Gives the runs it started. Never rejects. */
  function look(): Promise<readonly Run[]> {
    lookAgain = true;
    // who gave a hint, or made the worker, is one client of many
    looking ??= OUTSIDE.runInAsyncScope(claimAll);
    return looking;
  }

  async function claimAll(): Promise<readonly Run[]> {
    const started: Run[] = [];
    // not before `looking` is set
    await Promise.resolve();
    try {
      while (lookAgain && free() > 0) {
        lookAgain = false;
        isBehind = false;
        const claimedAt = wholeMs(clock);
        const by = { worker, agent: agentId, limit: free(), leaseMs };
        const claimed = await unlessEnded(giveUp, () => storage.claim(by));
        // where all that was asked for came there may be more
        if (claimed.length >= by.limit) isBehind = true;
        for (const task of claimed) started.push(follow(createRun(task, claimedAt, runOptions, watcher)));
      }
    } catch (error) {
      isBehind = true;
      logger.warn({ err: error, agentId }, 'claiming tasks failed; the next poll tries again');
    }
    // in the same turn as the last look at `lookAgain`: a later hint starts anew
    looking = undefined;
    return started;
  }

  function follow(run: Run): Run {
    runs.add(run);
    options.onMetric?.('a2a_runs_active', runs.size, {});
    run.begin();
    if (isDrained) run.stop('shutdown');
    return run;
  }

  const watcher: RunWatcher = {
    onReleased(run) {
      runs.remove(run);
      options.onMetric?.('a2a_runs_active', runs.size, {});
      orphaned += 1;
    },
    onSettled(run) {
      orphaned -= 1;
      // hints for which there was no room may be lost; a pause that meets a cancel leaves a task to be ended
      if ((isBehind || lookAgain || !run.hasEnded()) && free() > 0) void look();
    },
  };

  function onWork({ taskId }: WorkHint): Promise<WorkOutcome> {
    return new Promise((resolve, reject) => {
      look()
        .then((started) => {
          whenOver(taskId, started, resolve);
        })
        .catch(reject);
    });
  }

  /** By callback: waits for runs are long, and each promise in between would live as long. */
  function whenOver(
    taskId: TaskId | undefined,
    started: readonly Run[],
    tell: (outcome: WorkOutcome | Promise<WorkOutcome>) => void,
  ): void {
    const meant = taskId === undefined ? started : started.filter((run) => run.taskId === taskId);
    if (meant.length > 0) {
      whenAllEnded(
        meant.map(({ released }) => released),
        () => {
          tell('done');
        },
      );
    } else if (taskId === undefined) tell('idle');
    else tell(isHeld(taskId).then((held) => (held ? 'busy' : 'idle')));
  }

  /** Whether a task that could not be claimed will need somebody if its worker is lost. */
  async function isHeld(taskId: string): Promise<boolean> {
    try {
      const snapshot = await unlessEnded(giveUp, () => storage.loadTask(taskId));
      return snapshot !== undefined && !snapshot.closed && !isInterrupted(snapshot.task.status.state);
    } catch (error) {
      logger.warn({ err: error, taskId }, 'looking at a task failed; its hint is to come again');
      return true;
    }
  }

  function poll(): void {
    cancelPoll = clock.after(POLL_MS, () => {
      poll();
      if (free() > 0) void look();
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

  function leaveGaps(): void {
    const leave = offGap;
    offGap = undefined;
    try {
      leave?.();
    } catch (error) {
      logger.warn({ err: error, agentId }, 'leaving the event bus failed');
    }
  }

  async function drain(drainMs: number): Promise<void> {
    cancelPoll();
    const cancelDeadline = clock.after(drainMs, () => {
      isDrained = true;
      for (const run of runs.all()) run.stop('shutdown');
    });
    const cancelGiveUp = clock.after(drainMs + options.cancelGraceMs, () => {
      giveUp.end(new Error('The worker is stopped'));
    });
    // a claim under way may still start runs; one that hangs may not take longer than runs may
    await looking;
    await new Promise<void>((resolve) => {
      whenAllEnded(
        runs.all().map(({ released }) => released),
        resolve,
      );
    });
    cancelDeadline();
    cancelGiveUp();
    leaveGaps();
    try {
      await subscription?.stop();
      // what was given back is due for the others
      await broker.wake({ agent: agentId });
    } catch (error) {
      logger.warn({ err: error, agentId }, 'leaving the broker failed');
    }
  }

  return {
    async start() {
      if (isStopping()) return;
      // one for all runs: a bus may keep long what has listened (docs/decisions/0030)
      offGap ??= eventBus.onGap(() => {
        for (const run of runs.all()) run.onGap();
      });
      try {
        subscription = await broker.work(agentId, room, onWork);
      } catch (error) {
        leaveGaps();
        throw error;
      }
      // `stop` may have been called meanwhile
      if (isStopping()) {
        await subscription.stop();
        return;
      }
      poll();
      void look();
    },
    stop: ({ drainMs = 0 } = {}) => (stopping ??= drain(drainMs)),
    status: () => ({ running: runs.size, orphaned }),
  };
}
