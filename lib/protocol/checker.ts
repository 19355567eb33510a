import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { FieldViolation } from './errors.ts';
import { formats } from './formats.ts';
import { canonical, readers, type Schema, type Spelling } from './protojson.ts';
import { violations } from './violations.ts';

/** Why a value was refused: a path and a description per fault, at most 20. */
export interface Refusal {
  readonly violations: readonly FieldViolation[];
}

/** A generated bundle of definitions. */
export interface Bundle {
  readonly $id: string;
  readonly $defs: Readonly<Record<string, Schema>>;
}

/** Reads values as the definitions of a bundle say. `D` has the type of each definition by its name. */
export interface Checker<D> {
  /**
   * Gives a value that came from a peer in canonical form, or what is wrong with it. The result is a fresh object,
   * except for free-form values (`metadata`, `data`), and leaves out fields that the definition does not know.
   * `root` is the field name for faults of the value as a whole.
   */
  readonly read: <N extends keyof D & string>(
    name: N,
    given: unknown,
    root?: string,
  ) => { value: D[N] } | Refusal;
  /**
   * Gives a copy of a value that code in this process made, or what is wrong with it; the wire form only. A field that
   * is undefined is absent, and free-form values become what JSON.stringify writes of them.
   */
  readonly check: <N extends keyof D & string>(name: N, value: unknown) => { value: D[N] } | Refusal;
}

// where protobuf parsers stop; JSON.stringify overflows the stack a few thousand levels down
const MOST_LEVELS = 100;
// listing every fault of a huge value costs far more than reading it, so beyond this many values the first has to do
const FEW_VALUES = 500;

/** Makes the checker of a bundle. `spelling` is what peers may write. Definitions are compiled on first use. */
export function createChecker<D>(bundle: Bundle, spelling: Spelling): Checker<D> {
  const readPeer = readers(bundle.$defs, spelling);
  const readOwn = readers(bundle.$defs, canonical);
  const firstFault = validators(bundle, false);
  const everyFault = validators(bundle, true);

  function validate<N extends keyof D & string>(
    name: N,
    value: unknown,
    root: string,
  ): { value: D[N] } | Refusal {
    const first = firstFault(name);
    // ajv has checked it against the definition that the type is read from
    if (first(value)) return { value: value as D[N] };
    let failed = first;
    if (valuesLeft(value, FEW_VALUES) > 0) {
      failed = everyFault(name);
      failed(value);
    }
    const found = violations(failed.errors ?? [], root);
    first.errors = failed.errors = null; // they hold the value
    return { violations: found };
  }

  return {
    read: (name, given, root = name) =>
      refuseDepth(given, root) ?? validate(name, readPeer(name)(given), root),
    check(name, value) {
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
    },
  };
}

// the schema is generated and tested, so checking it at every start would only cost time
function validators(bundle: Bundle, allErrors: boolean): (name: string) => ValidateFunction {
  let ajv: Ajv2020 | undefined;
  const known = new Map<string, ValidateFunction>();
  return (name) => {
    const made = known.get(name);
    if (made !== undefined) return made;
    if (ajv === undefined) {
      ajv = new Ajv2020({
        strict: true,
        strictRequired: false,
        discriminator: true,
        verbose: true,
        formats,
        validateSchema: false,
        meta: false,
        allErrors,
      });
      ajv.addSchema(bundle);
    }
    const compiled = ajv.getSchema(`${bundle.$id}#/$defs/${name}`);
    if (compiled === undefined) throw new Error(`no definition ${name}`);
    known.set(name, compiled);
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
