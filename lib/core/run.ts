import type { Alarms } from './alarms.ts';
import { AppendQueue, pushed } from './append-queue.ts';
import type { Clock } from './clock.ts';
import type { TurnReads } from './create-turn.ts';
import { Ending } from './ending.ts';
import type { EventBus } from './event-bus.ts';
import { type ErrorInfo, Failures } from './failure.ts';
import type { AgentTurns } from './fairness.ts';
import type { Placed } from './heap.ts';
import { Inbox, type InboxOwner, type InputEntry } from './inbox.ts';
import { type LeaseHolder, LeaseKeeper } from './lease-keeper.ts';
import type { Seq, TaskId } from './log.ts';
import type { Logger } from './logger.ts';
import type { OnMetric } from './metrics.ts';
import type { Agent } from './output.ts';
import { isPromiseLike } from './promises.ts';
import { retryUntil } from './retry.ts';
import { meterRun, type RunMeter } from './run-meter.ts';
import { CANCELED, loadTask, runTurn, type TurnContext } from './run-turn.ts';
import { StopSignal, type StopSignalOwner } from './stop-signal.ts';
import type { ClaimedTask, Storage } from './storage.ts';
import { isRefusal } from './task-failed.ts';
import { INPUT_TIMEOUT, TimeLimits, type TimeLimitsOwner } from './time-limits.ts';
import type { AbortReason } from './turn.ts';
import type { RunState } from './turn-writer.ts';

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
  readonly agentTurns: AgentTurns;
  readonly alarms: Alarms;
  readonly leaseMs: number;
  readonly maxAttempts: number;
  readonly runTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly inputTimeoutMs: number;
  readonly cancelGraceMs: number;
}

/** A task in the hands of this worker. */
export interface Run extends Placed {
  readonly taskId: TaskId;
  /** Begins, once. What the watcher is told comes after this call has begun, and may come within it. */
  readonly begin: () => void;
  /** Ends when the task has ended, waits for the client, or has been given back. */
  readonly released: Ending;
  /** Whether the task ended in this run. One that did not may be due again at once. */
  readonly hasEnded: () => boolean;
  readonly stop: (reason: AbortReason) => void;
  /** Hints may have been missed. */
  readonly onGap: () => void;
}

/** Who wants to know what becomes of runs. */
export interface RunWatcher {
  /** The run holds its task no longer. Called before `released` ends. */
  readonly onReleased: (run: Run) => void;
  /** The agent's function has come to its end as well. Called after `onReleased`. */
  readonly onSettled: (run: Run) => void;
}

/** Page of a log that is read for what the client said. */
const PAGE = { entries: 256, bytes: 1 << 20 };

/**
 * Makes the run of a claimed task; once it has begun it goes on until the task ends, pauses, or the lease is over. `claimedAt`
 * is when the claim was sent.
 */
export function createRun(
  claimed: ClaimedTask,
  claimedAt: number,
  options: RunOptions,
  watcher: RunWatcher,
): Run {
  return new TaskRun(claimed, claimedAt, options, watcher);
}

