import type { Broker } from '../core/broker.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { ConfigError } from '../core/config-error.ts';
import type { EventBus } from '../core/event-bus.ts';
import { guardLogger, type Logger, silentLogger } from '../core/logger.ts';
import { guardMetrics, type OnMetric } from '../core/metrics.ts';
import type { PushStorage } from '../core/push-storage.ts';
import type { Storage } from '../core/storage.ts';
import { writeOlderTask } from '../http/older-task.ts';
import { BACK_OFF } from '../push/back-off.ts';
import { createPost } from '../push/post.ts';
import { createPushSender, type PushSender } from '../push/sender.ts';
import { type PushSendOptions, type PushSettings, readPushOptions } from './push-options.ts';

/** What `startPushSender` takes: the storage and the event bus that the web tier uses. */
export interface StartPushSenderOptions extends PushSendOptions {
  readonly storage: Storage;
  readonly eventBus: EventBus;
  /** Not used: a whole backend can be passed as it is. */
  readonly broker?: Broker;
  /** As the router's. @defaultValue 'default' */
  readonly agentId?: string;
  /** A pino logger fits. @defaultValue silent */
  readonly logger?: Logger;
  /** Takes the figures of notifications; docs/operations.md lists them. @defaultValue none */
  readonly onMetric?: OnMetric;
}

/** A sender takes its webhooks for this much longer than a POST may take. */
const LEASE_MARGIN_MS = 15_000;
const SEND_OPTIONS = [
  'allowHosts',
  'allowPrivate',
  'allowHttp',
  'lookup',
  'sign',
  'timeoutMs',
  'concurrency',
];

/**
 * Posts push notifications apart from the web tier, whose routers have `push: { send: false }`.
 *
 * Resolves once it takes webhooks; rejects with a ConfigError for wrong options, and when the storage can not be reached.
 * `stop({ drainMs })` lets POSTs under way end, gives back what is left, and leaves the backend open, which is its maker's to close.
 */
export async function startPushSender(
  options: StartPushSenderOptions,
): Promise<Pick<PushSender, 'stop' | 'status'>> {
  const { storage, eventBus, broker: _, agentId = 'default', onMetric, logger: asked, ...given } = options;
  const settings = readPushOptions(given, '', SEND_OPTIONS);
  if (!hasPush(storage)) {
    throw new ConfigError('ERR_A2A_BACKEND', 'Option `storage` has no `push`: it can not keep webhooks');
  }
  const logger = asked ? guardLogger(asked) : silentLogger;
  await storage.init();
  const sender = makePushSender(settings, {
    ...{ storage, eventBus, agentId, logger, clock: systemClock },
    ...(onMetric && { onMetric: guardMetrics(onMetric, logger) }),
  });
  sender.start();
  return { stop: sender.stop, status: sender.status };
}

/** Whether a storage keeps webhooks. */
export function hasPush(storage: Storage): storage is Storage & { readonly push: PushStorage } {
  return storage.push !== undefined;
}

/** A sender with its connections, which end with it. */
export function makePushSender(
  { policy, sign, timeoutMs, concurrency }: PushSettings,
  engine: {
    readonly storage: Storage & { readonly push: PushStorage };
    readonly eventBus: EventBus;
    readonly agentId: string;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly onMetric?: OnMetric;
  },
): PushSender {
  const post = createPost(policy);
  const sender = createPushSender({
    ...engine,
    ...{ post, timeoutMs, concurrency, leaseMs: timeoutMs + LEASE_MARGIN_MS, backOff: BACK_OFF },
    writeOlder: writeOlderTask,
    ...(sign && { sign }),
  });
  return {
    ...sender,
    async stop(how) {
      await sender.stop(how);
      post.close();
    },
  };
}
