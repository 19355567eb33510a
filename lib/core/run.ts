import { createAppendQueue, pushed } from './append-queue.ts';
import type { Clock } from './clock.ts';
import type { EventBus } from './event-bus.ts';
import { createFailures, type ErrorInfo } from './failure.ts';
import { createInbox } from './inbox.ts';
import { createLeaseKeeper, type LeaseKeeper } from './lease-keeper.ts';
import type { TaskId } from './log.ts';
import type { Logger } from './logger.ts';
import type { OnMetric } from './metrics.ts';
import type { Agent } from './output.ts';
import { retryUntil } from './retry.ts';
import { meterRun, type RunMeter } from './run-meter.ts';
import { CANCELED, loadTask, runTurn, type TurnContext } from './run-turn.ts';
import { createStopSignal } from './stop-signal.ts';
import type { ClaimedTask, Storage } from './storage.ts';
import { isRefusal } from './task-failed.ts';
import { createTimeLimits, INPUT_TIMEOUT } from './time-limits.ts';
import type { AbortReason } from './turn.ts';

/** What a run needs beside its task. Times are in ms. */
export interface RunOptions {
  readonly agent: Agent;
  readonly storage: Storage;
  readonly eventBus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onError: (error: unknown, info: ErrorInfo) => unknown;
  /** Whether clients are shown what an agent threw. */
  readonly exposeErrors?: boolean;
  readonly onMetric?: OnMetric;
  /** Name of the worker, for the log. */
  readonly worker: string;
  readonly leaseMs: number;
  readonly maxAttempts: number;
  readonly runTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly inputTimeoutMs: number;
  readonly cancelGraceMs: number;
}

/** A task in the hands of this worker. */
export interface Run {
  readonly taskId: TaskId;
  /** Resolves when the task has ended, waits for the client, or has been given back. Never rejects. */
  readonly released: Promise<void>;
  /** Resolves when the agent's function has come to its end as well. */
  readonly settled: Promise<void>;
  /** Whether the task ended in this run. One that did not may be due again at once. */
  readonly hasEnded: () => boolean;
  readonly stop: (reason: AbortReason) => void;
}

/** Page of a log that is read for what the client said. */
const PAGE = { entries: 256, bytes: 1 << 20 };

/** Runs the agent on a claimed task until it ends, pauses, or the lease is over. `claimedAt` is when the claim was sent. */
export function startRun(claimed: ClaimedTask, claimedAt: number, options: RunOptions): Run {
  const { storage, eventBus, clock, logger, leaseMs } = options;
  const { lease } = claimed;
  const { taskId } = lease;
  const keeper = createLeaseKeeper({
    storage,
    eventBus,
    clock,
    logger,
    lease,
    leaseMs,
    claimedAt,
    head: claimed.head,
    onCancel: () => {
      stop.stop('cancel');
    },
    onInput: () => {
      inbox.look();
    },
    onLost: () => {
      stop.stop('lease-lost');
    },
  });
  const stop = createStopSignal({
    clock,
    graceMs: options.cancelGraceMs,
    renew: keeper.renew,
    onStop: (reason) => {
      inbox.giveUp(() => reason);
    },
  });
  const limits = createTimeLimits({
    clock,
    runTimeoutMs: options.runTimeoutMs,
    idleTimeoutMs: options.idleTimeoutMs,
    inputTimeoutMs: options.inputTimeoutMs,
    onOver: () => {
      stop.stop('timeout');
    },
  });
  const meter = options.onMetric && meterRun(claimed, clock, options.onMetric);
  const retrying = { clock, logger, taskId };
  const retry = <T>(what: string, action: () => Promise<T>) =>
    retryUntil(what, action, keeper.lost, retrying);
  const inbox = createInbox({
    lease,
    pending: claimed.pending,
    doneSeq: claimed.doneSeq,
    onWaiting: limits.setWaiting,
    read: (after) => retry('reading a log', () => storage.read(taskId, after, PAGE.entries, PAGE.bytes)),
  });
  const context: TurnContext = {
    claimed,
    options,
    inbox,
    limits,
    stop,
    agents: [],
    queue: createAppendQueue({ storage, eventBus, clock, logger, lease, keeper: keeperOf(keeper, meter) }),
    reads: {
      loadTask: (...args) => retry('loading a task', () => storage.loadTask(...args)),
      listTasks: (...args) => retry('listing tasks', () => storage.listTasks(...args)),
    },
    release: () => retry('giving a task back', () => storage.release(lease, 0, true)),
  };

  async function run(): Promise<void> {
    try {
      keeper.start();
      await runAll(context);
    } catch (error) {
      if (!isRefusal(error))
        logger.error({ err: error, taskId }, 'a run failed; the task is taken up again after its lease');
    } finally {
      limits.stop();
      stop.dispose();
      keeper.stop();
      meter?.end();
    }
  }

  const released = run();
  const settled = released.then(() => allEnded(context.agents));
  return { taskId, released, settled, hasEnded: context.queue.hasEnded, stop: stop.stop };
}

async function allEnded(agents: readonly Promise<unknown>[]): Promise<void> {
  for (const agent of agents) await agent;
}

/** The keeper, with the meter told of what is written. */
function keeperOf(keeper: LeaseKeeper, meter: RunMeter | undefined): LeaseKeeper {
  if (meter === undefined) return keeper;
  return {
    ...keeper,
    wrote: (entries) => {
      keeper.wrote(entries);
      meter.wrote(entries);
    },
  };
}

/** A pause that finds newer input keeps the lease, and the next turn follows at once. */
async function runAll(context: TurnContext): Promise<void> {
  const { claimed, inbox, options } = context;
  if (claimed.cancelRequested) {
    await pushed(context.queue, [CANCELED]);
    return;
  }
  const end = endWithoutAgent(claimed, options.maxAttempts);
  if (end !== undefined) {
    const { id: taskId, contextId } = (await loadTask(context)).task;
    const { say } = createFailures({ taskId, contextId, answers: claimed.answers });
    await pushed(context.queue, [say(end)]);
    return;
  }
  for (let attempt = claimed.attempt; ; attempt = 1) {
    const entry = await inbox.next();
    if (entry === undefined) throw new Error('The storage gave a task without anything to answer');
    if ((await runTurn(context, entry, attempt)) !== 'more') return;
  }
}

/** Why a claimed task ends without its agent, in words for the client: waited for in vain, or lost too often. */
function endWithoutAgent(claimed: ClaimedTask, maxAttempts: number): string | undefined {
  if (claimed.reason === 'deadline') return INPUT_TIMEOUT;
  const isUsedUp = claimed.startedBefore && claimed.attempt > maxAttempts;
  return isUsedUp ? 'The worker that ran the agent was lost' : undefined;
}
