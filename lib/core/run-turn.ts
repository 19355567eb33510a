import type { AppendQueue } from './append-queue.ts';
import { type AgentCaller, askAgent, type Given, writeGiven } from './call-agent.ts';
import { type AgentCalls, createTurn, type TurnOptions } from './create-turn.ts';
import { createFold } from './fold.ts';
import type { Inbox, InputEntry } from './inbox.ts';
import type { EntryBody, Seq, StatusBody } from './log.ts';
import { inMicrotask, quiet } from './promises.ts';
import { createReport } from './report.ts';
import type { RunOptions } from './run.ts';
import type { StopSignal } from './stop-signal.ts';
import type { ClaimedTask, TaskSnapshot } from './storage.ts';
import { isRefusal, LeaseLost, TaskClosed, TaskTooLarge } from './task-failed.ts';
import type { TimeLimits } from './time-limits.ts';
import type { Turn } from './turn.ts';
import { TurnOver } from './turn-over.ts';
import { type RunState, TOO_LARGE, TurnWriter, type TurnWriterOwner } from './turn-writer.ts';

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
  readonly release: () => Promise<unknown>;
  /** Called when an agent begins, and when it has come to its end. */
  readonly onAgentStart: () => void;
  readonly onAgentEnd: () => void;
  /** Called once, when the turn is over, with how the run stands. */
  readonly onTurnOver: (state: RunState) => void;
  /** Called in its place when the turn can not be brought to its end. */
  readonly onTurnFailed: (error: unknown) => void;
}

export const CANCELED: StatusBody = { kind: 'status', state: 'TASK_STATE_CANCELED' };

/** Answers one input: calls the agent once, and sees to it that the task is ended, paused or let go. The context is told how. */
export async function runTurn(context: TurnContext, entry: InputEntry, attempt: number): Promise<void> {
  const { claimed, queue, options } = context;
  let turn: TurnUnderWay | undefined;
  try {
    const starting = writeStart(queue, { kind: 'start', attempt, worker: options.worker });
    const snapshot = newTask(claimed, entry) ?? (await loadBeside(context, starting));
    const fits = await starting;
    const made = new TurnUnderWay(context, entry, snapshot, attempt);
    if (fits) {
      turn = made;
      const others = options.agentTurns.next();
      if (others !== undefined) await others;
    } else await made.closeAsTooLarge();
  } catch (error) {
    context.onTurnFailed(error);
    return;
  }
  // nothing waits for it in here: agents take long, and a function that waits is large
  if (turn === undefined) context.onTurnOver('closed');
  else turn.begin();
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
    queue.push([start], {
      onStored() {
        resolve(true);
      },
      onRefused(error) {
        if (error instanceof TaskTooLarge) resolve(false);
        else reject(error);
      },
    });
  });
}

/** How an agent's function ended. */
interface AgentEnd {
  /** What it threw, which may be undefined too; absent when it returned. */
  readonly thrown?: { readonly error: unknown };
}

/** An agent that has not ended says no more than one that has. */
const RETURNED: AgentEnd = {};

/** One turn under way. */
class TurnUnderWay implements TurnWriterOwner, AgentCalls, AgentCaller {
  readonly #context: TurnContext;
  readonly #turn: Turn;
  readonly #writer: TurnWriter;
  readonly #over: TurnOver;
  #calls = 0;
  /** Whether the turn goes on when the agent ends; no longer when it has been gone on without. */
  #isAwaited = false;

