import { createAppendQueue } from './append-queue.ts';
import { callAgent, type AgentEnd } from './call-agent.ts';
import type { Clock } from './clock.ts';
import { createTurn } from './create-turn.ts';
import type { EventBus } from './event-bus.ts';
import { createFailures, type ErrorInfo } from './failure.ts';
import { createInbox, type InputEntry } from './inbox.ts';
import { keepLease } from './lease-keeper.ts';
import type { StatusBody } from './log.ts';
import type { Logger } from './logger.ts';
import type { Agent } from './output.ts';
import { retryUntil } from './retry.ts';
import { createStopwatch } from './stopwatch.ts';
import type { ClaimedTask, Storage, TaskSnapshot } from './storage.ts';
import { LeaseLost, TaskClosed } from './task-failed.ts';
import type { AbortReason } from './turn.ts';
import { createTurnWriter, type TurnWriter } from './turn-writer.ts';

/** What a run needs beside its task. Times are in ms. */
export interface RunOptions {
  readonly agent: Agent;
  readonly storage: Storage;
  readonly eventBus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onError: (error: unknown, info: ErrorInfo) => void;
  /** Name of the worker, for the log. */
  readonly worker: string;
  readonly leaseMs: number;
  readonly maxAttempts: number;
  readonly runTimeoutMs: number;
  readonly inputTimeoutMs: number;
  readonly cancelGraceMs: number;
}

/** A task in the hands of this worker. */
export interface Run {
  /** Resolves when the task has ended, waits for the client, or has been given back. Never rejects. */
  readonly released: Promise<void>;
  /** Resolves when the agent's function has come to its end as well. */
  readonly settled: Promise<void>;
  readonly abort: (reason: AbortReason) => void;
}

const CANCELED: StatusBody = { kind: 'status', state: 'TASK_STATE_CANCELED' };

