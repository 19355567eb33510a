import { v03 } from '../compat/v03/dialect.ts';
import type { Caller, EventStream, Method, Service, StreamItem } from '../core/call.ts';
import { parseCall, readCall, type RpcId } from '../protocol/envelope.ts';
import type { A2AError } from '../protocol/errors.ts';
import { explainOlder } from '../protocol/older-hints.ts';
import { a2aV1Methods } from '../protocol/v1.schema.ts';
import { readVersion, resolveCall, type ResolvedCall, type Version } from '../protocol/version.ts';
import { errorAnswer, type Answer, type Headers } from './error.ts';

/** A request body: text, or what earlier middleware parsed. */
export type RpcBody = { readonly text: string } | { readonly value: unknown };

/** One call, as HTTP hands it on. */
export interface RpcRequest {
  readonly body: RpcBody;
  /** The A2A-Version header, and the query that may stand in for it (§3.6.1). */
  readonly version: string | readonly string[] | undefined;
  readonly query: URLSearchParams;
  readonly served: readonly Version[];
  readonly caller: Caller;
  /** Extension URIs under the name that the header had in 0.3, where they count before the others. */
  readonly olderExtensions: readonly string[];
  /** Whether the client takes event streams. */
  readonly takesEvents: boolean;
  /** Makes an error fit to be seen by the client, and reports it where it is our fault. */
  readonly mask: (error: unknown, call?: { readonly method: string; readonly params: unknown }) => A2AError;
}

/** Writes an event in another dialect than 1.0. `ends`: the stream ends with it. */
export type Translate = (event: StreamItem['event'], ends: boolean) => unknown;

/** Events, and what stands around the JSON of each. */
export interface RpcStream {
  readonly stream: EventStream;
  readonly prefix: string;
  readonly suffix: string;
  readonly headers: Headers;
  /** How its events are written where not as 1.0 does; the same function for all streams of a dialect. */
  readonly translate?: Translate;
  /** What it fails with. */
  readonly failed: (error: unknown) => Answer;
  /** Whether a failure with status 200 is a frame, also where nothing has been sent yet. */
  readonly framesFailure: boolean;
}

/** What a call gives. */
export type RpcReply = Answer | RpcStream;

/** The cards that clients of 0.3 read. */
export const olderCards = v03.cards;

/** A call whose method is known. */
interface RpcCall {
  readonly id: RpcId;
  readonly method: Method;
  readonly params: unknown;
}

/** The JSON-RPC binding (§9): envelope, version, method, and then the service. Never rejects. */
export async function dispatch(service: Service, request: RpcRequest): Promise<RpcReply> {
  const { body, query, served, mask } = request;
  const envelope = 'text' in body ? parseCall(body.text) : readCall(body.value);
  if ('error' in envelope) return errorAnswer(envelope.id, envelope.error);
  const { id, method: name, params } = envelope.call;
  let resolved: ResolvedCall;
  try {
    const version = readVersion(request.version, query, served);
    resolved = resolveCall({ version, method: name, params, served });
  } catch (error) {
    return errorAnswer(id, mask(error, { method: name, params }));
  }
  const { method, dialect } = resolved;
  const answer = dialect === '0.3' ? answerOlder : answerCurrent;
  return answer(service, request, { id, method, params });
}

async function answerCurrent(service: Service, request: RpcRequest, call: RpcCall): Promise<RpcReply> {
  const { caller, mask, served } = request;
  const { id, method, params } = call;
  const failed = (error: unknown) => errorAnswer(id, mask(error, call));
  try {
    if (!isStreaming(method)) return answer(id, await service.invoke(method, params, caller));
    const stream = await service.invoke(method, params, caller);
    return { stream, ...envelopeOf(id), headers: {}, failed, framesFailure: false };
  } catch (error) {
    return failed(explainOlder(error, call, served.includes('0.3')));
  }
}

/** The same in the words of 0.3. Its clients read of a streaming call nothing but frames, errors included. */
async function answerOlder(service: Service, request: RpcRequest, call: RpcCall): Promise<RpcReply> {
  const { mask, olderExtensions } = request;
  const { id, method, params } = call;
  // the dialect table has no older name for it
  if (method === 'ListTasks') throw new Error('ListTasks was called by an older name');
  const caller = {
    ...request.caller,
    ...(olderExtensions.length > 0 && { extensions: olderExtensions }),
    dialect: v03.params(method),
  };
  const headers = olderHeaders(service, request);
  const failed = (error: unknown): Answer => {
    const seen = mask(error, call);
    const whole = errorAnswer(id, seen, undefined, v03.error);
    return { ...whole, headers: { ...headers, ...whole.headers } };
  };
  const streamOf = (stream: EventStream): RpcStream => ({
    ...{ stream, ...envelopeOf(id), headers, failed },
    translate: v03.event,
    framesFailure: request.takesEvents,
  });
  try {
    if (isStreaming(method)) return streamOf(await service.invoke(method, params, caller));
    return answer(id, v03.result(method, await service.invoke(method, params, caller)), headers);
  } catch (error) {
    // what the mask has seen once it knows again
    return isStreaming(method) ? streamOf(broken(mask(error, call))) : failed(error);
  }
}

/** What is active, under each of the two names that extensions were asked for. An empty list is no line. */
function olderHeaders(service: Service, { caller, olderExtensions }: RpcRequest): Headers {
  if (olderExtensions.length === 0) return {};
  const active = service.activeExtensions(olderExtensions);
  const lines = active.length > 0 ? [active.join(', ')] : [];
  // what was asked for under the name of 1.0 is not what counts, and HTTP has it answered already
  return { 'X-A2A-Extensions': lines, ...(caller.extensions.length > 0 && { 'A2A-Extensions': lines }) };
}

type StreamingMethod = 'SendStreamingMessage' | 'SubscribeToTask';

function isStreaming(method: Method): method is StreamingMethod {
  return a2aV1Methods[method].stream;
}

function answer(id: RpcId, result: unknown, headers: Headers = {}): Answer {
  const { prefix, suffix } = envelopeOf(id);
  return { status: 200, headers, json: `${prefix}${JSON.stringify(result)}${suffix}` };
}

/** The response around a result, which is made only once for all readers of an event. */
function envelopeOf(id: RpcId): { prefix: string; suffix: string } {
  return { prefix: `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`, suffix: '}' };
}

/** A stream that fails at once. */
function broken(error: A2AError): EventStream {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}
