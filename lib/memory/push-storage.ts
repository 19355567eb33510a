import type { Scope, TaskId } from '../core/log.ts';
import type {
  ClaimedPush,
  PushLease,
  PushRegistration,
  PushStorage,
  StoredPush,
} from '../core/push-storage.ts';
import type { PushRecord } from './push-table.ts';
import type { TaskRecord } from './task-record.ts';
import type { TaskTable } from './task-table.ts';

type Steps = {
  readonly [M in keyof PushStorage]: (
    ...args: Parameters<PushStorage[M]>
  ) => Awaited<ReturnType<PushStorage[M]>>;
};

/** The steps of PushStorage, each done when it returns. */
export function pushSteps(table: TaskTable): Steps {
  const { push } = table;

  function taskOf(scope: Scope, taskId: TaskId): TaskRecord | undefined {
    const task = table.find(taskId, scope);
    return task?.answers === 'task' ? task : undefined;
  }

  function held({ taskId, id, token }: PushLease): PushRecord | undefined {
    const task = table.find(taskId);
    const found = task && push.find(task, id);
    return found?.lease?.token === token ? found : undefined;
  }

  function save(scope: Scope, registration: PushRegistration): 'saved' | 'not-found' | 'full' {
    const task = taskOf(scope, registration.config.taskId);
    if (task === undefined) return 'not-found';
    return push.put(task, registration, task.seq) ? 'saved' : 'full';
  }

  function claim(by: Parameters<PushStorage['claim']>[0]): readonly ClaimedPush[] {
    const claimed: ClaimedPush[] = [];
    while (claimed.length < by.limit) {
      const found = push.oldest(by.agent);
      if (found === undefined) break;
      // what retention has not removed yet is gone all the same
      if (table.find(found.task.id) === undefined) continue;
      claimed.push(takenBy(found, push.take(found, by.leaseMs), table.now()));
    }
    return claimed;
  }

  function ack(lease: PushLease, cursor: number, leaseMs?: number): boolean {
    const found = held(lease);
    if (found?.lease === undefined) return false;
    found.cursor = Math.max(found.cursor, cursor);
    found.failures = 0;
    found.reason = undefined;
    if (leaseMs === undefined) found.lease = undefined;
    else found.lease.until = table.now() + leaseMs;
    push.schedule(found);
    return true;
  }

  function retry(lease: PushLease, delayMs: number, reason?: string): boolean {
    const found = held(lease);
    if (found === undefined) return false;
    if (reason !== undefined) fail(found, reason, table.now());
    found.lease = undefined;
    found.waitUntil = table.now() + delayMs;
    push.schedule(found);
    return true;
  }

  function disable(lease: PushLease, reason: string): boolean {
    const found = held(lease);
    if (found === undefined) return false;
    fail(found, reason, table.now());
    found.lease = undefined;
    found.disabled = true;
    push.schedule(found);
    return true;
  }

  return {
    save,
    list: (scope, taskId) => taskOf(scope, taskId)?.pushes.map(stored),
    delete(scope, taskId, id) {
      const task = taskOf(scope, taskId);
      const found = task && push.find(task, id);
      if (found !== undefined) push.delete(found);
      return task !== undefined;
    },
    claim,
    ack,
    retry,
    disable,
  };
}

function fail(push: PushRecord, reason: string, now: number): void {
  if (push.failures === 0) push.failingSince = now;
  push.failures += 1;
  push.reason = reason;
}

function takenBy(
  { task, registration, cursor, ...push }: PushRecord,
  token: string,
  now: number,
): ClaimedPush {
  const { failures, failingSince } = push;
  const lease = { taskId: task.id, id: registration.config.id, token };
  return { lease, registration, cursor, failures, failingMs: failures === 0 ? 0 : now - failingSince };
}

function stored({ registration, nth, failures, reason, disabled }: PushRecord): StoredPush {
  return { ...registration, nth, failures, ...(reason !== undefined && { reason }), disabled };
}
