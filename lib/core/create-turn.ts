import { isTerminal } from '../protocol/states.ts';
import type { Message } from '../protocol/v1.ts';
import { messageData, messageFiles, messageText } from './draft.ts';
import type { Inbox, InputEntry } from './inbox.ts';
import type { RunRequest, Scope, StoredTask } from './log.ts';
import type { SortKey, Storage, TaskSnapshot } from './storage.ts';
import { TaskClosed } from './task-failed.ts';
import type { Draft, Turn, WaitResult } from './turn.ts';
import type { TurnWriter } from './turn-writer.ts';

/** Makes the turn that an agent gets: what the client said in the answered entry, and the writer's methods. */
export function createTurn(options: {
  entry: InputEntry;
  snapshot: TaskSnapshot;
  attempt: number;
  signal: AbortSignal;
  storage: Storage;
  inbox: Inbox;
  writer: TurnWriter;
  /** How often the agent has written so far. */
  writes: () => number;
}): Turn {
  const { entry, snapshot, attempt, signal, storage, inbox, writer } = options;
  const { task, scope } = snapshot;
  const { message, request } = answered(entry, task);

  async function waitForAuth(draft: Draft): Promise<WaitResult> {
    const stored = writer.waitForAuth(draft);
    const before = options.writes();
    const { seq } = await stored;
    if (signal.aborted) throw signal.reason;
    if (options.writes() !== before) throw new TaskClosed('Another call of the turn gave the wait up');
    return inbox.wait(seq);
  }

  const turn: Omit<Turn, 'requireAuth'> = {
    taskId: task.id,
    contextId: task.contextId,
    scope,
    request,
    message,
    text: messageText(message),
    get files() {
      return messageFiles(message);
    },
    data: messageData(message),
    task,
    attempt,
    ...(entry.kind === 'resume' && { resumed: entry.data }),
    signal,
    working: writer.working,
    artifact: writer.artifact,
    stream: writer.stream,
    complete: writer.complete,
    fail: writer.fail,
    reject: writer.reject,
    reply: writer.reply,
    requireInput: writer.requireInput,
    messages: inbox.messages,
    previousTasks: (limit) => previousTasks(storage, scope, task, limit),
    referencedTasks: () => referencedTasks(storage, scope, message),
  };
  return { ...turn, requireAuth };

  function requireAuth(draft: Draft, wait?: { wait?: false }): Promise<void>;
  function requireAuth(draft: Draft, wait: { wait: true }): Promise<WaitResult>;
  function requireAuth(draft: Draft, wait: { wait?: boolean } = {}): Promise<WaitResult | void> {
    if (wait.wait !== true) return writer.pauseForAuth(draft);
    const result = waitForAuth(draft);
    result.catch(() => {
      // an agent that does not look at a refused wait must not end the process
    });
    return result;
  }
}

/** The message and request a run answers; a resumed run answers the last message again. */
function answered(entry: InputEntry, task: StoredTask): { message: Message; request: RunRequest } {
  if (entry.kind === 'input') return { message: entry.message, request: entry.request };
  const request = entry.kind === 'open' ? entry.request : {};
  const history = entry.kind === 'open' ? entry.task.history : task.history;
  const message = history?.findLast((one) => one.role === 'ROLE_USER');
  if (message === undefined) throw new Error(`Task ${task.id} has no message of a user`);
  return { message, request };
}

async function previousTasks(
  storage: Storage,
  scope: Scope,
  { id, contextId }: StoredTask,
  limit: number,
): Promise<readonly StoredTask[]> {
  const found: StoredTask[] = [];
  let after: SortKey | undefined;
  do {
    const page = await storage.listTasks(scope, {
      contextId,
      limit: 50,
      includeArtifacts: true,
      ...(after && { after }),
    });
    found.push(...page.tasks.filter((task) => task.id !== id && isTerminal(task.status.state)));
    after = page.next;
  } while (after !== undefined && found.length < limit);
  return found.slice(0, limit);
}

async function referencedTasks(
  storage: Storage,
  scope: Scope,
  message: Message,
): Promise<readonly StoredTask[]> {
  const ids = [...new Set(message.referenceTaskIds ?? [])];
  const snapshots = await Promise.all(ids.map((taskId) => storage.loadTask(taskId, scope)));
  return snapshots.flatMap((found) => (found?.answers === 'task' ? [found.task] : []));
}