  constructor(context: TurnContext, entry: InputEntry, snapshot: TaskSnapshot, attempt: number) {
    const { claimed, inbox, stopSignal, reads } = context;
    const { newest } = claimed;
    this.#context = context;
    this.#over = new TurnOver(stopSignal);
    this.#writer = new TurnWriter(this, context, snapshot.task, entry.seq);
    this.#turn = createTurn({
      entry,
      snapshot,
      attempt,
      newest,
      inbox,
      writer: this.#writer,
      reads,
      stopSignal,
      over: this.#over,
      calls: this,
    });
  }

  get calls(): number {
    return this.#calls;
  }

  addCall(): void {
    this.#calls += 1;
    this.#context.inbox.giveUp(() => new TaskClosed('Another call of the turn gave the wait up'));
  }

  onCall(): void {
    this.addCall();
    this.#context.limits.touch();
  }

  upTo(): Seq {
    return this.#context.inbox.upTo();
  }

  onOver(): void {
    this.#goOnAlone();
  }

  /** Its time to stop is over. */
  onEnding(): void {
    this.#goOnAlone();
  }

  onTooLarge(): void {
    this.#context.stopSignal.stop('too-large');
  }

  warn(text: string): void {
    const { taskId } = this.#turn;
    this.#context.options.logger.warn({ taskId }, text);
  }

  /** The task has no room for a run. */
  closeAsTooLarge(): Promise<unknown> {
    return new Promise((onStored, onRefused) => {
      this.#context.queue.pushEnd([this.#writer.failures.say(TOO_LARGE)], { onStored, onRefused });
    });
  }

  /** Calls the agent. What follows comes when it has ended, or when its say, or its time to stop, is over. */
  begin(): void {
    const { options, limits, stopSignal } = this.#context;
    if (stopSignal.isStopped) {
      void this.#finish(RETURNED);
      return;
    }
    this.#isAwaited = true;
    limits.begin();
    this.#context.onAgentStart();
    stopSignal.forced.listen(this);
    askAgent(options.agent, this.#turn, this);
  }

  onGiven(given: Given): void {
    const { stopSignal, options } = this.#context;
    let written: Promise<void> | undefined;
    try {
      written = writeGiven(given, this.#writer, stopSignal, options.clock);
    } catch (error) {
      this.onThrown(error);
      return;
    }
    if (written === undefined) {
      this.#agentEnded(RETURNED);
      return;
    }
    written.then(
      () => {
        this.#agentEnded(RETURNED);
      },
      (error: unknown) => {
        this.onThrown(error);
      },
    );
  }

  onThrown(error: unknown): void {
    this.#agentEnded({ thrown: { error } });
  }

  /** Ends what the agent has not ended. */
  #conclude({ thrown }: AgentEnd): Promise<void> | undefined {
    const { stopSignal, options } = this.#context;
    const isOpen = this.#writer.state === 'open';
    if (stopSignal.isStopped) return isOpen ? this.#concludeStopped() : undefined;
    if (thrown === undefined || (!isOpen && isRefusal(thrown.error))) return undefined;
    const { body, errorId } = this.#writer.failures.thrown(thrown.error);
    const { taskId, contextId } = this.#turn;
    const report = createReport('the agent failed', options);
    if (errorId !== undefined) report(thrown.error, { errorId, taskId, contextId });
    return this.#writer.close(body);
  }

  #goOnAlone(): void {
    if (!this.#isAwaited) return;
    this.#isAwaited = false;
    // who is told of it stands in the midst of something
    inMicrotask(() => void this.#finish(RETURNED));
  }

  #agentEnded(end: AgentEnd): void {
    this.#context.onAgentEnd();
    if (this.#isAwaited) {
      this.#isAwaited = false;
      void this.#finish(end);
    } else this.#concludeLate(end);
  }

  /** What it throws after its task or its say was over is still an error. A write that is refused then ends nothing any more. */
  #concludeLate(end: AgentEnd): void {
    const concluded = this.#conclude(end);
    if (concluded !== undefined) void quiet(concluded);
  }

  /** Brings the turn to its end. Never rejects. */
  async #finish(end: AgentEnd): Promise<void> {
    const context = this.#context;
    try {
      try {
        const concluded = this.#conclude(end);
        // most agents leave nothing to wait for, and a wait for nothing is two promises
        if (concluded !== undefined) await concluded;
      } finally {
        this.#over.end();
        const written = context.queue.settled();
        if (written !== undefined) await written;
      }
    } catch (error) {
      context.onTurnFailed(error);
      return;
    }
    context.onTurnOver(this.#writer.state);
  }

  async #concludeStopped(): Promise<void> {
    const { stopSignal, limits, options } = this.#context;
    switch (stopSignal.reason) {
      case 'cancel':
        return this.#writer.close(CANCELED);
      case 'timeout':
        return this.#writer.close(this.#writer.failures.say(limits.overText));
      case 'shutdown':
        if (options.storage.shared) return this.#giveBack();
        return this.#writer.close(
          this.#writer.failures.say('The server was shut down before the agent had finished'),
        );
      default:
        // another worker may have the task, or it has been ended as too large
        this.#writer.seal();
    }
  }

  async #giveBack(): Promise<void> {
    this.#writer.seal();
    await this.#context.queue.settled();
    await this.#context.release();
  }
}
