import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Request } from 'express';
import { createLifecycle } from '../core/lifecycle.ts';
import { createService, resumeTask } from '../core/service.ts';
import { createWorker } from '../core/worker.ts';
import { createHandler, type Middleware } from '../http/handler.ts';
import { type BeforeNeedsPlainRequests, putBefore } from './before.ts';
import { addressOf } from './caller.ts';
import { createChecks } from './checks.ts';
import { createErrorHandler, type ErrorMiddleware } from './error-handler.ts';
import type { A2AOptions } from './options.ts';
import { createPush } from './push.ts';
import { readSettings } from './settings.ts';
import { shareClasses } from './shared-class.ts';
import { shareBackend, type Sharing } from './sharing.ts';

/** What a router is doing, for health probes. */
export interface RouterStatus {
  /** Storage and worker have been started, and `close` has not been called. */
  readonly ready: boolean;
  readonly closing: boolean;
  /** Calls and streams that are being answered. */
  readonly calls: number;
  /** Runs of the agent in this process, and agents that went on after their task was closed without them. */
  readonly runs: { readonly running: number; readonly orphaned: number };
}

/** An A2A agent as middleware: `app.use('/a2a', router)`. */
export interface A2ARouter<Req extends IncomingMessage = Request> {
  (req: Req, res: ServerResponse, next: (error?: unknown) => void): void;
  /** The card at the root of the origin, where clients look first; `mount` is the path of the router (§8.2). Throws a ConfigError for what is no path. */
  readonly wellKnown: (mount: string) => Middleware<Req>;
  /**
   * Refuses further calls with 503, ends streams, gives runs `drainMs` (10 s) to end, then gives their tasks back, and
   * closes those of broker, event bus and storage that no other router of this process uses. Never rejects; a second call joins the first.
   */
  readonly close: (options?: { drainMs?: number }) => Promise<void>;
  /**
   * Goes on with a task that waits in AUTH_REQUIRED, once the credential has come out of band (§7.6.1). False when
   * the task is unknown, of another agent, or does not wait. Trusted: it asks for no owner.
   */
  readonly resume: (taskId: string, data?: unknown) => Promise<boolean>;
  readonly status: () => RouterStatus;
  /**
   * Answers calls that a body parser of the application refused before they came here, as JSON-RPC with 400, 413 or
   * 415; passes everything else on. It finds where the router is mounted; name the path as `wellKnown` takes it
   * where it can not: below an app in this app, or behind a function of yours. Throws a ConfigError for what is no path.
   */
  readonly errorHandler: (mount?: string) => ErrorMiddleware<Req>;
  /**
   * The agent in front of an app: `createServer(a2a.before(app, '/a2a'))` answers what is below the path without passing
   * Express, and hands all else to the app as it came. **No middleware of the app runs for the agent**: no
   * authentication, no rate limit, no log, no CORS. `owner` has to say who calls from the request alone, so only a router
   * made with `a2aRouter<IncomingMessage>(…)` has it. The path is compared as it is written. Throws a ConfigError for
   * what is no path.
   */
  readonly before: IncomingMessage extends Req
    ? (app: RequestListener, mount: string) => RequestListener
    : BeforeNeedsPlainRequests;
}

const DRAIN_MS = 10_000;

/**
 * Serves an agent over A2A: POST on its root, and the card and the keys below it. Everything else is passed on, and nothing is ever
 * passed on with an error. With `agent`, tasks are run in this process from now on. Throws a ConfigError for options
 * that can not work.
 */
export function a2aRouter<Req extends IncomingMessage = Request>(options: A2AOptions<Req>): A2ARouter<Req> {
  const settings = readSettings(options);
  const { engine, agent, agentId, card } = settings;
  const { storage, broker, eventBus, feed, clock, logger } = engine;
  const pushing = settings.push && createPush(settings.push, { ...settings, ...engine });
  const { push: _, ...serviceSettings } = settings;
  const service = createService({
    ...serviceSettings,
    card: card.card,
    ...(pushing && { push: pushing.part }),
  });
  const worker = agent && createWorker({ ...engine, ...settings, ...settings.worker, agent });
  const lifecycle = createLifecycle(start, clock, logger);
  const checks = createChecks(options, card.card, logger);
  const handler = createHandler<Req>({
    ...settings,
    service,
    ...(settings.push?.keySet && { keySet: settings.push.keySet }),
    addressOf: (req) => checks.watchAddress(req, addressOf(req)),
    ...checks.watchUrl(settings.publicUrl),
    owner: checks.watchOwner(settings.owner),
    logger,
    ready: lifecycle.ready,
  });
  const sharing = share();

  function share(): Sharing {
    try {
      return shareBackend(engine, agentId);
    } catch (error) {
      feed.close();
      throw error;
    }
  }

  async function start(): Promise<void> {
    await storage.init();
    if (lifecycle.isClosing()) return;
    await worker?.start();
    pushing?.start();
  }

  function close({ drainMs = DRAIN_MS }: { drainMs?: number } = {}): Promise<void> {
    const startedAt = clock.elapsed();
    const drain = async () => {
      await Promise.all([handler.close(drainMs), worker?.stop({ drainMs })]);
      // what the last runs had to tell
      await pushing?.stop({ drainMs: Math.max(0, startedAt + drainMs - clock.elapsed()) });
    };
    const steps = [
      feed.close,
      () => sharing.leave(broker),
      () => sharing.leave(eventBus),
      () => sharing.leave(storage),
    ];
    return lifecycle.close(drain, steps, { drainMs: drainMs + settings.cancelGraceMs, limitMs: drainMs });
  }

  async function resume(taskId: string, data?: unknown): Promise<boolean> {
    await lifecycle.ready();
    return resumeTask(engine, agentId, taskId, data);
  }

  function status(): RouterStatus {
    return {
      ready: lifecycle.isReady() && !lifecycle.isClosing(),
      closing: lifecycle.isClosing(),
      calls: handler.active(),
      runs: worker?.status() ?? { running: 0, orphaned: 0 },
    };
  }

  // tasks may be due before the first call comes, and probes ask before; what fails is logged there and tried again
  lifecycle.ready().catch(() => undefined);
  const handle: Middleware<Req> = (req, res, next) => {
    shareClasses(req, res);
    handler.handle(req, res, next);
  };
  const errorHandler = (mount?: string) => createErrorHandler<Req>({ ...handler, handle }, mount);
  const inFront = (app: RequestListener, mount: string) => putBefore({ ...handler, ...checks }, app, mount);
  const before = inFront as A2ARouter<Req>['before']; // which says who may call it
  return Object.assign(handle, { wellKnown: handler.wellKnown, close, resume, status, errorHandler, before });
}
