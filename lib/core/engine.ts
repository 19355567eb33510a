import type { Abortable } from './abortable.ts';
import type { Broker } from './broker.ts';
import type { Ask } from './call.ts';
import type { Clock } from './clock.ts';
import type { EventBus, TaskHint } from './event-bus.ts';
import type { TaskFeed } from './feed.ts';
import type { SendKey } from './idempotency.ts';
import type { Metadata, Scope, TaskId } from './log.ts';
import type { Logger } from './logger.ts';
import type { PushDraft } from './push-draft.ts';
import type { Storage, WriteResult } from './storage.ts';

/** What the operations work with. */
export interface Engine {
  readonly storage: Storage;
  readonly broker: Broker;
  readonly eventBus: EventBus;
  readonly feed: TaskFeed;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One call, past the door. */
export interface OperationContext {
  readonly scope: Scope;
  /** Aborted when the client has gone or the server shuts down. */
  readonly signal: Abortable;
  /** URIs of the extensions that are active for it. */
  readonly extensions: readonly string[];
  /** Whether the client can go on with a broken stream. */
  readonly resumable: boolean;
  /** What the application says about the caller, for the agent. */
  readonly caller?: Metadata | undefined;
  readonly ask?: Ask | undefined;
  /** Where the client reaches the agent. */
  readonly url?: (() => string) | undefined;
  readonly lastEventId?: string | undefined;
  readonly traceparent?: string | undefined;
  /** Takes the place of a stream or a waiting call, once all else has been checked and before anything is stored; throws where there is none. */
  readonly openStream?: (() => void) | undefined;
  /** What a send may be repeated by. */
  readonly sendKey?: SendKey | undefined;
  /** The webhook that it brings along. */
  readonly push?: PushDraft | undefined;
  /** Set where the call is not written in 1.0. */
  readonly dialect?: '0.3' | undefined;
}

/** Tells workers that a task is due. What fails here costs time, nothing else. */
export function wake({ broker, logger }: Engine, agent: string, taskId: TaskId): void {
  const text = 'waking workers failed; they poll';
  try {
    watch(broker.wake({ agent, taskId }), logger, text);
  } catch (error) {
    logger.warn({ err: error }, text);
  }
}

/** Tells readers and the runner what a write has stored. */
export function announce(engine: Pick<Engine, 'eventBus' | 'logger'>, taskId: TaskId, stored: Stored): void {
  const { entries, closed } = stored;
  const head = entries.at(-1)?.seq ?? stored.seq;
  publish(engine, entries.length > 0 ? { taskId, head, closed, entries } : { taskId, head, closed });
}

type Stored = Extract<WriteResult, { ok: true }>;

/** Tells readers and the runner that a task's log has grown. What fails here costs time, nothing else. */
export function publish({ eventBus, logger }: Pick<Engine, 'eventBus' | 'logger'>, hint: TaskHint): void {
  const text = 'publishing a hint failed; readers poll';
  try {
    watch(eventBus.publish(hint), logger, text);
  } catch (error) {
    logger.warn({ err: error }, text);
  }
}

/** Most hints are given at once: nothing is waited for where nothing is to come. */
function watch(given: unknown, logger: Logger, text: string): void {
  if (given === undefined) return;
  Promise.resolve(given).catch((error: unknown) => {
    logger.warn({ err: error }, text);
  });
}
