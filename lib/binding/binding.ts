import type { Caller, EventStream, Service, StreamItem } from '../core/call.ts';
import type { A2AError, ParseError } from '../protocol/errors.ts';
import type { Version } from '../protocol/version.ts';
import type { Answer, Headers } from './answer.ts';
import type { FailedCall } from './failed-call.ts';

/** A request body: text, or what earlier middleware parsed; undefined where there is none. */
export type CallBody = { readonly text: string } | { readonly value: unknown };

/** One call, as HTTP hands it on beside its body. */
export interface CallRequest {
  /** The A2A-Version header, and the query that may stand in for it (§3.6.1). */
  readonly version: string | readonly string[] | undefined;
  readonly query: URLSearchParams;
  /** The query as it was sent, without its question mark. */
  readonly search: string;
  readonly served: readonly Version[];
  readonly caller: Caller;
  /** Extension URIs under the name that the header had in 0.3, where they count before the others. */
  readonly olderExtensions: readonly string[];
  /** The header Accept. */
  readonly accept: string;
  /** Makes an error fit to be seen by the client, and reports it where it is our fault. */
  readonly mask: (error: unknown, call?: FailedCall) => A2AError;
}

/** Writes an event in another dialect than 1.0. `ends`: the stream ends with it. */
export type Translate = (event: StreamItem['event'], ends: boolean) => unknown;

/** Events, and what stands around the JSON of each. */
export interface StreamReply {
  readonly stream: EventStream;
  readonly prefix: string;
  readonly suffix: string;
  readonly headers: Headers;
  /** How its events are written where not as 1.0 does; the same function for all streams of a dialect. */
  readonly translate?: Translate;
  /** What was called: a failure is reported with it. */
  readonly call: FailedCall;
  /** What it fails with. */
  readonly failed: (error: A2AError) => Answer;
  /** Whether a failure with status 200 is a frame, also where nothing has been sent yet. */
  readonly framesFailure: boolean;
}

/** What a call gives. */
export type CallReply = Answer | StreamReply;

/** How requests are read and answers written: one of the bindings of §9 and §11. */
export interface Binding {
  /** Whether a request has a body; where it is optional, an empty one counts as none. */
  readonly body: 'required' | 'optional' | 'none';
  /** Makes the call. Lets go of the body as soon as it is read, since waiting and streams take long. Never rejects. */
  readonly call: (service: Service, body: CallBody, request: CallRequest) => CallReply | Promise<CallReply>;
  /** The answer to a request that was not read; `status` where it is not that of the error. */
  readonly refuse: (error: A2AError, status?: number) => Answer;
  /** The answer to a body that a parser with stricter rules has refused; `fault` where it is as JSON should be. */
  readonly refuseText: (text: string, fault: ParseError) => Answer;
}
