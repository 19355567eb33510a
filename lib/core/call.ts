import { a2aV1Methods } from '../protocol/v1.schema.ts';
import type { Methods, StreamResponse } from '../protocol/v1.ts';
import type { Abortable } from './abortable.ts';
import type { Batches } from './batches.ts';
import type { Metadata } from './log.ts';

/** Asks the application a question about a call. Rejects with an A2AError where it refuses the caller, else with what it threw. */
export type Ask = <T>(question: () => T | Promise<T>) => Promise<T>;

/** Who calls and how, as a binding hands it to the service. */
export interface Caller {
  /** The owner of what is created and seen; null is the anonymous caller. Rejects when the application refuses to say. */
  readonly identify: () => string | null | Promise<string | null>;
  /** Application data about the caller; asked for only where it is used. Rejects as `identify` does. */
  readonly describe?: (() => Metadata | undefined | Promise<Metadata | undefined>) | undefined;
  /** Asks the application; an error by which it refuses this caller is one that the client may learn. */
  readonly ask?: Ask | undefined;
  /** The URL under which the client reaches the agent. Throws where the request does not tell. */
  readonly url?: (() => string) | undefined;
  /** Extension URIs that the client asked for (§3.2.6), as sent. */
  readonly extensions: readonly string[];
  /** Cursor of a stream that broke, as sent in `Last-Event-ID`. */
  readonly lastEventId?: string | undefined;
  /** The header `Idempotency-Key` as sent: a send that comes again with it is the same call. */
  readonly idempotencyKey?: string | undefined;
  /** How the parameters are read, where they are not an object of 1.0. */
  readonly dialect?: ParamsDialect | undefined;
  /** W3C trace context of the request. */
  readonly traceparent?: string | undefined;
  /** Aborted when the client has gone or the server shuts down: ends waiting and streams, never the task. */
  readonly signal: Abortable;
}

/** Reads parameters that are not written as an object of 1.0. */
export interface ParamsDialect {
  /** Set where the call is written in another version of A2A. */
  readonly name?: '0.3';
  /** Whether a send brings a webhook along, as far as that shows before its parameters are checked. @defaultValue as in 1.0 */
  readonly hasWebhook?: (params: unknown) => boolean;
  /** The parameters as such an object. Throws an InvalidParamsError. */
  readonly translate: (params: unknown) => unknown;
}

/** One event of a stream. Its `event` is the same object for all readers in this process, so its JSON can be made once. */
export interface StreamItem {
  readonly event: StreamResponse;
  /** Where to go on after this event; absent where the client did not activate resumable streams. */
  readonly cursor?: string;
  /** The stream ends with this event. */
  readonly ends?: true;
  /** No other reader is given this event: its JSON need not be kept. @defaultValue false */
  readonly unshared?: boolean;
}

/** Events as they become ready, each batch never empty. Ends by itself where the protocol says so, or on abort; may fail with an A2AError. */
export type EventStream = Batches<readonly StreamItem[]>;

/** Name of an operation, as the JSON-RPC binding spells it (§5.3). */
export type Method = keyof Methods;

/** The operations that answer with a stream. */
export type StreamingMethod = { [M in Method]: Methods[M]['stream'] extends true ? M : never }[Method];

/** Whether an operation answers with a stream. */
export function isStreaming(method: Method): method is StreamingMethod {
  return a2aV1Methods[method].stream;
}

/** What an operation gives. */
export type Reply<M extends Method> = Methods[M]['stream'] extends true ? EventStream : Methods[M]['result'];

/** The eleven operations behind one door, the same for every binding. */
export interface Service {
  /**
   * Runs one operation. Checks in the order of the protocol: caller, required extensions, capability, parameters,
   * task, state. Rejects with an A2AError for what a client may learn, with anything else for our own faults.
   */
  readonly invoke: <M extends Method>(method: M, params: unknown, caller: Caller) => Promise<Reply<M>>;
  /** Those of the URIs that the card declares: they are active for the request (§4.6). */
  readonly activeExtensions: (requested: readonly string[]) => readonly string[];
}

/** Reason of `Caller.signal` when the server shuts down, as opposed to a client that has gone. */
export const SHUTDOWN = Symbol.for('express-a2a.shutdown');
