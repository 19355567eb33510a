import type { IncomingMessage } from 'node:http';
import { type CardSource, createCard } from '../core/card.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { type Engine } from '../core/engine.ts';
import { createTaskFeed } from '../core/feed.ts';
import { silentLogger } from '../core/logger.ts';
import { CANCEL_GRACE_MS, readWorkerSettings, type WorkerSettings } from '../core/worker-settings.ts';
import { memoryBackend } from '../memory/backend.ts';
import { checkOwner, defaultOwner } from './caller.ts';
import { checkOptions } from './check-options.ts';
import type { A2AOptions } from './options.ts';

/** The options, checked and complete. */
export interface Settings<Req extends IncomingMessage> extends Pick<A2AOptions<Req>, 'agent' | 'publicUrl'> {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly card: CardSource;
  readonly answers: NonNullable<A2AOptions['answers']>;
  readonly agentId: string;
  readonly worker: Readonly<Required<WorkerSettings>>;
  readonly cancelGraceMs: number;
  readonly owner: (req: Req) => Promise<string | null>;
  readonly onError: NonNullable<A2AOptions['onError']>;
  readonly dedupeWindowMs: number;
  readonly bodyBytes: number;
  readonly keepAliveMs: number;
  readonly stallMs: number;
}

/** Reads the options. Throws a ConfigError for what can not work. */
export function readSettings<Req extends IncomingMessage>(options: A2AOptions<Req>): Settings<Req> {
  checkOptions(options);
  const { agent, publicUrl, logger = silentLogger } = options;
  const card = createCard(options.card);
  const clock = systemClock;
  const { storage, broker, eventBus } = backendOf(options);
  const feed = createTaskFeed({ storage, eventBus, clock, logger });
  return {
    engine: { storage, broker, eventBus, feed, clock, logger },
    ...{ card, clock },
    ...(agent && { agent }),
    ...(publicUrl !== undefined && { publicUrl }),
    answers: options.answers ?? 'task',
    agentId: options.agentId ?? 'default',
    worker: readWorkerSettings(options.worker ?? {}, 'worker.'),
    cancelGraceMs: options.cancelGraceMs ?? CANCEL_GRACE_MS,
    owner: ownerOf(options.owner ?? defaultOwner),
    onError: options.onError ?? (() => undefined),
    dedupeWindowMs: options.dedupeWindowMs ?? 0,
    bodyBytes: options.limits?.bodyBytes ?? 10 * 1024 * 1024,
    keepAliveMs: options.keepAliveMs ?? 15_000,
    stallMs: options.stallMs ?? 30_000,
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

type Backend = Pick<Engine, 'storage' | 'broker' | 'eventBus'>;

function ownerOf<Req extends IncomingMessage>(
  given: (req: Req) => string | null | Promise<string | null>,
): Settings<Req>['owner'] {
  return async (req) => {
    const owner = await given(req);
    return owner === null ? null : checkOwner(owner);
  };
}
