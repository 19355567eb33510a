import type { IncomingMessage } from 'node:http';
import type { Answer } from '../binding/answer.ts';
import type { Binding } from '../binding/binding.ts';
import { ParseError } from '../protocol/errors.ts';
import { checkType, translate, unsupported } from './body.ts';
import { HttpRefusal } from './respond.ts';

/** What a parser of the application throws; body-parser tells its errors apart by `type`. */
interface ParserError {
  readonly type?: unknown;
  /** Of zlib. */
  readonly code?: unknown;
  /** The text that is no JSON. */
  readonly body?: unknown;
  /** The size that was too large. */
  readonly limit?: unknown;
}

// a failed `verify`, a body that ended early and the mistakes of applications are not for us to answer
const FAULTS_OF_CLIENTS: ReadonlySet<unknown> = new Set([
  'charset.unsupported',
  'encoding.unsupported',
  'entity.parse.failed',
  'entity.too.large',
  'parameters.too.many',
  'querystring.parse.rangeError',
]);

/**
 * The answer to a call whose body a parser of the application could not read: what it would have got from us.
 * Undefined where that is not what happened.
 */
export function parserAnswer(
  error: unknown,
  { headers }: IncomingMessage,
  { refuse, refuseText }: Binding,
): Answer | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { type, code } = error as ParserError; // an object may have any field
  const isCoding = typeof code === 'string' && /^(?:Z_|ERR_BROTLI|ERR__)/.test(code);
  if (!isCoding && !FAULTS_OF_CLIENTS.has(type)) return undefined;
  try {
    checkType(headers['content-type']);
    throw faultOf(error);
  } catch (fault) {
    if (fault instanceof HttpRefusal) return refuse(fault.error, fault.status);
    const parse = fault instanceof ParseError ? fault : new ParseError();
    const { body } = error as ParserError; // as above
    // JSON that a strict parser refuses, such as a bare string, is JSON to us
    return typeof body === 'string' ? refuseText(body, parse) : refuse(parse);
  }
}

function faultOf(error: ParserError): unknown {
  if (error.type === 'encoding.unsupported') return unsupported('Send the body without Content-Encoding');
  return translate(error, Number(error.limit));
}
