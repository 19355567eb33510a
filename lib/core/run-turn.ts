import type { AppendQueue } from './append-queue.ts';
import { type AgentEnd, callAgent } from './call-agent.ts';
import { createTurn, type TurnOptions } from './create-turn.ts';
import { createFailures, type Failures } from './failure.ts';
import { createFold } from './fold.ts';
import type { Inbox, InputEntry } from './inbox.ts';
import type { EntryBody, StatusBody } from './log.ts';
import { quiet } from './quiet.ts';
import { createReport } from './report.ts';
import type { RunOptions } from './run.ts';
import type { StopSignal } from './stop-signal.ts';
import type { ClaimedTask, TaskSnapshot } from './storage.ts';
import { isRefusal, LeaseLost, TaskClosed, TaskTooLarge } from './task-failed.ts';
import type { TimeLimits } from './time-limits.ts';
import type { Turn } from './turn.ts';
import { TurnOver } from './turn-over.ts';
import { createTurnWriter, type RunState, TOO_LARGE, type TurnWriter } from './turn-writer.ts';

/** What the turns under one lease share. */
export interface TurnContext {
  readonly claimed: ClaimedTask;
  readonly options: RunOptions;
  readonly queue: AppendQueue;
  readonly inbox: Inbox;
  readonly limits: TimeLimits;
  readonly stopSignal: StopSignal;
  readonly reads: TurnOptions['reads'];
  /** Gives the task back to the other workers. */
  release(): Promise<unknown>;
  /** Agents that have been called; each resolves when it has come to its end. */
  readonly agents: Promise<unknown>[];
}

/** One turn under way. */
interface TurnUnderWay {
  readonly context: TurnContext;
  readonly turn: Turn;
  readonly writer: TurnWriter;
  readonly failures: Failures;
}

export const CANCELED: StatusBody = { kind: 'status', state: 'TASK_STATE_CANCELED' };

/** Answers one input: calls the agent once, and sees to it that the task is ended, paused or let go. */
export async function runTurn(context: TurnContext, entry: InputEntry, attempt: number): Promise<RunState> {
  const { claimed, queue, options } = context;
  const starting = writeStart(queue, { kind: 'start', attempt, worker: options.worker });
  const snapshot = newTask(claimed, entry) ?? (await loadBeside(context, starting));
  const fits = await starting;
  const { id: taskId, contextId } = snapshot.task;
  const { exposeErrors = false } = options;
  const failures = createFailures({ taskId, contextId, answers: claimed.answers, exposeErrors });
  if (!fits) {
    await new Promise((resolve, reject) => {
      queue.pushEnd([failures.say(TOO_LARGE)], resolve, reject);
    });
    return 'closed';
  }
  const over = new TurnOver(context.stopSignal.signal);
  const under = prepare(context, { entry, snapshot, attempt }, failures, over);
  try {
    await carryOut(under);
    return under.writer.state();
  } finally {
    over.end();
    await queue.settled();
  }
}

/** The task as it is. A task that is gone is as good as another worker's. */
export async function loadTask({ claimed, reads }: TurnContext): Promise<TaskSnapshot> {
  const snapshot = await reads.loadTask(claimed.lease.taskId);
  if (snapshot === undefined) throw new LeaseLost('The task is gone');
  return snapshot;
}

/** The task that nothing was written to but its message: there is nothing to read. */
function newTask({ head, scope, answers }: ClaimedTask, entry: InputEntry): TaskSnapshot | undefined {
  if (entry.kind !== 'open' || head !== entry.seq) return undefined;
  const { seq, ts } = entry;
  return { scope, task: createFold(entry).snapshot(), seq, ts, closed: false, answers, first: seq };
}

/** The task as it is, while something else is under way that may fail as well. */
function loadBeside(context: TurnContext, other: Promise<unknown>): Promise<TaskSnapshot> {
  void quiet(other);
  return loadTask(context);
}

