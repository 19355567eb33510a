import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { FieldViolation } from './errors.ts';
import { formats } from './formats.ts';
import { canonical, isObject, protoJson, readers } from './protojson.ts';
import { a2aV1, a2aV1Methods } from './v1.schema.ts';
import type { Definitions, Methods } from './v1.ts';
import { violations } from './violations.ts';

/** Why a value was refused: a path and a description per fault, at most 20. */
export interface Refusal {
  readonly violations: readonly FieldViolation[];
}

// where protobuf parsers stop; JSON.stringify overflows the stack a few thousand levels down
const MOST_LEVELS = 100;
// listing every fault of a huge value costs far more than reading it, so beyond this many values the first has to do
const FEW_VALUES = 500;

const readPeer = readers(a2aV1.$defs, protoJson);
const readOwn = readers(a2aV1.$defs, canonical);
const firstFault = validators(false);
const everyFault = validators(true);

/**
 * Gives the parameters of a call in canonical form, or what is wrong with them (§5.7, §9.5).
 *
 * Takes whatever spelling ProtoJSON parsers take. The result is a fresh object, except for free-form values
 * (`metadata`, `data`), and leaves out fields that the protocol does not know. `given` is not changed. Absent or null
 * parameters count as `{}`.
 */
export function checkV1<M extends keyof Methods>(
  method: M,
  given: unknown,
): { params: Methods[M]['params'] } | Refusal {
  const params = given ?? {};
  if (!isObject(params)) {
    return {
      violations: [{ field: 'params', description: 'must be an object with the parameters by name' }],
    };
  }
  const checked = readDefinition(a2aV1Methods[method].params, params, 'params');
  return 'violations' in checked ? checked : { params: checked.value };
}

/**
 * Gives a value that came from a peer in canonical form, or what is wrong with it; reads as checkV1 does.
 *
 * `root` is the field name for faults of the value as a whole.
 */
export function readDefinition<N extends keyof Definitions>(
  name: N,
  given: unknown,
  root: string = name,
): { value: Definitions[N] } | Refusal {
  const refusal = refuseDepth(given, root);
  if (refusal) return refusal;
  return validate(name, readPeer(name)(given), root);
}

/**
 * Gives a copy of a value that code in this process made, or what is wrong with it. For what agents emit and for cards.
 *
 * Takes the wire form only: no null, no numbers for enums, no other names. A field that is undefined is absent. Fields
 * that the protocol does not know are left out, and free-form values (`metadata`, `data`) become what JSON.stringify
 * writes of them: the copy is what clients will see, and stays so when the author changes the original. Faults of the
 * value as a whole have the name of the definition as their field.
 */
export function checkDefinition<N extends keyof Definitions>(
  name: N,
  value: unknown,
): { value: Definitions[N] } | Refusal {
  const refusal = refuseDepth(value, name);
  if (refusal) return refusal;
  let copy: unknown;
  try {
    copy = readOwn(name)(value);
  } catch (error) {
    // a bigint, or a toJSON that throws, somewhere in a free-form value
    return { violations: [{ field: name, description: `must be JSON: ${String(error)}` }] };
  }
  return validate(name, copy, name);
}

function validate<N extends keyof Definitions>(
  name: N,
  value: unknown,
  root: string,
): { value: Definitions[N] } | Refusal {
  const first = firstFault(name);
  // ajv has checked it against the definition that the type is read from
  if (first(value)) return { value: value as Definitions[N] };
  let failed = first;
  if (valuesLeft(value, FEW_VALUES) > 0) {
    failed = everyFault(name);
    failed(value);
  }
  const found = violations(failed.errors ?? [], root);
  first.errors = failed.errors = null; // they hold the value
  return { violations: found };
}

// compiled on first use; the schema is generated and tested, so checking it at every start would only cost time
function validators(allErrors: boolean): (name: string) => ValidateFunction {
  let ajv: Ajv2020 | undefined;
  return (name) => {
    if (ajv === undefined) {
      ajv = new Ajv2020({
        strict: true,
        strictRequired: false,
        verbose: true,
        formats,
        validateSchema: false,
        meta: false,
        allErrors,
      });
      ajv.addSchema(a2aV1);
    }
    const compiled = ajv.getSchema(`${a2aV1.$id}#/$defs/${name}`);
    if (compiled === undefined) throw new Error(`no definition ${name}`);
    return compiled;
  };
}

function refuseDepth(value: unknown, root: string): Refusal | undefined {
  if (!isDeeper(value, MOST_LEVELS)) return undefined;
  return { violations: [{ field: root, description: `must not nest deeper than ${MOST_LEVELS} levels` }] };
}

// lists by index and objects by for-in: Object.values and for-of take seconds for millions of entries
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (isDeeper(value[i], levels - 1)) return true;
  } else {
    // for-in gives own and inherited keys of the object it walks
    for (const key in value) if (isDeeper(value[key as keyof typeof value], levels - 1)) return true;
  }
  return false;
}

/** What remains of a budget after taking one for the value and each value inside; counting stops once it is spent. */
function valuesLeft(value: unknown, budget: number): number {
  let left = budget - 1;
  if (typeof value !== 'object' || value === null) return left;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length && left > 0; i++) left = valuesLeft(value[i], left);
  } else {
    for (const key in value) {
      if (left <= 0) break;
      left = valuesLeft(value[key as keyof typeof value], left);
    }
  }
  return left;
}
