import type { Methods, StreamResponse } from '../protocol/v1.ts';
import type { Version } from '../protocol/version.ts';
import type { StreamLimits } from './event-stream.ts';
import type { Settings } from './options.ts';

/** Operations that answer once. */
export type UnaryMethod = {
  [M in keyof Methods]: Methods[M]['stream'] extends true ? never : M;
}[keyof Methods];

/** Operations that answer with a stream. */
export type StreamMethod = Exclude<keyof Methods, UnaryMethod>;

/** What goes with the parameters of one request. */
export interface RequestContext {
  readonly signal: AbortSignal | undefined;
  /** Headers of this request alone. */
  readonly headers: Readonly<Record<string, string>>;
  /** Until the answer is there, or the head of a stream, in ms; 0 is for ever. */
  readonly limitMs: number;
}

/** One thing that a stream says. */
export type StreamNews =
  | { readonly event: StreamResponse; readonly cursor: string | undefined }
  /** Numbers that no event has: docs/resumable-streams.md. */
  | { readonly skip: { readonly from: number; readonly to: number } }
  | { readonly retryMs: number };

/** A stream whose head is there. Reading it rejects with a ConnectionError or TimeoutError when it breaks. */
export interface OpenStream {
  readonly news: AsyncIterable<readonly StreamNews[]>;
  /** Closes the connection, whatever is being waited for. */
  readonly close: () => void;
}

/** What a transport speaks to. */
export interface TransportOptions {
  readonly settings: Settings;
  readonly url: string;
  readonly limits: StreamLimits;
  readonly version: Version;
}

/** A binding of the protocol at one address, in one version. Rejects with an A2AError or a ClientError. */
export interface Transport {
  readonly url: string;
  readonly send: <M extends UnaryMethod>(
    method: M,
    params: Methods[M]['params'],
    context: RequestContext,
  ) => Promise<Methods[M]['result']>;
  readonly stream: (
    method: StreamMethod,
    params: Methods[StreamMethod]['params'],
    context: RequestContext,
  ) => Promise<OpenStream>;
}
