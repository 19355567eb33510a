import type { Caller, EventStream, Method, Service } from '../core/call.ts';
import { parseCall, readCall, type RpcId } from '../protocol/envelope.ts';
import type { A2AError } from '../protocol/errors.ts';
import { explainOlder } from '../protocol/older-hints.ts';
import { a2aV1Methods } from '../protocol/v1.schema.ts';
import { readVersion, resolveCall, type Version } from '../protocol/version.ts';
import { errorAnswer, errorJson, type Answer } from './error.ts';

/** A request body: text, or what earlier middleware parsed. */
export type RpcBody = { readonly text: string } | { readonly value: unknown };

/** One call, as HTTP hands it on. */
export interface RpcRequest {
  readonly body: RpcBody;
  /** The A2A-Version header, and the query that may stand in for it (§3.6.1). */
  readonly version: string | readonly string[] | undefined;
  readonly query: URLSearchParams;
  readonly caller: Caller;
  /** Makes an error fit to be seen by the client, and reports it where it is our fault. */
  readonly mask: (error: unknown, call?: { readonly method: string; readonly params: unknown }) => A2AError;
}

/** Events, and what stands around the JSON of each. */
export interface RpcStream {
  readonly stream: EventStream;
  readonly prefix: string;
  readonly suffix: string;
  /** The answer where the stream fails before its head was sent. */
  readonly failed: (error: unknown) => Answer;
  /** The last frame where it fails afterwards. */
  readonly failedFrame: (error: unknown) => string;
}

/** What a call gives. */
export type RpcReply = Answer | RpcStream;

const SERVED: readonly Version[] = ['1.0'];

/** The JSON-RPC binding (§9): envelope, version, method, and then the service. Never rejects. */
export async function dispatch(service: Service, request: RpcRequest): Promise<RpcReply> {
  const { body, query, caller, mask } = request;
  const envelope = 'text' in body ? parseCall(body.text) : readCall(body.value);
  if ('error' in envelope) return errorAnswer(envelope.id, envelope.error);
  const { id, method: name, params } = envelope.call;
  let method = name;
  const seen = (error: unknown): A2AError => mask(error, { method, params });
  try {
    const version = readVersion(request.version, query, SERVED);
    const call = resolveCall({ version, method: name, params, served: SERVED });
    method = call.method;
    if (!isStreaming(call.method)) return answer(id, await service.invoke(call.method, params, caller));
    const stream = await service.invoke(call.method, params, caller);
    return { stream, ...envelopeOf(id), ...failures(id, seen) };
  } catch (error) {
    return errorAnswer(id, seen(explainOlder(error, { method, params }, SERVED.includes('0.3'))));
  }
}

type StreamingMethod = 'SendStreamingMessage' | 'SubscribeToTask';

function isStreaming(method: Method): method is StreamingMethod {
  return a2aV1Methods[method].stream;
}

function answer(id: RpcId, result: unknown): Answer {
  const { prefix, suffix } = envelopeOf(id);
  return { status: 200, headers: {}, json: `${prefix}${JSON.stringify(result)}${suffix}` };
}

/** The response around a result, which is made only once for all readers of an event. */
function envelopeOf(id: RpcId): { prefix: string; suffix: string } {
  return { prefix: `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`, suffix: '}' };
}

function failures(id: RpcId, seen: (error: unknown) => A2AError): Pick<RpcStream, 'failed' | 'failedFrame'> {
  return {
    failed: (error) => errorAnswer(id, seen(error)),
    failedFrame: (error) => errorJson(id, seen(error)),
  };
}
