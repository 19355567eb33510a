import type { IncomingMessage } from 'node:http';
import { challengesOf, requiresOwner } from '../core/admission.ts';
import type { CardSource } from '../core/card.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { ConfigError } from '../core/config-error.ts';
import { type Engine } from '../core/engine.ts';
import { readExposeErrors } from '../core/exposed-error.ts';
import { createTaskFeed } from '../core/feed.ts';
import { guardLogger, silentLogger } from '../core/logger.ts';
import { guardMetrics, type OnMetric } from '../core/metrics.ts';
import { isPromiseLike } from '../core/promises.ts';
import type { ServiceOptions } from '../core/service.ts';
import { CANCEL_GRACE_MS, readWorkerSettings, type WorkerSettings } from '../core/worker-settings.ts';
import type { CallerOptions } from '../http/callers.ts';
import { memoryBackend } from '../memory/backend.ts';
import { type CardSettings, cardSettings } from './card-settings.ts';
import { checkCallerData } from './caller-data.ts';
import { checkOwner, defaultOwner } from './caller.ts';
import { checkOptions } from './check-options.ts';
import { type PushSettings, readPushOptions } from './push-options.ts';
import { hasPush } from './push-sender.ts';
import type { A2AOptions, RequestLimits } from './options.ts';

const MIB = 1024 * 1024;

/** The options, checked and complete. */
export interface Settings<Req extends IncomingMessage>
  extends Pick<A2AOptions<Req>, 'agent' | 'publicUrl' | 'tenants'>, CallerOptions<Req>, CardSettings {
  readonly enforceAuth: boolean;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly answers: NonNullable<A2AOptions['answers']>;
  readonly agentId: string;
  readonly worker: Readonly<Required<WorkerSettings>>;
  readonly cancelGraceMs: number;
  readonly onError: NonNullable<A2AOptions['onError']>;
  readonly onBusy: NonNullable<A2AOptions['onBusy']>;
  readonly dedupeWindowMs: number;
  readonly exposeErrors: boolean;
  readonly enforceInputModes: boolean;
  /** What was set of them. */
  readonly limits: NonNullable<ServiceOptions['limits']>;
  readonly onMetric?: OnMetric;
  /** Absent where no webhooks are taken. */
  readonly push?: PushSettings;
  readonly bodyBytes: number;
  readonly bodiesBytes: number;
  readonly keepAliveMs: number;
  readonly stallMs: number;
}

/** Reads the options. Throws a ConfigError for what can not work. */
export function readSettings<Req extends IncomingMessage>(asked: A2AOptions<Req>): Settings<Req> {
  checkOptions(asked);
  const options = { ...asked, ...(asked.logger && { logger: guardLogger(asked.logger) }) };
  const { agent, publicUrl, tenants, logger = silentLogger } = options;
  const clock = systemClock;
  const backend = backendOf(options);
  const push = pushSettings(options.push, backend);
  const cards = cardSettings(options, push !== undefined);
  return {
    ...{ ...cards, clock },
    ...(agent && { agent }),
    ...(publicUrl !== undefined && { publicUrl }),
    ...(tenants && { tenants }),
    ...(push && { push }),
    answers: options.answers ?? 'task',
    agentId: options.agentId ?? 'default',
    worker: readWorkerSettings(options.worker ?? {}, 'worker.'),
    cancelGraceMs: options.cancelGraceMs ?? CANCEL_GRACE_MS,
    ...callerSettings(options, cards.card.card),
    onError: options.onError ?? (() => undefined),
    onBusy: options.onBusy ?? 'queue',
    dedupeWindowMs: options.dedupeWindowMs ?? 0,
    exposeErrors: readExposeErrors(options.exposeErrors),
    enforceInputModes: options.enforceInputModes ?? false,
    limits: given(options.limits),
    ...(options.onMetric && { onMetric: guardMetrics(options.onMetric, logger) }),
    ...bodySettings(options.limits),
    keepAliveMs: options.keepAliveMs ?? 15_000,
    stallMs: options.stallMs ?? 30_000,
    // last, as it listens to the event bus: nothing may throw after it
    engine: { ...backend, feed: createTaskFeed({ ...backend, clock, logger }), clock, logger },
  };
}

/** Webhooks are taken where the storage keeps them, unless the options say no. */
function pushSettings(given: A2AOptions['push'], { storage }: Backend): PushSettings | undefined {
  if (given === false) return undefined;
  const settings = readPushOptions(given ?? {}, 'push.');
  if (hasPush(storage)) return settings;
  if (given === undefined) return undefined;
  throw new ConfigError(
    'ERR_A2A_BACKEND',
    'Option `push` needs a storage that keeps webhooks, with a part `push`: this one has none',
  );
}

function bodySettings({
  bodyBytes = 10 * MIB,
  bodiesBytes = Math.max(128 * MIB, 4 * bodyBytes),
}: RequestLimits = {}): Pick<Settings<IncomingMessage>, 'bodyBytes' | 'bodiesBytes'> {
  if (bodiesBytes >= bodyBytes) return { bodyBytes, bodiesBytes };
  throw new ConfigError(
    'ERR_A2A_OPTION_CONFLICT',
    'Option `limits.bodiesBytes` has no room for one body of `limits.bodyBytes`: raise it, or lower that',
  );
}

/** What is undefined must not stand in for a default. */
function given({
  messageParts,
  streams,
  streamsPerCaller,
}: RequestLimits = {}): Settings<IncomingMessage>['limits'] {
  return {
    ...(messageParts !== undefined && { messageParts }),
    ...(streams !== undefined && { streams }),
    ...(streamsPerCaller !== undefined && { streamsPerCaller }),
  };
}

/** Parts that were not given are those of this process. */
function backendOf<Req extends IncomingMessage>({ storage, broker, eventBus }: A2AOptions<Req>): Backend {
  if (storage !== undefined && broker !== undefined && eventBus !== undefined)
    return { storage, broker, eventBus };
  const memory = memoryBackend();
  return {
    storage: storage ?? memory.storage,
    broker: broker ?? memory.broker,
    eventBus: eventBus ?? memory.eventBus,
  };
}

function checked(owner: string | null): string | null {
  return owner === null ? null : checkOwner(owner);
}

type Backend = Pick<Engine, 'storage' | 'broker' | 'eventBus'>;

function callerSettings<Req extends IncomingMessage>(
  { owner: given = defaultOwner, caller, enforceAuth = true, logger = silentLogger }: A2AOptions<Req>,
  card: CardSource['card'],
): CallerOptions<Req> & Pick<Settings<Req>, 'enforceAuth'> {
  if (!enforceAuth && requiresOwner(card)) {
    logger.warn({ code: 'ERR_A2A_AUTH_OFF' }, 'the card declares security, but anonymous callers are let in');
  }
  return {
    enforceAuth,
    owner: (req) => {
      const owner = given(req);
      return isPromiseLike(owner) ? Promise.resolve(owner).then(checked) : checked(owner);
    },
    ...(caller && { caller: async (req) => checkCallerData(await caller(req)) }),
    challenges: challengesOf(card),
  };
}
