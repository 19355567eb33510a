import { randomUUID } from 'node:crypto';
import { type Caller, type Method, type Reply, SHUTDOWN } from '../core/call.ts';
import { type CardOptions, createCard } from '../core/card.ts';
import { systemClock } from '../core/clock.ts';
import { ConfigError } from '../core/config-error.ts';
import type { Engine } from '../core/engine.ts';
import type { ErrorInfo } from '../core/failure.ts';
import { createTaskFeed } from '../core/feed.ts';
import type { Answers, TaskId } from '../core/log.ts';
import { type Logger, silentLogger } from '../core/logger.ts';
import type { Agent } from '../core/output.ts';
import type { AnswersFunction } from '../core/start-send.ts';
import { createService, resumeTask } from '../core/service.ts';
import { CANCEL_GRACE_MS, readWorkerSettings, type WorkerSettings } from '../core/worker-settings.ts';
import { createWorker } from '../core/worker.ts';
import { memoryBackend, type MemoryBackend } from '../memory/backend.ts';
import { InternalError, isA2AError, UnavailableError } from '../protocol/errors.ts';
import type { FakeClock } from './fake-clock.ts';

/** What `createTestAgent` can be told beside the agent; the names are those of `a2aRouter`. */
export interface TestAgentOptions extends Partial<MemoryBackend> {
  /** What the agent says about itself, as far as it matters: extensions, security requirements. */
  readonly card?: Partial<CardOptions>;
  /** @defaultValue 'task' */
  readonly answers?: Answers | AnswersFunction;
  readonly worker?: WorkerSettings;
  /** How long the agent may take to stop after `cancel` and on `close`, in ms. @defaultValue 5000 */
  readonly cancelGraceMs?: number;
  /** Stands still until the test moves it: for agents that wait, time out or are too slow. @defaultValue the machine's clock */
  readonly clock?: FakeClock;
  readonly logger?: Logger;
}

/** Who calls, and how. */
export interface CallOptions {
  /** The caller; null is anonymous. @defaultValue null */
  readonly owner?: string | null;
  /** URIs of the extensions that the client activates (§4.6). */
  readonly extensions?: readonly string[];
  /** Aborted when the client leaves: ends waiting and streams, never the task. */
  readonly signal?: AbortSignal;
}

/** The engine with its worker, as one caller after the other reaches it. */
export interface TestHost {
  readonly invoke: <M extends Method>(
    method: M,
    params: unknown,
    from: CallOptions,
    signal: AbortSignal,
  ) => Promise<Reply<M>>;
  readonly resume: (taskId: TaskId, data: unknown) => Promise<boolean>;
  /** What a client may learn of an error; what it may not is reported. */
  readonly mask: (error: unknown, signal: AbortSignal, method?: Method) => unknown;
  readonly close: () => Promise<void>;
}

const AGENT_ID = 'test-agent';
const CARD = { name: 'Test agent', description: 'An agent under test', version: '0.0.0' };

/** Puts the parts together as the router does, but for HTTP. */
export function createTestHost(
  agent: Agent,
  options: TestAgentOptions,
  report: (error: unknown, info: ErrorInfo) => void,
): TestHost {
  if (typeof agent !== 'function') {
    throw new ConfigError('ERR_A2A_OPTIONS', 'createTestAgent takes the agent, which is a function, first');
  }
  const { card } = createCard({ ...CARD, ...options.card });
  const { answers = 'task', cancelGraceMs = CANCEL_GRACE_MS, logger = silentLogger } = options;
  const engine = createEngine(options, logger);
  const { storage, broker, eventBus, feed, clock } = engine;
  const service = createService({ engine, agentId: AGENT_ID, card, answers, cancelGraceMs });
  const worker = createWorker({
    ...{ storage, broker, eventBus, clock, logger, agent, cancelGraceMs },
    ...{ ...readWorkerSettings(options.worker ?? {}), agentId: AGENT_ID, onError: report },
  });
  const shutdown = new AbortController();
  let started: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  const ready = () => (started ??= storage.init().then(() => worker.start()));

  function mask(error: unknown, signal: AbortSignal, method?: Method): unknown {
    if (isA2AError(error)) return error;
    if (shutdown.signal.aborted) return new UnavailableError('The server shuts down: send the call again', 1);
    // whoever has left learns nothing, and nothing has failed
    if (signal.aborted) return signal.reason;
    const errorId = randomUUID();
    report(error, { errorId, ...(method !== undefined && { method }) });
    return new InternalError('Internal error', errorId);
  }

  async function invoke<M extends Method>(
    method: M,
    params: unknown,
    { owner = null, extensions = [] }: CallOptions,
    left: AbortSignal,
  ): Promise<Reply<M>> {
    const signal = AbortSignal.any([left, shutdown.signal]);
    const caller: Caller = { identify: () => Promise.resolve(owner), extensions, signal };
    try {
      signal.throwIfAborted();
      await ready();
      return await service.invoke(method, asReceived(params), caller);
    } catch (error) {
      throw mask(error, left, method);
    }
  }

  async function close(): Promise<void> {
    shutdown.abort(SHUTDOWN);
    feed.close();
    await started?.catch(() => undefined);
    await passing(worker.stop(), options.clock);
    await Promise.all([broker.close(), eventBus.close(), storage.close()]);
  }

  return {
    ...{ invoke, mask },
    async resume(taskId, data) {
      await ready();
      return resumeTask(engine, AGENT_ID, taskId, data);
    },
    close: () => (closing ??= close()),
  };
}

function createEngine(options: TestAgentOptions, logger: Logger): Engine {
  const { clock = systemClock } = options;
  const memory = memoryBackend({ clock });
  const { storage = memory.storage, broker = memory.broker, eventBus = memory.eventBus } = options;
  const feed = createTaskFeed({ storage, eventBus, clock, logger });
  return { storage, broker, eventBus, feed, clock, logger };
}

const STEP_MS = 250;

/** Waits for what may wait for time to pass, on a clock that nobody moves any more. */
async function passing(stopping: Promise<void>, clock: FakeClock | undefined): Promise<void> {
  const progress = { isOver: false };
  const over = stopping.finally(() => {
    progress.isOver = true;
  });
  while (clock !== undefined && !progress.isOver) {
    // agents get the chance to clean up before their time is over
    for (let turns = 0; turns < 10; turns += 1) await new Promise(setImmediate);
    clock.advance(STEP_MS);
  }
  await over;
}

/** As it comes from the wire: a copy, without what is undefined. */
export function asReceived<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T); // what is sent is JSON
}
