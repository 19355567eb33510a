import type { Method } from '../core/call.ts';
import type { FieldViolation } from '../protocol/errors.ts';
import { isObject, protoJson, type Schema } from '../protocol/protojson.ts';
import { a2aV1, a2aV1Methods } from '../protocol/v1.schema.ts';

/** Parameters as far as a request had them, and what is wrong with the way it had them. */
export interface GivenParams {
  readonly params: unknown;
  readonly violations: readonly FieldViolation[];
}

type Values = Readonly<Record<string, unknown>>;

/** The fields of the parameters of an operation. */
function fieldsOf(method: Method): Readonly<Record<string, Schema>> {
  return a2aV1.$defs[a2aV1Methods[method].params].properties;
}

/** Whether a path with these parameters says all that an operation needs. */
export function isComplete(method: Method, variables: Values): boolean {
  const definition: Schema = a2aV1.$defs[a2aV1Methods[method].params];
  return (definition.required ?? []).every((name) => Object.hasOwn(variables, name));
}

/**
 * Reads the parameters in a query (§11.5), by either name that a field has in ProtoJSON. Unknown ones are left out; one
 * that comes twice, or is not percent-encoded UTF-8, is a violation.
 */
export function readQuery(method: Method, query: string): GivenParams {
  const fields = fieldsOf(method);
  const byName = new Map(Object.keys(fields).flatMap((name) => spellings(name).map((it) => [it, name])));
  const params: Record<string, unknown> = {};
  const faults = new Map<string, string>();
  for (const pair of query.split('&')) {
    const [key = '', ...rest] = pair.split('=');
    const field = byName.get(decode(key) ?? '');
    if (field === undefined) continue;
    const text = decode(rest.join('='));
    if (text === undefined) faults.set(field, 'must be percent-encoded UTF-8');
    else if (Object.hasOwn(params, field)) faults.set(field, 'must be given once');
    else params[field] = valueOf(text, fields[field]);
  }
  const violations = [...faults].map(([field, description]) => ({ field, description }));
  return { params, violations };
}

/** Puts the parameters of a path to those of a body or query, which must not contradict it. */
export function withPath({ params, violations }: GivenParams, variables: Values): GivenParams {
  const given = params ?? {};
  if (!isObject(given)) return { params, violations };
  const different = Object.keys(variables).filter((name) => {
    return spellings(name).some((it) => Object.hasOwn(given, it) && !isSame(given[it], variables[name]));
  });
  return {
    params: { ...given, ...variables },
    violations: [
      ...violations,
      ...different.map((field) => ({ field, description: 'must be what the path says: leave it out' })),
    ],
  };
}

/** Null and the empty text are absent fields in ProtoJSON. */
function isSame(given: unknown, inPath: unknown): boolean {
  return given === inPath || given === null || given === undefined || given === '';
}

function spellings(name: string): string[] {
  return [...new Set(protoJson.names(name))];
}

/** Numbers are read by the schema, which takes them as text. */
function valueOf(text: string, schema: Schema | undefined): unknown {
  if (schema?.type !== 'boolean') return text;
  return text === 'true' || text === 'false' ? text === 'true' : text;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
