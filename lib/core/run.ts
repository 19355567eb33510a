import { AppendQueue, pushed } from './append-queue.ts';
import type { Clock } from './clock.ts';
import type { EventBus } from './event-bus.ts';
import { createFailures, type ErrorInfo } from './failure.ts';
import { Inbox } from './inbox.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import type { TaskId } from './log.ts';
import type { Logger } from './logger.ts';
import type { OnMetric } from './metrics.ts';
import type { Agent } from './output.ts';
import { retryUntil } from './retry.ts';
import { meterRun, type RunMeter } from './run-meter.ts';
import { CANCELED, loadTask, runTurn, type TurnContext } from './run-turn.ts';
import { StopSignal } from './stop-signal.ts';
import type { ClaimedTask, Storage } from './storage.ts';
import { isRefusal } from './task-failed.ts';
import { INPUT_TIMEOUT, TimeLimits } from './time-limits.ts';
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
  return new TaskRun(claimed, claimedAt, options);
}

class TaskRun implements Run, TurnContext {
  readonly taskId: TaskId;
  readonly claimed: ClaimedTask;
  readonly options: RunOptions;
  readonly inbox: Inbox;
  readonly limits: TimeLimits;
  readonly stopSignal: StopSignal;
  readonly queue: AppendQueue;
  readonly reads: TurnContext['reads'];
  readonly agents: Promise<unknown>[] = [];
  readonly released: Promise<void>;
  readonly settled: Promise<void>;
  readonly #keeper: LeaseKeeper;
  readonly #meter: RunMeter | undefined;

  constructor(claimed: ClaimedTask, claimedAt: number, options: RunOptions) {
    const { storage, eventBus, clock, logger, leaseMs } = options;
    const { lease, pending, doneSeq, head } = claimed;
    this.taskId = lease.taskId;
    this.claimed = claimed;
    this.options = options;
    const keeper = new LeaseKeeper({
      storage,
      eventBus,
      clock,
      logger,
      lease,
      leaseMs,
      claimedAt,
      head,
      onCancel: () => {
        this.stop('cancel');
      },
      onInput: () => {
        this.inbox.look();
      },
      onLost: () => {
        this.stop('lease-lost');
      },
    });
    this.#keeper = keeper;
    this.stopSignal = new StopSignal({
      clock,
      graceMs: options.cancelGraceMs,
      renew: () => keeper.renew(),
      onStop: (reason) => {
        this.inbox.giveUp(() => reason);
      },
    });
    const { runTimeoutMs, idleTimeoutMs, inputTimeoutMs } = options;
    this.limits = new TimeLimits({
      clock,
      runTimeoutMs,
      idleTimeoutMs,
      inputTimeoutMs,
      onOver: () => {
        this.stop('timeout');
      },
    });
    this.inbox = new Inbox({
      lease,
      pending,
      doneSeq,
      onWaiting: (waits) => {
        this.limits.setWaiting(waits);
      },
      read: (after) =>
        this.#retry('reading a log', () => storage.read(lease.taskId, after, PAGE.entries, PAGE.bytes)),
    });
    this.#meter = options.onMetric && meterRun(claimed, clock, options.onMetric);
    this.queue = new AppendQueue({
      storage,
      eventBus,
      clock,
      logger,
      lease,
      keeper,
      meter: this.#meter,
    });
    this.reads = {
      loadTask: (...args) => this.#retry('loading a task', () => storage.loadTask(...args)),
      listTasks: (...args) => this.#retry('listing tasks', () => storage.listTasks(...args)),
    };
    this.released = this.#run();
    this.settled = this.released.then(() => allEnded(this.agents));
  }

  hasEnded(): boolean {
    return this.queue.hasEnded;
  }

  stop(reason: AbortReason): void {
    this.stopSignal.stop(reason);
  }

  release(): Promise<unknown> {
    return this.#retry('giving a task back', () => this.options.storage.release(this.claimed.lease, 0, true));
  }

  #retry<T>(what: string, action: () => Promise<T>): Promise<T> {
    const { clock, logger } = this.options;
    return retryUntil(what, action, this.#keeper.lost, { clock, logger, taskId: this.taskId });
  }

  async #run(): Promise<void> {
    try {
      this.#keeper.start();
      await runAll(this);
    } catch (error) {
      if (!isRefusal(error)) {
        const text = 'a run failed; the task is taken up again after its lease';
        this.options.logger.error({ err: error, taskId: this.taskId }, text);
      }
    } finally {
      this.limits.stop();
      this.stopSignal.dispose();
      this.#keeper.stop();
      this.#meter?.end();
    }
  }
}

async function allEnded(agents: readonly Promise<unknown>[]): Promise<void> {
  for (const agent of agents) await agent;
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
