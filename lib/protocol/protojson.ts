import { standardBase64, timestampInUtc } from './formats.ts';

/** The part of JSON Schema that the generator emits. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly oneOf?: readonly Schema[];
  /** Which property tells the members of `oneOf` apart; each has a constant there. */
  readonly discriminator?: { readonly propertyName: string };
}

/** Gives a value in the one spelling that the schema knows; undefined is an absent field. Never changes what it reads. */
export type Reader = (value: unknown) => unknown;

/** Which spellings a reader takes. Whatever is wrong in any other way passes through, for validation to complain about. */
export interface Spelling {
  /** The names under which a field may come; one that is its JSON name wins. */
  readonly names: (jsonName: string) => readonly string[];
  /** Whether a field of such a value counts as absent; `isFree` where the schema takes any JSON value. */
  readonly isAbsent: (value: unknown, isFree: boolean) => boolean;
  readonly scalar: (schema: Schema, definition: string) => Reader;
}

/**
 * What ProtoJSON parsers take from a peer: null and the zero of an enum are an absent field, names may be the
 * original snake_case, enums may come by number, integers as text, bytes in either alphabet and unpadded, timestamps
 * with any offset. Free-form values stay the object they were.
 */
export const protoJson: Spelling = {
  names: (jsonName) => [jsonName, jsonName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)],
  isAbsent: (value, isFree) => value === undefined || (value === null && !isFree),
  scalar: (schema, definition) => {
    if (schema.enum) return enumeration(schema.enum, definition);
    if (schema.format === 'byte') return bytes;
    if (schema.format === 'date-time') return timestamp;
    return schema.type === 'integer' ? integer : same;
  },
};

/**
 * What code in this process may hand over: the wire form, with undefined for an absent field. Free-form values are
 * copied the way JSON.stringify would write them, so that a later change of theirs does not reach the copy.
 */
export const canonical: Spelling = {
  names: (jsonName) => [jsonName],
  isAbsent: (value) => value === undefined,
  scalar: (schema) => (isFreeForm(schema) ? jsonCopy : same),
};

/** Readers of the definitions of a bundle, made on first use. They leave out fields that the schema does not know (§5.7). */
export function readers(
  defs: Readonly<Record<string, Schema>>,
  spelling: Spelling,
): (definition: string) => Reader {
  const made = new Map<string, Reader>();

  function named(definition: string): Reader {
    const known = made.get(definition);
    if (known) return known;
    const schema = defs[definition];
    if (schema === undefined) throw new Error(`no definition ${definition}`);
    const fresh = reader(schema, definition);
    made.set(definition, fresh);
    return fresh;
  }

  function reader(schema: Schema, definition = ''): Reader {
    if (schema.$ref !== undefined) return named(schema.$ref.slice('#/$defs/'.length));
    if (schema.discriminator) return union(schema.discriminator.propertyName, schema.oneOf ?? []);
    if (schema.properties) return message(schema.properties);
    if (schema.items) return list(reader(schema.items));
    if (schema.additionalProperties) return map(reader(schema.additionalProperties));
    return spelling.scalar(schema, definition);
  }

  function message(properties: Readonly<Record<string, Schema>>): Reader {
    const fields = new Map<string, Field>();
    for (const [name, schema] of Object.entries(properties)) {
      const isFree = schema.type === undefined && schema.$ref === undefined;
      const field: Field = { name, read: reader(schema), isFree };
      for (const spelled of spelling.names(name)) fields.set(spelled, field);
    }
    return (value) => (isObject(value) ? readFields(value, fields, spelling) : value);
  }

  function union(by: string, members: readonly Schema[]): Reader {
    const byTag = new Map<unknown, Reader>();
    for (const { $ref = '' } of members) {
      const name = $ref.slice('#/$defs/'.length);
      byTag.set(defs[name]?.properties?.[by]?.const, named(name));
    }
    return (value) => (isObject(value) ? (byTag.get(value[by])?.(value) ?? value) : value);
  }

  return named;
}

interface Field {
  readonly name: string;
  readonly read: Reader;
  readonly isFree: boolean;
}

function readFields(value: Json, fields: ReadonlyMap<string, Field>, spelling: Spelling): Json {
  const out: Json = {};
  for (const key of Object.keys(value)) {
    const field = fields.get(key);
    if (field === undefined || spelling.isAbsent(value[key], field.isFree)) continue;
    if (key !== field.name && Object.hasOwn(value, field.name)) continue;
    const read = field.read(value[key]);
    if (read !== undefined) out[field.name] = read;
  }
  return out;
}

type Json = Record<string, unknown>;

/** Whether a value is an object in the sense of JSON: no list, not null. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFreeForm({ type, properties, additionalProperties }: Schema): boolean {
  return type === undefined || (type === 'object' && !properties && !additionalProperties);
}

function same(value: unknown): unknown {
  return value;
}

function list(item: Reader): Reader {
  return (value) => (Array.isArray(value) ? value.map((element) => item(element)) : value);
}

function map(item: Reader): Reader {
  return (value) => {
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, item(of)]));
  };
}

function enumeration(names: readonly string[], definition: string): Reader {
  const zero = `${definition.replace(/(?<=[a-z])[A-Z]/g, '_$&').toUpperCase()}_UNSPECIFIED`;
  return (value) => {
    if (value === 0 || value === zero) return undefined;
    return typeof value === 'number' ? (names[value - 1] ?? value) : value;
  };
}

function integer(value: unknown): unknown {
  const read = typeof value === 'string' && /^-?(?:0|[1-9]\d{0,9})$/.test(value) ? Number(value) : value;
  return read === 0 ? 0 : read; // minus zero is zero
}

function bytes(value: unknown): unknown {
  return typeof value === 'string' ? standardBase64(value) : value;
}

function timestamp(value: unknown): unknown {
  return typeof value === 'string' ? (timestampInUtc(value) ?? value) : value;
}

function jsonCopy(value: unknown): unknown {
  if (typeof value === 'string') return value;
  // functions and symbols have no JSON, which the type of stringify does not say
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? undefined : JSON.parse(text);
}
