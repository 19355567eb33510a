import type { AppendQueue } from './append-queue.ts';
import { type AgentEnd, callAgent } from './call-agent.ts';
import { createTurn, type TurnOptions } from './create-turn.ts';
import { createFailures, type Failures } from './failure.ts';
import type { Inbox, InputEntry } from './inbox.ts';
import type { StatusBody } from './log.ts';
import { createReport } from './report.ts';
import type { RunOptions } from './run.ts';
import type { StopSignal } from './stop-signal.ts';
import type { ClaimedTask, TaskSnapshot } from './storage.ts';
import { isRefusal, LeaseLost, TaskClosed, TaskTooLarge } from './task-failed.ts';
import type { TimeLimits } from './time-limits.ts';
import type { Turn } from './turn.ts';
import { createTurnOver, type TurnOver } from './turn-over.ts';
import { createTurnWriter, type RunState, TOO_LARGE, type TurnWriter } from './turn-writer.ts';

/** What the turns under one lease share. */
export interface TurnContext {
  readonly claimed: ClaimedTask;
  readonly options: RunOptions;
  readonly queue: AppendQueue;
  readonly inbox: Inbox;
  readonly limits: TimeLimits;
  readonly stop: StopSignal;
  readonly reads: TurnOptions['reads'];
  /** Gives the task back to the other workers. */
  readonly release: () => Promise<unknown>;
  /** Agents that have been called; each resolves when it has come to its end. */
  readonly agents: Promise<unknown>[];
}

/** One turn under way. */
interface TurnUnderWay extends TurnContext {
  readonly turn: Turn;
  readonly writer: TurnWriter;
  readonly failures: Failures;
}

export const CANCELED: StatusBody = { kind: 'status', state: 'TASK_STATE_CANCELED' };

/** Answers one input: calls the agent once, and sees to it that the task is ended, paused or let go. */
export async function runTurn(context: TurnContext, entry: InputEntry, attempt: number): Promise<RunState> {
  const { claimed, queue, options } = context;
  const [snapshot, start] = await Promise.all([
    loadTask(context),
    queue.push([{ kind: 'start', attempt, worker: options.worker }]).catch(asTooLarge),
  ]);
  const { id: taskId, contextId } = snapshot.task;
  const { exposeErrors = false } = options;
  const failures = createFailures({ taskId, contextId, answers: claimed.answers, exposeErrors });
  if (start === 'too-large') {
    await queue.pushEnd([failures.say(TOO_LARGE)]);
    return 'closed';
  }
  const over = createTurnOver(context.stop.signal);
  const writing = prepare(context, { entry, snapshot, attempt }, failures, over);
  try {
    await carryOut({ ...context, ...writing, failures });
    return writing.writer.state();
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

/** A task may be so full that not even the start of a run fits. */
function asTooLarge(error: unknown): 'too-large' {
  if (error instanceof TaskTooLarge) return 'too-large';
  throw error;
}

function prepare(
  { options, queue, inbox, limits, stop, reads, claimed: { answers, newest } }: TurnContext,
  answered: Pick<TurnOptions, 'entry' | 'snapshot' | 'attempt'>,
  failures: Failures,
  over: TurnOver,
): { turn: Turn; writer: TurnWriter } {
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
    upTo: inbox.upTo,
    onCall: () => {
      addCall();
      limits.touch();
    },
    answered: answered.entry.seq,
    inputTimeoutMs: options.inputTimeoutMs,
    onTooLarge: () => {
      stop.stop('too-large');
    },
    warn: (text) => {
      options.logger.warn({ taskId }, text);
    },
  });
  const turn = createTurn({
    ...answered,
    newest,
    inbox,
    writer,
    reads,
    signal: stop.signal,
    over,
    calls: { count: () => calls, add: addCall },
  });
  return { turn, writer };
}

async function carryOut(under: TurnUnderWay): Promise<void> {
  const { options, limits, stop, turn, writer, agents } = under;
  if (stop.signal.aborted) {
    await conclude(under, {});
    return;
  }
  limits.begin();
  const agent = callAgent(options.agent, turn, writer, options.clock);
  agents.push(agent);
  const end = await Promise.race([agent, stop.forced, writer.over]);
  await conclude(under, end ?? {});
  // what it throws after its task or its say was over is still an error
  if (end === undefined) void agent.then((late) => conclude(under, late));
}

/** Ends what the agent has not ended. */
async function conclude(under: TurnUnderWay, { thrown }: AgentEnd): Promise<void> {
  const { stop, writer, failures, options, turn } = under;
  const isOpen = writer.state() === 'open';
  if (stop.signal.aborted) {
    if (isOpen) await concludeStopped(under);
  } else if (thrown !== undefined && (isOpen || !isRefusal(thrown.error))) {
    const { body, errorId } = failures.thrown(thrown.error);
    const { taskId, contextId } = turn;
    const report = createReport('the agent failed', options);
    if (errorId !== undefined) report(thrown.error, { errorId, taskId, contextId });
    await writer.close(body);
  }
}

async function concludeStopped(under: TurnUnderWay): Promise<void> {
  const { stop, writer, failures, limits, options } = under;
  switch (stop.reason()) {
    case 'cancel':
      return writer.close(CANCELED);
    case 'timeout':
      return writer.close(failures.say(limits.overText()));
    case 'shutdown':
      if (options.storage.shared) return giveBack(under);
      return writer.close(failures.say('The server was shut down before the agent had finished'));
    default:
      // another worker may have the task, or it has been ended as too large
      writer.seal();
  }
}

async function giveBack({ writer, queue, release }: TurnUnderWay): Promise<void> {
  writer.seal();
  await queue.settled();
  await release();
}
