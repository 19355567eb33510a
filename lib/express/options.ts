import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import type { Broker } from '../core/broker.ts';
import type { BindingName, CardOptions, Versions } from '../core/card.ts';
import type { EventBus } from '../core/event-bus.ts';
import type { ExtendedCardOptions } from '../core/extended-card.ts';
import type { ErrorInfo } from '../core/failure.ts';
import type { Answers, Metadata } from '../core/log.ts';
import type { Logger } from '../core/logger.ts';
import type { OnMetric } from '../core/metrics.ts';
import type { Agent } from '../core/output.ts';
import type { CardKey } from '../core/signing-key.ts';
import type { AnswersFunction, OnBusy } from '../core/start-send.ts';
import type { Storage } from '../core/storage.ts';
import type { Tenants } from '../core/tenants.ts';
import type { WorkerSettings } from '../core/worker-settings.ts';
import type { PushOptions } from './push-options.ts';

/** Limits of a request. */
export interface RequestLimits {
  /** Size of a body in bytes, counted after inflating; more is answered with 413. @defaultValue 10485760 */
  bodyBytes?: number;
  /**
   * Bytes of all bodies that are being read at the same time, counted after inflating; where it is more, the largest is
   * answered with 503. `Infinity` for no limit. @defaultValue 134217728, or four times `bodyBytes` where that is more
   */
  bodiesBytes?: number;
  /** Parts of a message; more is answered with -32602. @defaultValue 1000 */
  messageParts?: number;
  /** Streams, and sends that wait, open in this process; one more is answered with 503. `Infinity` for no limit. @defaultValue 10000 */
  streams?: number;
  /** The same of one owner; one more is answered with 429. Anonymous callers are one owner. @defaultValue 5000 */
  streamsPerCaller?: number;
}

/** What `a2aRouter` takes. */
export interface A2AOptions<Req extends IncomingMessage = Request> {
  /** What the agent says about itself; only name, description and version are required (§4.4.1). */
  card: CardOptions;
  /** The agent. Left out, this process only answers requests, and `startWorker` runs the agent elsewhere. */
  agent?: Agent;
  /** What a message gets: a Task with its updates, or one bare Message (§3.1.1). @defaultValue 'task' */
  answers?: Answers | AnswersFunction;
  /** Name of the agent in the storage; agents that share a storage differ in it. @defaultValue 'default' */
  agentId?: string;
  /** The tasks. @defaultValue that of `memoryBackend()` */
  storage?: Storage;
  /** Wakes workers. @defaultValue that of `memoryBackend()` */
  broker?: Broker;
  /** Wakes streams. @defaultValue that of `memoryBackend()` */
  eventBus?: EventBus;
  /** How runs are held; only with `agent`. */
  worker?: WorkerSettings;
  /** How long an agent may take to stop after CancelTask, in ms (§3.1.5). @defaultValue 5000 */
  cancelGraceMs?: number;
  /**
   * Who calls: tasks belong to their owner, and others do not see them (§13.1). Null is the shared anonymous caller.
   * @defaultValue `req.user?.id ?? req.auth?.payload?.sub ?? req.auth?.sub`, null where neither user nor auth is set
   */
  owner?: (req: Req) => string | null | Promise<string | null>;
  /**
   * What the agent may know about the caller, such as claims or a locale: `turn.request.caller`, also in another process.
   * An object that JSON can carry, of at most 16 KiB; asked for with each message.
   */
  caller?: (req: Req) => Metadata | undefined | Promise<Metadata | undefined>;
  /**
   * The tenants that calls may name, each with an interface in the card; or a function that tells whether there is one.
   * '' stands for calls that name none. Part of the scope of tasks, no right: those come from `owner`. @defaultValue none
   */
  tenants?: Tenants;
  /** False lets anonymous callers in though the card declares security; ListTasks is then empty for them. @defaultValue true */
  enforceAuth?: boolean;
  /**
   * The versions of A2A that are served at the one URL, the first one listed first in the card; 1.0 always is one of
   * them (§3.6). @defaultValue ['1.0', '0.3']
   */
  versions?: Versions;
  /**
   * The bindings that are served, the first one listed first in the card: JSON-RPC at the mount (§9), HTTP+JSON at paths
   * below it (§11). A2A 0.3 is served by JSON-RPC only. @defaultValue ['JSONRPC', 'HTTP+JSON']
   */
  bindings?: readonly BindingName[];
  /**
   * The card for callers who have authenticated (§3.1.11): fields beside those of `card`, or a function of the caller that
   * gives them. `public: true` shows it to anonymous callers too. @defaultValue none
   */
  extendedCard?: ExtendedCardOptions;
  /**
   * URL under which clients reach the agent, mount included (§8.2); fixed, it makes the card cacheable. A function gives it
   * for each request. @defaultValue protocol, host and mount of the request, as a proxy says where the app trusts it
   */
  publicUrl?: string | ((req: Req) => string);
  /** Keys that sign the cards (§8.4); needs `publicUrl`. Several keys are several signatures. @defaultValue none */
  signCard?: CardKey | readonly CardKey[];
  /**
   * What becomes of a message to a task that works on an earlier one: the next run has it, or it is refused with -32004
   * and nothing is stored. @defaultValue 'queue'
   */
  onBusy?: OnBusy;
  /**
   * How long a send is recognised by its messageId where it has no `Idempotency-Key`, in ms; 0 for not at all. Only for
   * clients that give every message an id of its own. @defaultValue 0
   */
  dedupeWindowMs?: number;
  /**
   * Whether a part is refused (-32005) whose media type neither the card nor a skill names as input mode (§3.3.2). A
   * text is text/plain, data is application/json; bytes and URLs count only with a mediaType. @defaultValue false
   */
  enforceInputModes?: boolean;
  /**
   * Push notifications: whether webhooks are taken, where they may be, and who posts to them (§13.2). False for none: calls about
   * them are refused with -32003. @defaultValue on, with the defaults of its parts, where the storage keeps webhooks
   */
  push?: false | PushOptions;
  limits?: RequestLimits;
  /** Silence after which a stream carries a comment, in ms; 0 for none. @defaultValue 15000 */
  keepAliveMs?: number;
  /** A reader that takes nothing from a stream for so long is cut, in ms. @defaultValue 30000 */
  stallMs?: number;
  /** Where the package logs; a pino logger fits. @defaultValue silent */
  logger?: Logger;
  /** Told of every error that clients see only as an error id: those of agents, and our own. */
  onError?: (error: unknown, info: ErrorInfo) => void;
  /** Shows clients text and stack of those errors, for development; refused in production. @defaultValue false */
  exposeErrors?: boolean;
  /** Takes the figures of calls, streams and runs; docs/operations.md lists them. @defaultValue none */
  onMetric?: OnMetric;
}
