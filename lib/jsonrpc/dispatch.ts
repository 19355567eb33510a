import type { Answer, Headers } from '../binding/answer.ts';
import type { Binding, CallBody, CallReply, CallRequest, StreamReply } from '../binding/binding.ts';
import { failedCall, type FailedCall } from '../binding/failed-call.ts';
import { resultJson } from '../binding/recent-json.ts';
import { v03 } from '../compat/v03/dialect.ts';
import { type EventStream, isStreaming, type Method, type Service } from '../core/call.ts';
import { parseCall, readCall, type RpcId } from '../protocol/envelope.ts';
import type { A2AError } from '../protocol/errors.ts';
import { explainOlder } from '../protocol/older-hints.ts';
import { readVersion, resolveCall, type ResolvedCall } from '../protocol/version.ts';
import { errorAnswer } from './error.ts';

/** The cards that clients of 0.3 read. */
export const olderCards = v03.cards;

/** Writes what webhooks of 0.3 get. */
export const writeOlderTask = v03.task;

/** A call whose method is known. */
interface RpcCall {
  readonly id: RpcId;
  readonly method: Method;
  readonly params: unknown;
}

/** The JSON-RPC binding (§9). */
export const jsonRpc: Binding = {
  body: 'required',
  call: dispatch,
  refuse: (error, status) => errorAnswer(null, error, status),
  refuseText(text, fault) {
    const read = parseCall(text);
    return 'error' in read ? errorAnswer(read.id, read.error) : errorAnswer(null, fault);
  },
};

/** Envelope, version, method, and then the service. */
function dispatch(service: Service, body: CallBody, request: CallRequest): CallReply | Promise<CallReply> {
  const { query, served, mask } = request;
  const envelope = 'text' in body ? parseCall(body.text) : readCall(body.value);
  if ('error' in envelope) return errorAnswer(envelope.id, envelope.error);
  const { id, method: name, params } = envelope.call;
  let resolved: ResolvedCall;
  try {
    const version = readVersion(request.version, query, served);
    resolved = resolveCall({ version, method: name, params, served });
  } catch (error) {
    return errorAnswer(id, mask(error, failedCall({ method: name, params })));
  }
  const { method, dialect } = resolved;
  const answer = dialect === '0.3' ? answerOlder : answerCurrent;
  return answer(service, request, { id, method, params });
}

function answerCurrent(service: Service, request: CallRequest, call: RpcCall): Promise<CallReply> {
  const { caller, mask, served } = request;
  const { id, method, params } = call;
  const failed = (error: unknown) =>
    errorAnswer(id, mask(explainOlder(error, call, served.includes('0.3')), failedCall(call)));
  if (isStreaming(method)) {
    const begun = (stream: EventStream) => new RpcStream(id, stream, failedCall(call));
    return service.invoke(method, params, caller).then(begun, failed);
  }
  return service.invoke(method, params, caller).then((result) => {
    try {
      return answer(id, resultJson(method, result));
    } catch (error) {
      return failed(error);
    }
  }, failed);
}

/** A stream of responses to one call. It holds nothing of the call but what it needs. */
class RpcStream implements StreamReply {
  readonly stream: EventStream;
  readonly call: FailedCall;
  readonly prefix: string;
  readonly suffix: string;
  readonly headers = NO_HEADERS;
  readonly framesFailure = false;
  readonly #id: RpcId;

  constructor(id: RpcId, stream: EventStream, call: FailedCall) {
    const { prefix, suffix } = envelopeOf(id);
    this.stream = stream;
    this.call = call;
    this.prefix = prefix;
    this.suffix = suffix;
    this.#id = id;
  }

  failed(error: A2AError): Answer {
    return errorAnswer(this.#id, error);
  }
}

/** The same in the words of 0.3. Its clients read of a streaming call nothing but frames, errors included. */
async function answerOlder(service: Service, request: CallRequest, call: RpcCall): Promise<CallReply> {
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
  const named = failedCall(call);
  const failed = (error: A2AError): Answer => {
    const whole = errorAnswer(id, error, undefined, v03.error);
    return { ...whole, headers: { ...headers, ...whole.headers } };
  };
  const streamOf = (stream: EventStream): StreamReply => ({
    ...{ stream, ...envelopeOf(id), headers, call: named, failed },
    translate: v03.event,
    framesFailure: /\btext\/event-stream\b/i.test(request.accept),
  });
  try {
    if (isStreaming(method)) return streamOf(await service.invoke(method, params, caller));
    const result = v03.result(method, await service.invoke(method, params, caller));
    return answer(id, JSON.stringify(result), headers);
  } catch (error) {
    const seen = mask(error, named);
    // what the mask has seen once it knows again
    return isStreaming(method) ? streamOf(broken(seen)) : failed(seen);
  }
}

/** What is active, under each of the two names that extensions were asked for. An empty list is no line. */
function olderHeaders(service: Service, { caller, olderExtensions }: CallRequest): Headers {
  if (olderExtensions.length === 0) return {};
  const active = service.activeExtensions(olderExtensions);
  const lines = active.length > 0 ? [active.join(', ')] : [];
  // what was asked for under the name of 1.0 is not what counts, and HTTP has it answered already
  return { 'X-A2A-Extensions': lines, ...(caller.extensions.length > 0 && { 'A2A-Extensions': lines }) };
}

const NO_HEADERS: Headers = {};

function answer(id: RpcId, result: string, headers = NO_HEADERS): Answer {
  const { prefix, suffix } = envelopeOf(id);
  return { status: 200, headers, json: `${prefix}${result}${suffix}` };
}

/** The response around a result, which is made only once for all readers of an event. */
function envelopeOf(id: RpcId): { prefix: string; suffix: string } {
  return { prefix: `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`, suffix: '}' };
}

/** A stream that fails at once. */
function broken(error: A2AError): EventStream {
  return {
    pull(taker) {
      taker.onError(error);
    },
    end: () => undefined,
  };
}
