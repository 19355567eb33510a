import { isTerminal } from '../protocol/states.ts';
import type { Message } from '../protocol/v1.ts';
import { hasFiles, messageData, messageFiles, messageText } from './draft.ts';
import type { Inbox, InputEntry } from './inbox.ts';
import type { LogEntry, RunRequest, Scope, StoredTask } from './log.ts';
import { quiet } from './promises.ts';
import type { StopSignal } from './stop-signal.ts';
import type { SortKey, Storage, TaskSnapshot } from './storage.ts';
import { TaskClosed } from './task-failed.ts';
import type { Draft, Turn, WaitResult } from './turn.ts';
import type { TurnOver } from './turn-over.ts';
import type { TurnWriter } from './turn-writer.ts';

/** What a turn is made of. */
export interface TurnOptions {
  readonly entry: InputEntry;
  /** The newest message when the task was claimed: what a resumed run answers. */
  readonly newest: LogEntry;
  readonly snapshot: TaskSnapshot;
  readonly attempt: number;
  readonly stopSignal: StopSignal;
  readonly over: TurnOver;
  readonly reads: TurnReads;
  readonly inbox: Inbox;
  readonly writer: TurnWriter;
  readonly calls: AgentCalls;
}

/** Reads that are repeated until they work. */
export type TurnReads = Pick<Storage, 'loadTask' | 'listTasks'>;

/** The calls of an agent that give a wait up. */
export interface AgentCalls {
  /** How many there have been so far. */
  readonly calls: number;
  /** One more. */
  readonly addCall: () => void;
}

const NO_FILES: Turn['files'] = Object.freeze([]);

const STOP = Symbol('stop');

/** One function for all turns, so that they share their hidden class; the signal is made for the agents that ask for it. */
const SIGNAL: PropertyDescriptor & ThisType<{ readonly [STOP]: StopSignal }> = {
  get() {
    return this[STOP].signal;
  },
  enumerable: true,
  configurable: true,
};

/** Makes the turn that an agent gets: what the client said in the answered entry, and the writer's methods. */
export function createTurn(options: TurnOptions): Turn {
  const { entry, snapshot, attempt, stopSignal, over, reads, inbox, writer, calls } = options;
  const { task, scope } = snapshot;
  const { message, request } = answered(entry, options.newest, task);

  function requireAuth(draft: Draft, wait?: { wait?: false }): Promise<void>;
  function requireAuth(draft: Draft, wait: { wait: true }): Promise<WaitResult>;
  function requireAuth(draft: Draft, wait: { wait?: boolean } = {}): Promise<WaitResult | void> {
    return wait.wait === true
      ? quiet(waitForAuth({ writer, calls, stopSignal, over, inbox }, draft))
      : writer.pauseForAuth(draft);
  }

  const turn: Omit<Turn, 'signal'> = {
    taskId: task.id,
    contextId: task.contextId,
    scope,
    request,
    message,
    text: messageText(message),
    files: NO_FILES,
    data: messageData(message),
    task,
    attempt,
    working: (message, metadata) => writer.working(message, metadata),
    artifact: (draft) => writer.artifact(draft),
    stream: (draft) => writer.stream(draft),
    complete: (message) => writer.complete(message),
    fail: (message) => writer.fail(message),
    reject: (message) => writer.reject(message),
    reply: (message) => writer.reply(message),
    requireInput: (message) => writer.requireInput(message),
    requireAuth,
    messages() {
      if (!over.isOver) calls.addCall();
      return inbox.messages(over.signal());
    },
    previousTasks: (limit) => previousTasks(reads, scope, task, limit),
    referencedTasks: () => referencedTasks(reads, scope, message),
  };
  Object.defineProperty(turn, STOP, { value: stopSignal });
  Object.defineProperty(turn, 'signal', SIGNAL);
  if (entry.kind === 'resume') Object.assign(turn, { resumed: entry.data });
  // decoded when asked for; V8 keeps what has an accessor of its own longer than the rest, so only messages with files have it
  if (hasFiles(message)) {
    const get = () => messageFiles(message);
    Object.defineProperty(turn, 'files', { get, enumerable: true, configurable: true });
  }
  return turn as Turn; // with its signal
}

async function waitForAuth(
  {
    writer,
    calls,
    stopSignal,
    over,
    inbox,
  }: Pick<TurnOptions, 'writer' | 'calls' | 'stopSignal' | 'over' | 'inbox'>,
  draft: Draft,
): Promise<WaitResult> {
  const stored = writer.waitForAuth(draft);
  const before = calls.calls;
  const { seq } = await stored;
  stopSignal.signal.throwIfAborted();
  if (over.isOver || calls.calls !== before)
    throw new TaskClosed('Another call of the turn gave the wait up');
  return inbox.wait(seq);
}

/** The message and request a run answers; a resumed run answers the message before the `resume` again. */
function answered(
  entry: LogEntry,
  newest: LogEntry,
  task: StoredTask,
): { message: Message; request: RunRequest } {
  if (entry.kind === 'input') return { message: entry.message, request: entry.request };
  if (entry.kind === 'resume' && newest.seq < entry.seq) return answered(newest, newest, task);
  const history = entry.kind === 'open' ? entry.task.history : task.history;
  const message = history?.findLast((one) => one.role === 'ROLE_USER');
  if (message === undefined) throw new Error(`Task ${task.id} has no message of a user`);
  return { message, request: entry.kind === 'open' ? entry.request : {} };
}

async function previousTasks(
  reads: TurnReads,
  scope: Scope,
  { id, contextId }: StoredTask,
  limit: number,
): Promise<readonly StoredTask[]> {
  const found: StoredTask[] = [];
  let after: SortKey | undefined;
  do {
    const query = { contextId, limit: 50, includeArtifacts: true, ...(after && { after }) };
    const page = await reads.listTasks(scope, query);
    found.push(...page.tasks.filter((task) => task.id !== id && isTerminal(task.status.state)));
    after = page.next;
  } while (after !== undefined && found.length < limit);
  return found.slice(0, limit);
}

async function referencedTasks(
  reads: TurnReads,
  scope: Scope,
  message: Message,
): Promise<readonly StoredTask[]> {
  const ids = [...new Set(message.referenceTaskIds ?? [])];
  const snapshots = await Promise.all(ids.map((taskId) => reads.loadTask(taskId, scope)));
  return snapshots.flatMap((found) => (found?.answers === 'task' ? [found.task] : []));
}
