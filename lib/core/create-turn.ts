import { isTerminal } from '../protocol/states.ts';
import type { Message } from '../protocol/v1.ts';
import { hasFiles, messageData, messageFiles, messageText } from './draft.ts';
import type { Inbox, InputEntry } from './inbox.ts';
import type { LogEntry, RunRequest, Scope, StoredTask } from './log.ts';
import { quiet } from './quiet.ts';
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
  readonly signal: AbortSignal;
  readonly over: TurnOver;
  /** Reads that are repeated until they work. */
  readonly reads: Pick<Storage, 'loadTask' | 'listTasks'>;
  readonly inbox: Inbox;
  readonly writer: TurnWriter;
  /** How many calls of the agent that give a wait up there have been so far, and one more. */
  readonly calls: { readonly count: () => number; readonly add: () => void };
}

const NO_FILES: Turn['files'] = Object.freeze([]);

/** Makes the turn that an agent gets: what the client said in the answered entry, and the writer's methods. */
export function createTurn(options: TurnOptions): Turn {
  const { entry, snapshot, attempt, signal, over, reads, inbox, writer, calls } = options;
  const { task, scope } = snapshot;
  const { message, request } = answered(entry, options.newest, task);

  async function waitForAuth(draft: Draft): Promise<WaitResult> {
    const stored = writer.waitForAuth(draft);
    const before = calls.count();
    const { seq } = await stored;
    if (signal.aborted) throw signal.reason;
    if (over.isOver || calls.count() !== before)
      throw new TaskClosed('Another call of the turn gave the wait up');
    return inbox.wait(seq);
  }

  function requireAuth(draft: Draft, wait?: { wait?: false }): Promise<void>;
  function requireAuth(draft: Draft, wait: { wait: true }): Promise<WaitResult>;
  function requireAuth(draft: Draft, wait: { wait?: boolean } = {}): Promise<WaitResult | void> {
    return wait.wait === true ? quiet(waitForAuth(draft)) : writer.pauseForAuth(draft);
  }

  const turn: Turn = {
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
    signal,
    working: writer.working,
    artifact: writer.artifact,
    stream: writer.stream,
    complete: writer.complete,
    fail: writer.fail,
    reject: writer.reject,
    reply: writer.reply,
    requireInput: writer.requireInput,
    requireAuth,
    messages() {
      if (!over.isOver) calls.add();
      return inbox.messages(over.signal());
    },
    previousTasks: (limit) => previousTasks(reads, scope, task, limit),
    referencedTasks: () => referencedTasks(reads, scope, message),
  };
  if (entry.kind === 'resume') Object.assign(turn, { resumed: entry.data });
  // decoded when asked for; V8 keeps what has an accessor of its own longer than the rest, so only messages with files have it
  if (hasFiles(message)) {
    const get = () => messageFiles(message);
    Object.defineProperty(turn, 'files', { get, enumerable: true, configurable: true });
  }
  return turn;
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
  { listTasks }: TurnOptions['reads'],
  scope: Scope,
  { id, contextId }: StoredTask,
  limit: number,
): Promise<readonly StoredTask[]> {
  const found: StoredTask[] = [];
  let after: SortKey | undefined;
  do {
    const query = { contextId, limit: 50, includeArtifacts: true, ...(after && { after }) };
    const page = await listTasks(scope, query);
    found.push(...page.tasks.filter((task) => task.id !== id && isTerminal(task.status.state)));
    after = page.next;
  } while (after !== undefined && found.length < limit);
  return found.slice(0, limit);
}

async function referencedTasks(
  { loadTask }: TurnOptions['reads'],
  scope: Scope,
  message: Message,
): Promise<readonly StoredTask[]> {
  const ids = [...new Set(message.referenceTaskIds ?? [])];
  const snapshots = await Promise.all(ids.map((taskId) => loadTask(taskId, scope)));
  return snapshots.flatMap((found) => (found?.answers === 'task' ? [found.task] : []));
}
