// @ts-check
import { messages, routes } from './model.mjs';

/**
 * @typedef {import('./model.mjs').Model} Model
 * @typedef {import('./json-schema.mjs').Schema} Schema
 * @typedef {import('./json-schema.mjs').Bundle} Bundle
 *
 * @typedef {{
 *   model: Model,
 *   schema: Bundle,
 *   constant: string,
 *   source: string,
 *   schemaFile: string,
 *   inferFile: string,
 * }} Output constant: name of the exported schema; source: the definition; schemaFile, inferFile: the modules of the
 *   schema and of the type helpers, as the types import them
 */

/**
 * The schema as an `as const` module; descriptions turn into comments, which editors show.
 *
 * @param {Output} output
 */
export function schemaModule({ model, schema, constant, source }) {
  const defs = Object.entries(schema.$defs).map(([name, def]) => entry(name, def, '    '));
  const hasOlder = Object.values(model.methods).some(({ older }) => older !== undefined);
  const methods = Object.entries(model.methods).map(([name, { params, result, stream = false, older }]) => {
    const text = { params, result, stream, ...(hasOlder && { older: older ?? null }) };
    return `  ${propertyName(name)}: ${literal(text)},`;
  });
  return `${banner(source)}
/** ${comment(schema.title)}. */
export const ${constant} = {
  $schema: ${literal(schema.$schema)},
  $id: ${literal(schema.$id)},
  $defs: {
${defs.join('\n')}
  },
} as const;

/** The JSON-RPC methods: the definitions of what they take and return${hasOlder ? ', and the name they had in A2A 0.3' : ''}. */
export const ${constant}Methods = {
${methods.join('\n')}
} as const;
`;
}

/**
 * The HTTP rules of the methods; without the schema, as clients need no more.
 *
 * @param {Output} output
 */
export function routesModule({ model, constant, source }) {
  const lines = routes(model).map(({ method, verb, path }) => `  ${literal({ method, verb, path })},`);
  return `${banner(source)}
/** Where each method is in the HTTP+JSON binding (§11.3), first the one that clients use; \`{name}\` is a parameter. */
export const ${constant}Routes = [
${lines.join('\n')}
] as const;
`;
}

/**
 * What definitions and their fields are, for descriptions of the API; apart from the schema, which clients and validators load.
 *
 * @param {Output} output
 */
export function docsModule({ schema, constant, source }) {
  const lines = Object.entries(schema.$defs).flatMap(([name, { description, properties = {} }]) => [
    [name, description],
    ...Object.entries(properties).map(([field, of]) => [`${name}.${field}`, of.description]),
  ]);
  const entries = lines.map(([name = '', text]) => `  ${literal(name)}: ${literal(comment(text))},`);
  return `${banner(source)}
/** What each definition is, and each field as \`Definition.field\`. */
export const ${constant}Docs: Readonly<Record<string, string>> = {
${entries.join('\n')}
};
`;
}

/**
 * A named type per definition, read off the schema by json-schema-to-ts.
 *
 * @param {Output} output
 */
export function typesModule({ model, schema, constant, source, schemaFile, inferFile }) {
  const oneofs = new Map(messages(model).map(({ name, oneof }) => [name, oneof]));
  const names = Object.keys(schema.$defs);
  const types = Object.entries(schema.$defs).map(([name, def]) => {
    const union = model.unions?.[name];
    const text = union
      ? `export type ${name} = ${union.of.join(' | ')};`
      : declaration(name, def, oneofs.get(name) ?? []);
    return `/** ${comment(def.description)} */\n${text}`;
  });
  const methods = Object.entries(model.methods).map(([name, { params, result, stream = false }]) => {
    return `  ${propertyName(name)}: { params: ${params}; result: ${result}; stream: ${stream} };`;
  });
  return `${banner(source)}import type { Infer, OneOf, Ref } from '${inferFile}';
import type { ${constant} } from '${schemaFile}';

type Defs = typeof ${constant}.$defs;

${types.join('\n\n')}

/** The type of each definition, by its name. */
export interface Definitions {
${names.map((name) => `  ${name}: ${name};`).join('\n')}
}

/** What each JSON-RPC method takes and returns. */
export interface Methods {
${methods.join('\n')}
}
`;
}

/**
 * @param {string} name
 * @param {Schema} def
 * @param {string[]} oneof
 */
function declaration(name, def, oneof) {
  if (def.properties && Object.keys(def.properties).length === 0)
    return `export type ${name} = Record<string, never>;`;
  const refs = references(def).map((ref) => `Ref<'${ref}', ${ref}>`);
  const inferred = `Infer<Defs, '${name}'${refs.length > 0 ? `, [${refs.join(', ')}]` : ''}>`;
  if (oneof.length > 0) {
    return `export type ${name} = OneOf<${inferred}, ${oneof.map((member) => `'${member}'`).join(' | ')}>;`;
  }
  // an interface keeps its name in editors and messages, an alias of an object type does not
  return def.properties
    ? `export interface ${name} extends ${inferred} {}`
    : `export type ${name} = ${inferred};`;
}

/**
 * Names a definition refers to, each once.
 *
 * @param {Schema} schema
 * @returns {string[]}
 */
function references(schema) {
  const children = [schema.items, schema.additionalProperties, ...Object.values(schema.properties ?? {})];
  const own = schema.$ref === undefined ? [] : [schema.$ref.slice('#/$defs/'.length)];
  return [...new Set([...own, ...children.flatMap((child) => (child ? references(child) : []))])];
}

/**
 * @param {string} name
 * @param {Schema} schema
 * @param {string} indent
 * @returns {string}
 */
function entry(name, { description, ...schema }, indent) {
  const doc = description === undefined ? '' : `${indent}/** ${comment(description)} */\n`;
  const fields = Object.entries(schema.properties ?? {});
  if (fields.length === 0) return `${doc}${indent}${name}: ${literal(schema)},`;
  const lines = Object.entries(schema).map(([key, value]) => {
    if (key !== 'properties') return `${indent}  ${key}: ${literal(value)},`;
    const inner = fields.map(([field, of]) => entry(field, of, `${indent}    `));
    return `${indent}  properties: {\n${inner.join('\n')}\n${indent}  },`;
  });
  return `${doc}${indent}${name}: {\n${lines.join('\n')}\n${indent}},`;
}

/** @param {string} name */
function propertyName(name) {
  return /^\w+$/.test(name) ? name : literal(name);
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function literal(value) {
  if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&')}'`;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).map(([key, of]) => `${key}: ${literal(of)}`);
  return fields.length > 0 ? `{ ${fields.join(', ')} }` : '{}';
}

/** @param {string | undefined} text */
function comment(text) {
  if (text === undefined || text.includes('*/')) throw new Error(`no comment can be made of ${text}`);
  return text;
}

/** @param {string} source */
function banner(source) {
  return `// Generated from ${source} by \`npm run generate\`; edit that file instead.\n`;
}
