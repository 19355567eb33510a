import type { Broker } from './broker.ts';
import { systemClock } from './clock.ts';
import { ConfigError } from './config-error.ts';
import type { EventBus } from './event-bus.ts';
import { readExposeErrors } from './exposed-error.ts';
import type { ErrorInfo } from './failure.ts';
import { createLifecycle } from './lifecycle.ts';
import { guardLogger, type Logger, silentLogger } from './logger.ts';
import { guardMetrics, type OnMetric } from './metrics.ts';
import type { Agent } from './output.ts';
import type { Storage } from './storage.ts';
import { CANCEL_GRACE_MS, readWorkerSettings, type WorkerSettings } from './worker-settings.ts';
import { createWorker, type Worker } from './worker.ts';

/** What `startWorker` takes: the backend that the web tier uses, and the agent. */
export interface StartWorkerOptions extends WorkerSettings {
  readonly storage: Storage;
  readonly broker: Broker;
  readonly eventBus: EventBus;
  readonly agent: Agent;
  /** As the router's. @defaultValue 'default' */
  readonly agentId?: string;
  /** How long an agent may take to stop, in ms. @defaultValue 5000 */
  readonly cancelGraceMs?: number;
  /** A pino logger fits. @defaultValue silent */
  readonly logger?: Logger;
  /** Told of every error of the agent that clients see only as an error id. */
  readonly onError?: (error: unknown, info: ErrorInfo) => void;
  /** Shows clients what the agent threw; refused in production. @defaultValue false */
  readonly exposeErrors?: boolean;
  /** Takes the figures of runs; docs/operations.md lists them. @defaultValue none */
  readonly onMetric?: OnMetric;
}

/**
 * Runs an agent apart from the web tier, on a storage that both share.
 *
 * Resolves once the worker takes tasks; rejects with a ConfigError for wrong options, and when the storage can not be
 * reached. `stop({ drainMs })` ends it, also
 * where the backend does not answer any more, and leaves the backend open, which is its maker's to close.
 */
export async function startWorker(options: StartWorkerOptions): Promise<Pick<Worker, 'stop' | 'status'>> {
  const { storage, broker, eventBus, agent, agentId = 'default', onError = () => undefined } = options;
  if (typeof agent !== 'function') {
    throw new ConfigError('ERR_A2A_OPTIONS', 'Option `agent` must be a function: pass the agent to run');
  }
  const settings = readWorkerSettings(options);
  const logger = options.logger ? guardLogger(options.logger) : silentLogger;
  const exposeErrors = readExposeErrors(options.exposeErrors);
  const { cancelGraceMs = CANCEL_GRACE_MS } = options;
  await storage.init();
  const worker = createWorker({
    ...{ ...settings, storage, broker, eventBus, agent, agentId, onError, clock: systemClock },
    ...{ cancelGraceMs, exposeErrors },
    ...(options.onMetric && { onMetric: guardMetrics(options.onMetric, logger) }),
    logger,
  });
  await worker.start();
  // what has been started by now is only to be stopped, and not for ever
  const lifecycle = createLifecycle(() => Promise.resolve(), systemClock, logger);
  const stop: Worker['stop'] = ({ drainMs = 0 } = {}) =>
    lifecycle.close(() => worker.stop({ drainMs }), [], {
      drainMs: drainMs + cancelGraceMs,
      limitMs: drainMs,
    });
  return { stop, status: worker.status };
}
