import { createChecker, type Refusal } from './checker.ts';
import { isObject, protoJson } from './protojson.ts';
import { a2aV1, a2aV1Methods } from './v1.schema.ts';
import type { Definitions, Methods } from './v1.ts';

const checker = createChecker<Definitions>(a2aV1, protoJson);

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
  if (!isObject(params)) return NO_OBJECT;
  const checked = checker.read(a2aV1Methods[method].params, params, 'params');
  return 'violations' in checked ? checked : { params: checked.value };
}

/** Why parameters are refused that are a list, a text or a number. */
export const NO_OBJECT: Refusal = {
  violations: [{ field: 'params', description: 'must be an object with the parameters by name' }],
};

/**
 * Gives a value that came from a peer in canonical form, or what is wrong with it; reads as checkV1 does.
 *
 * `root` is the field name for faults of the value as a whole.
 */
export const readDefinition = checker.read;

/**
 * Gives a copy of a value that code in this process made, or what is wrong with it. For what agents emit and for cards.
 *
 * Takes the wire form only: no null, no numbers for enums, no other names. A field that is undefined is absent. Fields
 * that the protocol does not know are left out, and free-form values (`metadata`, `data`) become what JSON.stringify
 * writes of them: the copy is what clients will see, and stays so when the author changes the original. Faults of the
 * value as a whole have the name of the definition as their field.
 */
export const checkDefinition = checker.check;
