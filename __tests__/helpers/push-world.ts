import { type Clock, systemClock } from '../../lib/core/clock.ts';
import type { EntryBody } from '../../lib/core/log.ts';
import { silentLogger } from '../../lib/core/logger.ts';
import type { PushStorage } from '../../lib/core/push-storage.ts';
import type { Storage } from '../../lib/core/storage.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { createAddressPolicy } from '../../lib/push/address-policy.ts';
import { BACK_OFF } from '../../lib/push/back-off.ts';
import { createPost } from '../../lib/push/post.ts';
import { createPushSender, type PushSender, type PushSenderOptions } from '../../lib/push/sender.ts';
import { newTask } from '../../lib/testing/storage/bench.ts';

/** A store with webhooks, and what writes to its tasks. */
export interface PushWorld {
  readonly storage: Storage & { readonly push: PushStorage };
  /** Makes a task with a webhook, or without. The function appends to its log, and tells the bus. */
  readonly begin: (id: string, url?: string) => Promise<(...bodies: EntryBody[]) => Promise<void>>;
  /** Starts a sender. */
  readonly send: (options?: Partial<PushSenderOptions>) => PushSender;
  /** Stops all senders. */
  readonly close: () => Promise<void>;
}

/** A memory backend that forgets nothing, without workers; senders are started by hand. */
export function pushWorld(clock: Clock = systemClock): PushWorld {
  const { storage: made, eventBus } = memoryBackend({
    clock,
    retention: { logMs: Infinity, finishedMs: Infinity },
  });
  const { push } = made;
  if (push === undefined) throw new Error('The memory backend keeps webhooks');
  const storage = { ...made, push };
  const post = createPost(createAddressPolicy({ allowPrivate: true, allowHttp: true }));
  const senders: PushSender[] = [];

  return {
    storage,
    async begin(id, url) {
      const config = { id: 'hook', taskId: id, url: url ?? '' };
      const webhook = { config, contextId: 'context-1', dialect: '1.0' as const };
      await storage.createTask(newTask({ id, ...(url !== undefined && { push: webhook }) }));
      const by = { worker: 'w', agent: 'suite', limit: 1, leaseMs: 86_400_000, taskId: id };
      const [claimed] = await storage.claim(by);
      if (claimed === undefined) throw new Error('A new task is due');
      let written = 0;
      return async (...bodies) => {
        const stored = await storage.append(claimed.lease, written + 1, bodies);
        if (!stored.ok) throw new Error(stored.reason);
        written += 1;
        const { seq: head, closed, entries } = stored;
        await eventBus.publish({ taskId: id, head, closed, entries });
      };
    },
    send(options) {
      const sender = createPushSender({
        ...{ storage, eventBus, post, clock, agentId: 'suite', logger: silentLogger },
        ...{ concurrency: 100, timeoutMs: 15_000, leaseMs: 30_000, backOff: BACK_OFF },
        writeOlder: (task) => task,
        ...options,
      });
      senders.push(sender);
      sender.start();
      return sender;
    },
    async close() {
      await Promise.all(senders.map((sender) => sender.stop()));
      post.close();
    },
  };
}
