import fc from 'fast-check';
import { a2aV1 } from '../../lib/protocol/v1.schema.ts';
import type { Schema } from '../../lib/protocol/protojson.ts';

type Defs = Readonly<Record<string, Schema>>;

const v1Defs: Defs = a2aV1.$defs;

export const definitionNames = Object.keys(a2aV1.$defs) as (keyof typeof a2aV1.$defs)[];

/** Valid values of a definition in canonical spelling. */
export function canonicalValue(name: string, defs: Defs = v1Defs): fc.Arbitrary<unknown> {
  return valueOf(definition(name, defs), defs);
}

function valueOf(schema: Schema, defs: Defs): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return canonicalValue(schema.$ref.slice('#/$defs/'.length), defs);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.discriminator) return unionOf(schema, schema.discriminator.propertyName, defs);
  if (schema.properties) return messageOf(schema, schema.properties, defs);
  if (schema.items) {
    return fc.array(valueOf(schema.items, defs), { minLength: 'minItems' in schema ? 1 : 0, maxLength: 3 });
  }
  if (schema.additionalProperties) {
    return fc.dictionary(fc.string(), valueOf(schema.additionalProperties, defs), {
      maxKeys: 2,
      noNullPrototype: true,
    });
  }
  return scalarOf(schema);
}

function scalarOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.format === 'byte') return fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64'));
  if (schema.format === 'date-time') return timestamp();
  if (schema.type === 'integer') {
    return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 0 });
  }
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'string') return fc.string({ minLength: 'minLength' in schema ? 1 : 0 });
  if (schema.type === 'object') return fc.dictionary(fc.string(), json(), { noNullPrototype: true });
  return json();
}

// JSON.stringify writes minus zero as zero
function json(): fc.Arbitrary<unknown> {
  return fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
}

function unionOf({ oneOf = [] }: Schema, tag: string, defs: Defs): fc.Arbitrary<unknown> {
  const members = oneOf.map(({ $ref = '' }) => {
    const member = definition($ref.slice('#/$defs/'.length), defs);
    return messageOf(
      { ...member, required: [...(member.required ?? []), tag] },
      member.properties ?? {},
      defs,
    );
  });
  return fc.oneof(...members);
}

function messageOf(schema: Schema, properties: Defs, defs: Defs): fc.Arbitrary<unknown> {
  const choices = (schema.oneOf ?? []).flatMap(({ required = [] }) => required);
  const record = (chosen: readonly string[]): fc.Arbitrary<unknown> => {
    const kept = Object.entries(properties).filter(([key]) => !choices.includes(key) || chosen.includes(key));
    return fc.record(Object.fromEntries(kept.map(([key, of]) => [key, valueOf(of, defs)])), {
      requiredKeys: [...new Set([...(schema.required ?? []), ...chosen])],
      noNullPrototype: true,
    });
  };
  return choices.length === 0 ? record([]) : fc.oneof(...choices.map((choice) => record([choice])));
}

function timestamp(): fc.Arbitrary<string> {
  const day = fc.date({
    min: new Date('0002-01-01T00:00:00Z'),
    max: new Date('9998-12-31T23:59:59Z'),
    noInvalidDate: true,
  });
  const fraction = fc.oneof(fc.constant(''), fc.stringMatching(/^\.[0-9]{1,9}$/));
  return fc.tuple(day, fraction).map(([date, digits]) => `${date.toISOString().slice(0, 19)}${digits}Z`);
}

/** The same value as other ProtoJSON writers might spell it; the seed decides what is spelled how. */
export function respell(name: string, value: unknown, seed: number): unknown {
  let state = seed >>> 0;
  const coin = (): boolean => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state > 0x7fffffff;
  };
  return respellAs(definition(name), value, coin);
}

function respellAs(schema: Schema, value: unknown, coin: () => boolean): unknown {
  if (schema.$ref !== undefined)
    return respellAs(definition(schema.$ref.slice('#/$defs/'.length)), value, coin);
  const { properties, items, additionalProperties } = schema;
  if (properties) return respellFields(properties, value as Record<string, unknown>, coin);
  if (items) return (value as unknown[]).map((item) => respellAs(items, item, coin));
  if (additionalProperties) {
    const entries = Object.entries(value as object).map(([key, of]: [string, unknown]) => {
      return [key, respellAs(additionalProperties, of, coin)] as const;
    });
    return Object.fromEntries(entries);
  }
  return coin() ? otherSpelling(schema, value) : value;
}

function otherSpelling(schema: Schema, value: unknown): unknown {
  if (schema.enum) return schema.enum.indexOf(value as string) + 1;
  if (schema.type === 'integer') return String(value);
  if (schema.format === 'byte') {
    return (value as string).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  }
  if (schema.format === 'date-time') {
    const text = value as string;
    const later = new Date(Date.parse(`${text.slice(0, 19)}Z`) + 5.5 * 3_600_000);
    return `${later.toISOString().slice(0, 19)}${text.slice(19, -1)}+05:30`;
  }
  return value;
}

function respellFields(
  properties: Readonly<Record<string, Schema>>,
  value: Readonly<Record<string, unknown>>,
  coin: () => boolean,
): unknown {
  const out: Record<string, unknown> = {};
  if (coin()) out['no field of ours'] = { text: 5 };
  for (const [name, schema] of Object.entries(properties)) {
    const key = coin() ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : name;
    if (Object.hasOwn(value, name)) out[key] = respellAs(schema, value[name], coin);
    // null is a value where any JSON value is
    else if (coin() && (schema.type ?? schema.$ref) !== undefined) out[key] = null;
  }
  return out;
}

function definition(name: string, defs: Defs = v1Defs): Schema {
  const schema = defs[name];
  if (schema === undefined) throw new Error(`no definition ${name}`);
  return schema;
}
