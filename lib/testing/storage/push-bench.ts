import type { Scope, TaskId } from '../../core/log.ts';
import type { ClaimedPush, PushRegistration, PushStorage, StoredPush } from '../../core/push-storage.ts';
import type { Storage } from '../../core/storage.ts';
import { ANN } from './bodies.ts';

/** A webhook of a task. */
export function webhook(
  taskId: TaskId,
  id = 'hook',
  url = `https://hooks.example.com/${id}`,
): PushRegistration {
  return { config: { id, taskId, url }, contextId: 'context-1', dialect: '1.0' };
}

/** A storage with what the cases do to its webhooks. */
export interface PushBench {
  readonly push: PushStorage;
  /** Registers a webhook; the test fails when it is refused. */
  readonly save: (taskId: TaskId, id?: string, url?: string) => Promise<void>;
  readonly list: (taskId: TaskId, scope?: Scope) => Promise<readonly StoredPush[]>;
  readonly claim: (more?: {
    agent?: string;
    limit?: number;
    leaseMs?: number;
  }) => Promise<readonly ClaimedPush[]>;
  /** Claims the one webhook that is due; the test fails when there is none. */
  readonly take: (leaseMs?: number) => Promise<ClaimedPush>;
  /** How many are due; those are taken for a moment and given back. */
  readonly due: () => Promise<number>;
}

export function createPushBench({ push }: Storage, second: number): PushBench {
  if (push === undefined) throw new Error('The hook `push` is set, but the storage has no `push`');
  const claim: PushBench['claim'] = (more = {}) =>
    push.claim({ worker: 'suite', agent: ANN.agent, limit: 100, leaseMs: 30 * second, ...more });
  return {
    push,
    claim,
    async save(taskId, id, url) {
      const saved = await push.save(ANN, webhook(taskId, id, url));
      if (saved !== 'saved') throw new Error(`The webhook was refused: ${saved}`);
    },
    async list(taskId, scope = ANN) {
      const found = await push.list(scope, taskId);
      if (found === undefined) throw new Error(`${taskId} is unknown`);
      return found;
    },
    async take(leaseMs = 30 * second) {
      const [taken] = await claim({ limit: 1, leaseMs });
      if (taken === undefined) throw new Error('No webhook is due');
      return taken;
    },
    async due() {
      const taken = await claim();
      for (const { lease } of taken) await push.retry(lease, 0);
      return taken.length;
    },
  };
}
