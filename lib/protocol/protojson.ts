import { isAnyBase64, isBase64, isRfc3339 } from './formats.ts';

/**
 * Brings a JSON value into the one spelling the schema knows, out of those ProtoJSON readers accept:
 * null and the zero enum value mean an absent field, field names may be the original snake_case,
 * enums and integers may come as number or numeric string, bytes in either base64 alphabet and
 * without padding, timestamps in any time zone. Unknown fields are left out.
 * Values that are wrong in any other way pass through, for validation to complain about.
 */
export type Reader = (value: unknown) => unknown;

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly discriminator?: { readonly propertyName: string };
  readonly oneOf?: readonly Schema[];
}

type Json = Record<string, unknown>;

const ABSENT = Symbol('absent');

/** A reader for the definition of the given name. */
export function readers(defs: Readonly<Record<string, Schema>>): (name: string) => Reader {
  const made = new Map<string, Reader>();
  const target = (schema: Schema) => schema.$ref!.slice('#/$defs/'.length);

  function named(name: string): Reader {
    const known = made.get(name) ?? reader(defs[name]!);
    made.set(name, known);
    return known;
  }

  function reader(schema: Schema): Reader {
    if (schema.$ref) return named(target(schema));
    if (schema.discriminator) return union(schema.discriminator.propertyName, schema.oneOf!.map(target));
    if (schema.properties) return message(schema.properties);
    if (schema.items) return list(reader(schema.items));
    if (schema.additionalProperties) return map(reader(schema.additionalProperties));
    if (schema.enum) return enumeration(schema.enum);
    if (schema.format === 'byte') return bytes;
    if (schema.format === 'date-time') return timestamp;
    return schema.type === 'integer' ? integer : same;
  }

  function message(properties: Readonly<Record<string, Schema>>): Reader {
    const fields = new Map<string, { name: string; read: Reader; nullable: boolean }>();
    for (const [name, schema] of Object.entries(properties)) {
      const field = { name, read: reader(schema), nullable: !schema.type && !schema.$ref && !schema.const };
      fields.set(name, field);
      fields.set(name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), field);
    }
    return (value) => {
      if (!isObject(value)) return value;
      const out: Json = {};
      for (const key of Object.keys(value)) {
        const field = fields.get(key);
        if (!field || (value[key] === null && !field.nullable)) continue;
        if (key !== field.name && Object.hasOwn(value, field.name)) continue; // the JSON name wins over the original one
        const read = field.read(value[key]);
        if (read !== ABSENT) out[field.name] = read;
      }
      return out;
    };
  }

  function union(tag: string, names: readonly string[]): Reader {
    const byTag = new Map(names.map((name) => [defs[name]!.properties![tag]!.const, named(name)]));
    return (value) => (isObject(value) ? (byTag.get(value[tag] as string) ?? same)(value) : value);
  }

  return named;
}

const same: Reader = (value) => value;

const list = (item: Reader): Reader => (item === same ? same : (value) => (Array.isArray(value) ? value.map(item) : value));

const map = (item: Reader): Reader => (item === same ? same : (value) =>
  isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, v]) => [key, item(v)])) : value);

const enumeration = (names: readonly string[]): Reader => (value) =>
  value === 0 || (typeof value === 'string' && value.endsWith('_UNSPECIFIED')) ? ABSENT
  : typeof value === 'number' ? (names[value - 1] ?? value)
  : value;

const integer: Reader = (value) => (typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value);

const bytes: Reader = (value) =>
  typeof value === 'string' && !isBase64(value) && isAnyBase64(value) ? Buffer.from(value, 'base64').toString('base64') : value;

const timestamp: Reader = (value) =>
  typeof value === 'string' && !value.endsWith('Z') && isRfc3339(value) ? new Date(value).toISOString() : value;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