/** Writes the start of a run. False: the task is so full that not even that fits. */
function writeStart(queue: AppendQueue, start: EntryBody): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const stored = () => {
      resolve(true);
    };
    queue.push([start], stored, (error) => {
      if (error instanceof TaskTooLarge) resolve(false);
      else reject(error);
    });
  });
}

function prepare(
  context: TurnContext,
  answered: Pick<TurnOptions, 'entry' | 'snapshot' | 'attempt'>,
  failures: Failures,
  over: TurnOver,
): TurnUnderWay {
  const { options, queue, inbox, limits, stopSignal, reads, claimed } = context;
  const { answers, newest } = claimed;
  const { id: taskId, contextId } = answered.snapshot.task;
  let calls = 0;
  const addCall = () => {
    calls += 1;
    inbox.giveUp(() => new TaskClosed('Another call of the turn gave the wait up'));
  };
  const writer = createTurnWriter({
    queue,
    taskId,
    contextId,
    answers,
    failures,
    upTo: () => inbox.upTo(),
    onCall: () => {
      addCall();
      limits.touch();
    },
    answered: answered.entry.seq,
    inputTimeoutMs: options.inputTimeoutMs,
    onTooLarge: () => {
      stopSignal.stop('too-large');
    },
    warn: (text) => {
      options.logger.warn({ taskId }, text);
    },
  });
  const turn = createTurn({
    entry: answered.entry,
    snapshot: answered.snapshot,
    attempt: answered.attempt,
    newest,
    inbox,
    writer,
    reads,
    signal: stopSignal.signal,
    over,
    calls: { count: () => calls, add: addCall },
  });
  return { context, turn, writer, failures };
}

async function carryOut(under: TurnUnderWay): Promise<void> {
  const { turn, writer, context } = under;
  const { options, limits, stopSignal, agents } = context;
  if (stopSignal.signal.aborted) {
    await conclude(under, {});
    return;
  }
  limits.begin();
  const agent = callAgent(options.agent, turn, writer, options.clock);
  agents.push(agent);
  const end = await new Promise<AgentEnd | undefined>((resolve) => {
    const withoutAgent = () => {
      resolve(undefined);
    };
    void agent.then(resolve);
    stopSignal.onForced(withoutAgent);
    writer.onOver(withoutAgent);
  });
  await conclude(under, end ?? {});
  // what it throws after its task or its say was over is still an error
  if (end === undefined) void agent.then((late) => conclude(under, late));
}

/** Ends what the agent has not ended. */
function conclude(under: TurnUnderWay, { thrown }: AgentEnd): Promise<void> | undefined {
  const { writer, failures, turn } = under;
  const { stopSignal, options } = under.context;
  const isOpen = writer.state() === 'open';
  if (stopSignal.signal.aborted) return isOpen ? concludeStopped(under) : undefined;
  if (thrown === undefined || (!isOpen && isRefusal(thrown.error))) return undefined;
  const { body, errorId } = failures.thrown(thrown.error);
  const { taskId, contextId } = turn;
  const report = createReport('the agent failed', options);
  if (errorId !== undefined) report(thrown.error, { errorId, taskId, contextId });
  return writer.close(body);
}

async function concludeStopped({ context, writer, failures }: TurnUnderWay): Promise<void> {
  const { stopSignal, limits, options } = context;
  switch (stopSignal.reason) {
    case 'cancel':
      return writer.close(CANCELED);
    case 'timeout':
      return writer.close(failures.say(limits.overText));
    case 'shutdown':
      if (options.storage.shared) return giveBack(context, writer);
      return writer.close(failures.say('The server was shut down before the agent had finished'));
    default:
      // another worker may have the task, or it has been ended as too large
      writer.seal();
  }
}

async function giveBack(context: TurnContext, writer: TurnWriter): Promise<void> {
  writer.seal();
  await context.queue.settled();
  await context.release();
}
