// @ts-check
import { messages } from './model.mjs';

/** @typedef {import('./model.mjs').Model} Model */

const BANNER = (/** @type {string} */ from) => `// Generated from ${from} by \`npm run generate\`; edit that file instead.\n`;

/** The schema as an \`as const\` module; descriptions turn into comments. @param {Model} model @param {any} schema @param {string} constant @param {string} from */
export function schemaModule(model, schema, constant, from) {
  const defs = Object.entries(schema.$defs).map(([name, def]) => entry(name, def, '    ')).join('\n');
  return `${BANNER(from)}
/** ${schema.title}. */
export const ${constant} = {
  $schema: ${literal(schema.$schema)},
  $id: ${literal(schema.$id)},
  $defs: {
${defs}
  },
} as const;

/** The JSON-RPC methods, with the definitions of what they take and return. */
export const ${constant}Methods = {
${Object.entries(model.methods).map(([m, [params, result, stream]]) => `  ${key(m)}: { params: ${literal(params)}, result: ${literal(result)}, stream: ${stream === true} },`).join('\n')}
} as const;
`;
}

/** A type per definition, read off the schema by json-schema-to-ts. @param {Model} model @param {any} schema @param {string} constant @param {string} from @param {string} schemaFile */
export function typesModule(model, schema, constant, from, schemaFile) {
  const oneofs = new Map(messages(model).map((m) => [m.name, m.oneof]));
  const types = Object.entries(schema.$defs).map(([name, def]) => {
    const refs = references(def).map((n) => `Ref<'${n}', ${n}>`);
    const inferred = `Infer<Defs, '${name}'${refs.length ? `, [${refs.join(', ')}]` : ''}>`;
    const oneof = oneofs.get(name);
    const union = model.unions?.[name];
    const declaration = union
      ? `export type ${name} = ${union.of.join(' | ')};`
      : oneof
      ? `export type ${name} = OneOf<${inferred}, ${oneof.map((m) => `'${m}'`).join(' | ')}>;`
      : def.properties ? `export interface ${name} extends ${inferred} {}` : `export type ${name} = ${inferred};`;
    return `/** ${def.description} */\n${declaration}`;
  });
  const helpers = ['Infer', ...(types.some((t) => t.includes('OneOf<')) ? ['OneOf'] : []), 'Ref'].join(', ');
  return `${BANNER(from)}import type { ${helpers} } from './infer.ts';
import type { ${constant} } from './${schemaFile}';

type Defs = typeof ${constant}.$defs;

${types.join('\n\n')}

/** What each JSON-RPC method takes and returns. */
export interface Methods {
${Object.entries(model.methods).map(([m, [params, result, stream]]) => `  ${key(m)}: { params: ${params}; result: ${result}; stream: ${stream === true} };`).join('\n')}
}
`;
}

/** Names a definition refers to. @param {unknown} def @returns {string[]} */
function references(def) {
  const found = new Set();
  JSON.stringify(def, (k, v) => { if (k === '$ref') found.add(v.slice('#/$defs/'.length)); return v; });
  return [...found];
}

/** @param {string} name @param {any} schema @param {string} indent */
function entry(name, { description, ...schema }, indent) {
  const doc = description ? `${indent}/** ${description} */\n` : '';
  const fields = Object.entries(schema).map(([k, v]) => k === 'properties'
    ? `${indent}  properties: {\n${Object.entries(v).map(([n, s]) => entry(n, s, indent + '    ')).join('\n')}\n${indent}  },`
    : `${indent}  ${key(k)}: ${literal(v)},`);
  return schema.properties ? `${doc}${indent}${key(name)}: {\n${fields.join('\n')}\n${indent}},` : `${doc}${indent}${key(name)}: ${literal(schema)},`;
}

/** @param {unknown} value @returns {string} */
function literal(value) {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (value && typeof value === 'object') {
    const fields = Object.entries(value).map(([k, v]) => `${key(k)}: ${literal(v)}`);
    return fields.length ? `{ ${fields.join(', ')} }` : '{}';
  }
  return typeof value === 'string' ? `'${value.replace(/[\\']/g, '\\$&')}'` : String(value);
}

/** @param {string} name */
const key = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name));
