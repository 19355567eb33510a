import type { PushPart } from '../core/push-configs.ts';
import type { Engine } from '../core/engine.ts';
import type { OnMetric } from '../core/metrics.ts';
import type { PushSender } from '../push/sender.ts';
import type { PushSettings } from './push-options.ts';
import { hasPush, makePushSender } from './push-sender.ts';

/** Webhooks of a router: what its operations need, and its sender. */
export interface Push {
  readonly part: PushPart;
  readonly start: () => void;
  readonly stop: PushSender['stop'];
}

/** Puts together what a router needs for push notifications; `start` what posts. */
export function createPush(
  settings: PushSettings,
  engine: Pick<Engine, 'storage' | 'eventBus' | 'clock' | 'logger'> & {
    readonly agentId: string;
    readonly onMetric?: OnMetric;
  },
): Push {
  const { storage } = engine;
  if (!hasPush(storage)) throw new TypeError('Webhooks are taken where the storage keeps them');
  const sender = settings.send ? makePushSender(settings, { ...engine, storage }) : undefined;
  return {
    part: {
      storage,
      refuse: settings.policy.check,
      redactCredentials: settings.redactCredentials,
      onRegistered: (taskId) => sender?.watch(taskId),
    },
    start: () => sender?.start(),
    stop: async (options) => sender?.stop(options),
  };
}
