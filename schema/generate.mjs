// @ts-check
/**
 * Writes the JSON Schema bundle and the TypeScript modules of every definition.
 * `node schema/generate.mjs` writes; `node schema/generate.mjs --check` only reports stale files.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import v03 from './a2a.v0.3.mjs';
import v1 from './a2a.v1.mjs';
import { jsonSchema } from './json-schema.mjs';
import { docsModule, routesModule, schemaModule, typesModule } from './typescript.mjs';

const root = new URL('../', import.meta.url);

const outputs = new Map([
  ...generate(v1, {
    constant: 'a2aV1',
    folder: 'lib/protocol',
    schemaFile: 'v1.schema.ts',
    typesFile: 'v1.ts',
    inferFile: './infer.ts',
    routesFile: 'v1.routes.ts',
    docsFile: 'v1.docs.ts',
  }),
  ...generate(v03, {
    constant: 'a2aV03',
    folder: 'lib/compat/v03',
    schemaFile: 'schema.ts',
    typesFile: 'types.ts',
    inferFile: '../../protocol/infer.ts',
  }),
]);
const stale = [...outputs].filter(([file, text]) => read(file) !== text);

if (process.argv.includes('--check')) {
  for (const [file] of stale) console.error(`${file} is stale: run \`npm run generate\``);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [file, text] of stale) writeFileSync(new URL(file, root), text);
  console.log(stale.length > 0 ? `wrote ${stale.map(([file]) => file).join(', ')}` : 'up to date');
}

/**
 * @param {import('./model.mjs').Model} model
 * @param {{ constant: string, folder: string, schemaFile: string, typesFile: string, inferFile: string, routesFile?: string, docsFile?: string }} to
 * @returns {[file: string, text: string][]}
 */
function generate(model, { constant, folder, schemaFile, typesFile, inferFile, routesFile, docsFile }) {
  const schema = jsonSchema(model);
  const source = `schema/${model.id}.mjs`;
  const output = { model, schema, constant, source, schemaFile: `./${schemaFile}`, inferFile };
  /** @type {[file: string, text: string][]} */
  const texts = [
    [`schema/${model.id}.schema.json`, `${JSON.stringify(schema, null, 2)}\n`],
    [`${folder}/${schemaFile}`, schemaModule(output)],
    [`${folder}/${typesFile}`, typesModule(output)],
  ];
  if (routesFile !== undefined) texts.push([`${folder}/${routesFile}`, routesModule(output)]);
  if (docsFile !== undefined) texts.push([`${folder}/${docsFile}`, docsModule(output)]);
  return texts;
}

/** @param {string} file */
function read(file) {
  const path = fileURLToPath(new URL(file, root));
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
