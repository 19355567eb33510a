import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { formats } from './formats.ts';
import { readers } from './protojson.ts';
import type { Methods } from './v1.ts';
import { a2aV1, a2aV1Methods } from './v1.schema.ts';
import { violations, type FieldViolation } from './violations.ts';


type Bundle = { readonly $id: string; readonly $defs: Parameters<typeof readers>[0] };

export type Checked<T> = { params: T } | { violations: FieldViolation[] };
export type Check<M> = <N extends keyof M & string>(method: N, given: unknown) => Checked<M[N] extends { params: infer P } ? P : never>;

/** Nesting at which protobuf parsers stop; JSON.stringify overflows the stack a few thousand levels down. */
const DEPTH = 100;
/** Listing every fault of a huge request costs more than the request, so beyond this size the first one has to do. */
const NODES = 500;

export const checkV1: Check<Methods> = checker(a2aV1, a2aV1Methods);

/** Gives the parameters of a call in canonical form, or what is wrong with them. */
function checker(bundle: Bundle, methods: Readonly<Record<string, { params: string }>>) {
  // The schemas are generated and tested, so checking them again at every start would only cost time.
  const options = { strict: true, strictRequired: false, discriminator: true, verbose: true, formats, validateSchema: false, meta: false } as const;
  const first = new Ajv2020(options).addSchema(bundle);
  const all = new Ajv2020({ ...options, allErrors: true }).addSchema(bundle);
  const read = readers(bundle.$defs);
  const validator = (ajv: Ajv2020, name: string): ValidateFunction => ajv.getSchema(`${bundle.$id}#/$defs/${name}`)!;

  return (method: string, given: unknown): Checked<never> => {
    if (depthOver(given, DEPTH)) return { violations: [{ field: 'params', description: `must not nest deeper than ${DEPTH} levels` }] };
    const { params: name } = methods[method]!;
    const params = read(name)(given);
    if (validator(first, name)(params)) return { params: params as never };
    const validate = validator(nodes(given, NODES) > 0 ? all : first, name);
    validate(params);
    return { violations: violations(validate.errors!) };
  };
}

function depthOver(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return limit === 0 || children(value).some((child) => depthOver(child, limit - 1));
}

/** What remains of a budget after taking one for each value inside; the count stops once it is spent. */
function nodes(value: unknown, budget: number): number {
  let left = budget - 1;
  if (typeof value !== 'object' || value === null) return left;
  for (const child of children(value)) {
    if (left <= 0) break;
    left = nodes(child, left);
  }
  return left;
}

const children = (value: object): unknown[] => (Array.isArray(value) ? value : Object.values(value));