/** Runs the agent on a claimed task until it ends, pauses, or the lease is over. `claimedAt` is when the claim was sent. */
export function startRun(claimed: ClaimedTask, claimedAt: number, options: RunOptions): Run {
  const { storage, eventBus, clock, logger, leaseMs, cancelGraceMs } = options;
  const { lease } = claimed;
  const { taskId } = lease;
  const control = new AbortController();
  const { signal } = control;
  const forced = deferred();
  const agentEnds: Promise<AgentEnd>[] = [];
  let writes = 0;
  let stopForcing: () => void = () => undefined;
  let timeoutText = 'The agent took too long';

  const keeper = keepLease({
    ...{ storage, eventBus, clock, logger, lease, leaseMs, claimedAt },
    onCancel: () => {
      abort('cancel');
    },
    onInput: () => {
      inbox.look();
    },
    onLost: () => {
      abort('lease-lost');
    },
  });
  const held = { isLost: keeper.isLost, onLost: keeper.lose };
  const queue = createAppendQueue({ storage, eventBus, clock, logger, lease, ...held });
  const inbox = createInbox({
    ...{ storage, taskId, pending: claimed.pending, doneSeq: claimed.doneSeq },
    onError: (error) => {
      logger.warn({ err: error, taskId }, 'reading the messages of a task failed');
    },
    onWaiting,
  });
  const newRunLimit = () =>
    createStopwatch(clock, options.runTimeoutMs, () => {
      abort('timeout');
    });
  const inputLimit = () =>
    createStopwatch(clock, options.inputTimeoutMs, () => {
      timeoutText = 'The client did not answer in time';
      abort('timeout');
    });
  let runLimit = newRunLimit();
  let waiting = inputLimit();

  function onWaiting(waits: boolean): void {
    waiting.pause();
    if (waits) {
      runLimit.pause();
      waiting = inputLimit();
      waiting.start();
    } else {
      runLimit.start();
    }
  }

  function abort(reason: AbortReason): void {
    if (signal.aborted) return;
    control.abort(reason);
    inbox.giveUp(reason);
    void forceLater(reason);
  }

  /** An agent that ignores its signal does not keep the task. */
  async function forceLater(reason: AbortReason): Promise<void> {
    if (reason === 'lease-lost' || reason === 'too-large') {
      forced.resolve();
      return;
    }
    const leftMs = reason === 'cancel' ? ((await keeper.renew()) ?? cancelGraceMs) : undefined;
    const waitMs = leftMs === undefined ? cancelGraceMs : leftMs - Math.min(500, leftMs / 2);
    stopForcing = clock.after(waitMs, forced.resolve);
  }

  async function run(): Promise<void> {
    try {
      const verdict = verdictOf(claimed, options);
      if (verdict === undefined) await runAll();
      else await endUnrun(verdict);
    } catch (error) {
      if (!isRefusal(error)) {
        logger.error({ err: error, taskId }, 'a run failed; the task is taken up again after its lease');
      }
    } finally {
      runLimit.pause();
      waiting.pause();
      stopForcing();
      keeper.stop();
      inbox.close();
    }
  }

  async function endUnrun(verdict: 'canceled' | { readonly text: string }): Promise<void> {
    if (verdict === 'canceled') {
      await queue.push([CANCELED]);
      return;
    }
    const { task } = await load();
    const failures = createFailures({ taskId, contextId: task.contextId, answers: claimed.answers });
    await queue.push([failures.say(verdict.text)]);
  }

  async function load(): Promise<TaskSnapshot> {
    const snapshot = await retry(() => storage.loadTask(taskId), 'loading a task');
    if (snapshot === undefined) throw new LeaseLost('The task is gone');
    return snapshot;
  }

  /** A pause that finds newer input keeps the lease, and the next run follows at once. */
  async function runAll(): Promise<void> {
    for (let isNew = false; ; isNew = true) {
      const entry = await retry(() => inbox.next(), 'reading the messages of a task');
      if (entry === undefined) return;
      const state = await runOne(entry, isNew ? 1 : claimed.attempt);
      if (state !== 'more') return;
    }
  }

  async function runOne(entry: InputEntry, attempt: number): Promise<ReturnType<TurnWriter['state']>> {
    await queue.push([{ kind: 'start', attempt, worker: options.worker }]);
    const snapshot = await load();
    const failures = createFailures({ taskId, contextId: snapshot.task.contextId, answers: claimed.answers });
    const writer = createTurnWriter({
      ...{ queue, taskId, contextId: snapshot.task.contextId, answers: claimed.answers },
      answered: entry.seq,
      upTo: inbox.upTo,
      inputTimeoutMs: options.inputTimeoutMs,
      onWrite() {
        writes += 1;
        inbox.giveUp(new TaskClosed('Another call of the turn gave the wait up'));
      },
      onTooLarge: () => {
        abort('too-large');
      },
      invalid: failures.invalid,
      failed: (state, message) => failures.say(message, state),
      warn: (text) => {
        logger.warn({ taskId }, text);
      },
    });
    const turnParts = { entry, snapshot, attempt, signal, storage, inbox, writer, writes: () => writes };
    runLimit = newRunLimit();
    runLimit.start();
    const end = signal.aborted
      ? Promise.resolve<AgentEnd>({})
      : callAgent(options.agent, createTurn(turnParts), writer);
    agentEnds.push(end);
    const ended = await Promise.race([end, forced.promise]);
    await conclude(writer, snapshot, ended?.error);
    await writer.settled();
    return writer.state();
  }

  async function conclude(writer: TurnWriter, { task }: TaskSnapshot, error: unknown): Promise<void> {
    const failures = createFailures({ taskId, contextId: task.contextId, answers: claimed.answers });
    if (signal.aborted && writer.state() === 'open') {
      await concludeAborted(writer, failures.say);
    } else if (error !== undefined && (writer.state() === 'open' || !isRefusal(error))) {
      const { body, errorId } = failures.thrown(error);
      if (errorId !== undefined) options.onError(error, { errorId, taskId, contextId: task.contextId });
      if (writer.state() === 'open') await writer.close(body);
    }
  }

  async function concludeAborted(writer: TurnWriter, say: (text: string) => StatusBody): Promise<void> {
    // what was aborted has a reason of ours: the controller does not leave this function's module
    const reason = signal.reason as AbortReason;
    switch (reason) {
      case 'cancel':
        return writer.close(CANCELED);
      case 'timeout':
        return writer.close(say(timeoutText));
      case 'too-large':
        return writer.close(say('The task grew beyond the size this server allows'));
      case 'shutdown':
        return giveBack(writer, say);
      case 'lease-lost':
        writer.seal();
    }
  }

  async function giveBack(writer: TurnWriter, say: (text: string) => StatusBody): Promise<void> {
    if (!storage.shared) {
      await writer.close(say('The server was shut down before the agent had finished'));
      return;
    }
    writer.seal();
    await queue.settled();
    await retry(() => storage.release(lease, 0, true), 'giving a task back');
  }

  function retry<T>(action: () => Promise<T>, what: string): Promise<T | undefined> {
    return retryUntil(action, keeper.isLost, { clock, logger, what: `${what} (${taskId})` });
  }

  const released = run();
  return {
    released,
    settled: released.then(async () => {
      await Promise.all(agentEnds);
    }),
    abort,
  };
}

/** How a claimed task ends without its agent: cancelled, waited for in vain, or lost too often. */
function verdictOf(
  claimed: ClaimedTask,
  options: RunOptions,
): 'canceled' | { readonly text: string } | undefined {
  if (claimed.cancelRequested) return 'canceled';
  if (claimed.reason === 'deadline') return { text: 'The client did not answer in time' };
  if (claimed.startedBefore && claimed.attempt > options.maxAttempts) {
    return { text: 'The worker that ran the agent was lost' };
  }
  return undefined;
}

/** Whether an agent was only told that it can not say more. */
function isRefusal(error: unknown): boolean {
  return error instanceof TaskClosed || error instanceof LeaseLost;
}

interface Deferred {
  readonly promise: Promise<undefined>;
  readonly resolve: () => void;
}

function deferred(): Deferred {
  let resolve: () => void = () => undefined;
  const promise = new Promise<undefined>((fulfil) => {
    resolve = () => {
      fulfil(undefined);
    };
  });
  return { promise, resolve };
}
