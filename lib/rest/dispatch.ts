import { resultJson } from '../binding/recent-json.ts';
import type { Answer } from '../binding/answer.ts';
import type { Binding, CallBody, CallReply, CallRequest, StreamReply } from '../binding/binding.ts';
import { failedCall, type FailedCall } from '../binding/failed-call.ts';
import { type EventStream, isStreaming, type Method, type Service } from '../core/call.ts';
import { InvalidParamsError, InvalidRequestError, type ParseError } from '../protocol/errors.ts';
import { isObject } from '../protocol/protojson.ts';
import { readJson } from '../protocol/json-text.ts';
import { explainOlder } from '../protocol/older-hints.ts';
import { NO_OBJECT } from '../protocol/validate.ts';
import { readVersion, type Version } from '../protocol/version.ts';
import { errorAnswer, JSON_TYPE } from './error.ts';
import type { Resource } from './match.ts';
import { type GivenParams, isComplete, readQuery, withPath } from './params.ts';

// the paths of 0.3 were others, and are not offered
const VERSIONS: readonly Version[] = ['1.0'];

/** Where a request goes. */
export interface RestTarget {
  readonly method: Method;
  readonly verb: string;
  readonly variables: Resource['variables'];
}

/** The HTTP+JSON binding (§11) for one request. */
export function restBinding(target: RestTarget): Binding {
  return {
    body: bodyOf(target),
    call: (service, body, request) => call(service, readBody(body, target), request, target),
    refuse: errorAnswer,
    refuseText,
  };
}

function bodyOf({ method, verb, variables = {} }: RestTarget): Binding['body'] {
  if (verb !== 'POST') return 'none';
  return isComplete(method, variables) ? 'optional' : 'required';
}

async function call(
  service: Service,
  body: ReadBody,
  request: CallRequest,
  target: RestTarget,
): Promise<CallReply> {
  const { mask, query } = request;
  const { method } = target;
  let params: unknown;
  try {
    const given = readGiven(body, request.search, target);
    params = given.params;
    readVersion(request.version, query, VERSIONS);
    const caller = { ...request.caller, dialect: { translate: () => checked(given) } };
    if (!isStreaming(method)) return answer(method, await service.invoke(method, params, caller));
    const stream = await service.invoke(method, params, caller);
    return streamReply(stream, failedCall({ method, params }));
  } catch (error) {
    const seen = mask(explainOlder(error, { method, params }, false), failedCall({ method, params }));
    return errorAnswer(seen);
  }
}

function streamReply(stream: EventStream, call: FailedCall): StreamReply {
  return { stream, prefix: '', suffix: '', headers: {}, call, failed: errorAnswer, framesFailure: false };
}

/** Throws what keeps a request from being read at all; what is wrong with its parameters is told in their turn. */
function readGiven(body: ReadBody, search: string, { method, verb, variables }: RestTarget): GivenParams {
  if (variables === undefined)
    throw new InvalidRequestError('The path is not percent-encoded UTF-8: encode ids as UTF-8');
  if (verb !== 'POST') return withPath(readQuery(method, search), variables);
  if ('error' in body) throw body.error;
  return withPath({ params: body.value, violations: [] }, variables);
}

type ReadBody = ReturnType<typeof readJson>;

function readBody(body: CallBody, target: RestTarget): ReadBody {
  if ('value' in body) return body;
  const need = bodyOf(target);
  if (need === 'none' || (need === 'optional' && body.text === '')) return { value: undefined };
  return readJson(body.text, WANTED);
}

const WANTED = 'JSON object with the parameters';

function checked({ params, violations }: GivenParams): unknown {
  if (violations.length > 0) throw new InvalidParamsError(violations.slice(0, 20));
  return params;
}

/** JSON that is no object gets as far as the parameters, where a strict parser has stopped already. */
function refuseText(text: string, fault: ParseError): Answer {
  const read = readJson(text, WANTED);
  if ('error' in read) return errorAnswer(read.error);
  return errorAnswer(isObject(read.value) ? fault : new InvalidParamsError(NO_OBJECT.violations));
}

function answer(method: Method, result: unknown): Answer {
  // what one caller sees of the agent is not for the next one
  const caching =
    method === 'GetExtendedAgentCard' ? { 'Cache-Control': 'private', Vary: 'Authorization' } : {};
  return { status: 200, headers: { ...JSON_TYPE, ...caching }, json: resultJson(method, result) };
}
