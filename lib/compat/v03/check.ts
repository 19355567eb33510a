import { createChecker, type Refusal } from '../../protocol/checker.ts';
import { isObject, protoJson, type Spelling } from '../../protocol/protojson.ts';
import { NO_OBJECT } from '../../protocol/validate.ts';
import { explain } from './hints.ts';
import { a2aV03, a2aV03Methods } from './schema.ts';
import type { Definitions, Methods } from './types.ts';

// the enums of 0.3 have names only
const spelling: Spelling = {
  ...protoJson,
  scalar: (schema, definition) => (schema.enum ? (value) => value : protoJson.scalar(schema, definition)),
};

const checker = createChecker<Definitions>(a2aV03, spelling);

/** Gives a value of 0.3 that came from a peer in canonical form, or what is wrong with it. */
export const readV03 = checker.read;

/**
 * Gives the parameters of a 0.3 call in canonical form, or what is wrong with them.
 *
 * Takes what clients of 0.3 are known to send: messages without `kind`, and parts without one, which are told by what
 * they hold. What was written for 1.0 is refused with the header to send.
 */
export function checkV03<M extends keyof Methods>(
  method: M,
  given: unknown,
): { params: Methods[M]['params'] } | Refusal {
  const params = given ?? {};
  if (!isObject(params)) return NO_OBJECT;
  const { params: definition } = a2aV03Methods[method];
  const tagged = definition === 'MessageSendParams' ? withKinds(params) : params;
  const checked = checker.read<keyof Definitions>(definition, tagged, 'params');
  if ('violations' in checked) return explain(params, checked);
  return { params: checked.value as Methods[M]['params'] }; // of the definition that the method names
}

/** The same parameters with a `kind` on each part that has none. */
function withKinds(params: Record<string, unknown>): Record<string, unknown> {
  const { message } = params;
  if (!isObject(message) || !Array.isArray(message['parts'])) return params;
  return { ...params, message: { ...message, parts: message['parts'].map(withKind) } };
}

function withKind(part: unknown): unknown {
  if (!isObject(part) || isSet(part['kind'])) return part;
  const { raw, url, filename, mediaType, ...rest } = part;
  const kind = KINDS.find((each) => isSet(rest[each]));
  if (kind !== undefined) return { ...rest, kind };
  if (!isSet(raw) && !isSet(url)) return part;
  return { ...rest, kind: 'file', file: { bytes: raw, uri: url, name: filename, mimeType: mediaType } };
}

const KINDS = ['text', 'data', 'file'] as const;

/** Null is absent, as in ProtoJSON. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}
