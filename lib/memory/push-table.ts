import { randomUUID } from 'node:crypto';
import type { PushRegistration } from '../core/push-storage.ts';
import { type Due, DueIndex } from './due-index.ts';
import { frozenCopy } from './frozen-copy.ts';
import type { TaskRecord } from './task-record.ts';

/** One webhook. Times are monotonic. */
export interface PushRecord extends Due<PushRecord> {
  readonly task: TaskRecord;
  readonly nth: number;
  registration: PushRegistration;
  cursor: number;
  lease: { readonly token: string; until: number } | undefined;
  /** When the next attempt is allowed. */
  waitUntil: number;
  failures: number;
  failingSince: number;
  reason: string | undefined;
  disabled: boolean;
}

/** All webhooks, and when somebody has to look after which. */
export interface PushTable {
  /** Registers a webhook, anew or in the place of one with its id; a new one takes the cursor. False: there is no room. */
  readonly put: (task: TaskRecord, registration: PushRegistration, cursor: number) => boolean;
  readonly find: (task: TaskRecord, id: string) => PushRecord | undefined;
  readonly delete: (push: PushRecord) => void;
  /** The webhook that has been due for longest; it stays due. */
  readonly oldest: (agent: string) => PushRecord | undefined;
  /** Leases it for so long. Gives the token. */
  readonly take: (push: PushRecord, leaseMs: number) => string;
  /** Makes a webhook due as its state says. */
  readonly schedule: (push: PushRecord) => void;
  /** The task has a visible entry more: what is behind now is due. */
  readonly grown: (task: TaskRecord) => void;
  /** The task goes. */
  readonly forget: (task: TaskRecord) => void;
  readonly size: () => number;
}

export function createPushTable(now: () => number, perTask: number): PushTable {
  const dueByAgent = new Map<string, DueIndex<PushRecord>>();
  let count = 0;

  function due({ scope }: TaskRecord): DueIndex<PushRecord> {
    const known = dueByAgent.get(scope.agent);
    if (known !== undefined) return known;
    const added = new DueIndex<PushRecord>();
    dueByAgent.set(scope.agent, added);
    return added;
  }

  function schedule(push: PushRecord): void {
    const { task, lease, disabled, cursor, waitUntil } = push;
    if (lease !== undefined) due(task).set(push, lease.until);
    else if (disabled || task.visibleSeq <= cursor) due(task).delete(push);
    else due(task).set(push, Math.max(waitUntil, now()));
  }

  function find(task: TaskRecord, id: string): PushRecord | undefined {
    return task.pushes.find(({ registration }) => registration.config.id === id);
  }

  function add(task: TaskRecord, registration: PushRegistration, cursor: number): PushRecord {
    task.pushCount += 1;
    const nth = task.pushCount;
    const state = { failures: 0, failingSince: 0, waitUntil: 0, disabled: false };
    const nothing = { due: undefined, lease: undefined, reason: undefined };
    const push: PushRecord = { task, nth, registration, cursor, ...state, ...nothing };
    task.pushes = [...task.pushes, push];
    count += 1;
    return push;
  }

  function remove(push: PushRecord): void {
    count -= 1;
    due(push.task).delete(push);
  }

  return {
    put(task, given, cursor) {
      const registration = frozenCopy(given);
      const { id } = registration.config;
      const known = find(task, id);
      // a new task can always bring one
      if (known === undefined && task.pushes.length >= Math.max(1, perTask)) return false;
      const push = known ?? add(task, registration, cursor);
      push.registration = registration;
      push.lease = undefined;
      push.waitUntil = 0;
      push.failures = 0;
      push.reason = undefined;
      push.disabled = false;
      schedule(push);
      return true;
    },
    find,
    delete(push) {
      push.task.pushes = push.task.pushes.filter((other) => other !== push);
      push.lease = undefined;
      remove(push);
    },
    oldest: (agent) => dueByAgent.get(agent)?.oldest(now()),
    take(push, leaseMs) {
      const token = randomUUID();
      push.lease = { token, until: now() + leaseMs };
      schedule(push);
      return token;
    },
    schedule,
    grown(task) {
      for (const push of task.pushes) {
        // due at the end of its lease or wait, or since it got behind: none of them changes
        if (push.lease === undefined && push.due === undefined) schedule(push);
      }
    },
    forget(task) {
      for (const push of task.pushes) remove(push);
    },
    size: () => [...dueByAgent.values()].reduce((sum, index) => sum + index.size, count),
  };
}