/** What the parts of a run ask of it stands here too, so that none of them needs functions of its own. */
class TaskRun
  implements Run, TurnContext, LeaseHolder, StopSignalOwner, TimeLimitsOwner, InboxOwner, TurnReads
{
  readonly claimed: ClaimedTask;
  readonly options: RunOptions;
  readonly inbox: Inbox;
  readonly limits: TimeLimits;
  readonly stopSignal: StopSignal;
  readonly queue: AppendQueue;
  readonly released = new Ending();
  place = 0;
  readonly #keeper: LeaseKeeper;
  readonly #meter: RunMeter | undefined;
  readonly #watcher: RunWatcher;
  #agents = 0;

  constructor(claimed: ClaimedTask, claimedAt: number, options: RunOptions, watcher: RunWatcher) {
    const { clock, onMetric } = options;
    this.claimed = claimed;
    this.options = options;
    this.#watcher = watcher;
    this.#keeper = new LeaseKeeper(this, claimed, claimedAt, options);
    this.stopSignal = new StopSignal(this, clock, options.cancelGraceMs);
    this.limits = new TimeLimits(this, options);
    this.inbox = new Inbox(this, claimed);
    this.#meter = onMetric && meterRun(claimed, clock, onMetric);
    this.queue = new AppendQueue(options, claimed.lease, this.#keeper, this.#meter);
  }

  get taskId(): TaskId {
    return this.claimed.lease.taskId;
  }

  get reads(): TurnReads {
    return this;
  }

  begin(): void {
    try {
      this.#keeper.start();
      const end = endWithoutAgent(this.claimed, this.options.maxAttempts);
      if (this.claimed.cancelRequested) this.#letGoAfter(pushed(this.queue, [CANCELED]));
      else if (end !== undefined) this.#letGoAfter(this.#endWith(end));
      else this.#turn(this.claimed.attempt);
    } catch (error) {
      this.onTurnFailed(error);
    }
  }

  hasEnded(): boolean {
    return this.queue.hasEnded;
  }

  stop(reason: AbortReason): void {
    this.stopSignal.stop(reason);
  }

  onGap(): void {
    this.#keeper.ask();
  }

  onCancel(): void {
    this.stop('cancel');
  }

  onLost(): void {
    this.stop('lease-lost');
  }

  onTimeOver(): void {
    this.stop('timeout');
  }

  onStop(reason: AbortReason): void {
    this.inbox.giveUp(() => reason);
  }

  onInput(): void {
    this.inbox.look();
  }

  onWaiting(waits: boolean): void {
    this.limits.setWaiting(waits);
  }

  onAgentStart(): void {
    this.#agents += 1;
  }

  onAgentEnd(): void {
    this.#agents -= 1;
    if (this.released.hasEnded && this.#agents === 0) this.#watcher.onSettled(this);
  }

  renew(): Promise<number | undefined> {
    return this.#keeper.renew();
  }

  read(after: Seq): ReturnType<Storage['read']> {
    const { storage } = this.options;
    return this.#retry('reading a log', () => storage.read(this.taskId, after, PAGE.entries, PAGE.bytes));
  }

  loadTask(...args: Parameters<Storage['loadTask']>): ReturnType<Storage['loadTask']> {
    return this.#retry('loading a task', () => this.options.storage.loadTask(...args));
  }

  listTasks(...args: Parameters<Storage['listTasks']>): ReturnType<Storage['listTasks']> {
    return this.#retry('listing tasks', () => this.options.storage.listTasks(...args));
  }

  release(): Promise<unknown> {
    return this.#retry('giving a task back', () => this.options.storage.release(this.claimed.lease, 0, true));
  }

  #retry<T>(what: string, action: () => Promise<T>): Promise<T> {
    const { clock, logger } = this.options;
    return retryUntil(what, action, this.#keeper.lost, { clock, logger, taskId: this.taskId });
  }

  /** A pause that finds newer input keeps the lease, and the next turn follows at once. */
  onTurnOver(state: RunState): void {
    if (state === 'more') this.#turn(1);
    else this.#letGo();
  }

  onTurnFailed(error: unknown): void {
    if (!isRefusal(error)) {
      const text = 'a run failed; the task is taken up again after its lease';
      this.options.logger.error({ err: error, taskId: this.taskId }, text);
    }
    this.#letGo();
  }

  #letGoAfter(end: Promise<unknown>): void {
    end.then(
      () => {
        this.#letGo();
      },
      (error: unknown) => {
        this.onTurnFailed(error);
      },
    );
  }

  #turn(attempt: number): void {
    const next = this.inbox.next();
    if (isPromiseLike(next)) this.#answerNext(next, attempt);
    else this.#answer(next, attempt);
  }

  #answerNext(next: Promise<InputEntry | undefined>, attempt: number): void {
    next.then(
      (entry) => {
        this.#answer(entry, attempt);
      },
      (error: unknown) => {
        this.onTurnFailed(error);
      },
    );
  }

  #answer(entry: InputEntry | undefined, attempt: number): void {
    if (entry !== undefined) void runTurn(this, entry, attempt);
    else this.onTurnFailed(new Error('The storage gave a task without anything to answer'));
  }

  /** Ends the task without its agent, in words for the client. */
  async #endWith(text: string): Promise<void> {
    const { id: taskId, contextId } = (await loadTask(this)).task;
    const failures = new Failures({ taskId, contextId, answers: this.claimed.answers });
    await pushed(this.queue, [failures.say(text)]);
  }

  #letGo(): void {
    if (this.released.hasEnded) return;
    this.limits.stop();
    this.stopSignal.dispose();
    this.#keeper.stop();
    this.#meter?.end();
    this.#watcher.onReleased(this);
    this.released.end(undefined);
    if (this.#agents === 0) this.#watcher.onSettled(this);
  }
}

/** Why a claimed task ends without its agent, in words for the client: waited for in vain, or lost too often. */
function endWithoutAgent(claimed: ClaimedTask, maxAttempts: number): string | undefined {
  if (claimed.reason === 'deadline') return INPUT_TIMEOUT;
  const isUsedUp = claimed.startedBefore && claimed.attempt > maxAttempts;
  return isUsedUp ? 'The worker that ran the agent was lost' : undefined;
}
