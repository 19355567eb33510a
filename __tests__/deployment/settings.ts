import type { IncomingMessage } from 'node:http';
import { systemClock } from '../../lib/core/clock.ts';
import { silentLogger } from '../../lib/core/logger.ts';
import type { EventBus } from '../../lib/core/event-bus.ts';
import type { Storage } from '../../lib/core/storage.ts';
import type { A2AOptions } from '../../lib/express/options.ts';
import { writeOlderTask } from '../../lib/http/older-task.ts';
import { createAddressPolicy } from '../../lib/push/address-policy.ts';
import { createPost } from '../../lib/push/post.ts';
import { createPushSender } from '../../lib/push/sender.ts';
import { MANY } from './agent.ts';

const webhookRules = { allowPrivate: true, allowHttp: true };

/** What every front-end is told, whatever the backend. */
export function frontEndOptions({ push }: Storage): Pick<A2AOptions, 'answers' | 'owner' | 'push' | 'card'> {
  return {
    card: { name: 'Test', description: 'For tests', version: '1.0.0' },
    answers: ({ parts }) => (parts[0]?.text?.startsWith('message') === true ? 'message' : 'task'),
    owner: ({ headers }: IncomingMessage) => String(headers['x-user']),
    push: push ? { send: false, ...webhookRules } : false,
  };
}

/** Limits that cases reach, or must not reach. */
export const limits = { logEntries: MANY.kept, taskBytes: 64 * 1024 * 1024 };

/** A sender that is quick to try again, and soon missed. */
export function startQuickSender({ storage, eventBus }: { storage: Storage; eventBus: EventBus }): {
  readonly stop: () => Promise<void>;
} {
  const { push } = storage;
  if (push === undefined) throw new Error('this storage keeps no webhooks');
  const post = createPost(createAddressPolicy(webhookRules));
  const sender = createPushSender({
    ...{ storage: { ...storage, push }, eventBus, post, agentId: 'default' },
    ...{ clock: systemClock, logger: silentLogger, writeOlder: writeOlderTask },
    ...{ concurrency: 100, timeoutMs: 300, leaseMs: 1500 },
    backOff: { firstMs: 20, longestMs: 100, giveUpMs: 86_400_000 },
  });
  sender.start();
  return {
    async stop() {
      await sender.stop();
      post.close();
    },
  };
}
