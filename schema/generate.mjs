// @ts-check
/**
 * Writes the JSON Schema bundle and the TypeScript modules of every model.
 * `node schema/generate.mjs` writes; `node schema/generate.mjs --check` only reports stale files.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import v1 from './a2a.v1.mjs';
import { jsonSchema } from './json-schema.mjs';
import { schemaModule, typesModule } from './typescript.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const outputs = [v1].flatMap((model) => {
  const from = `schema/${model.id}.mjs`;
  const schema = jsonSchema(model);
  const version = model.id.replace('a2a.', '').replace('.', '_');
  const constant = `a2a_${version}`.replace(/_([a-z])/g, (_, c) => c.toUpperCase());
  return /** @type {[string, string][]} */ ([
    [`schema/${model.id}.schema.json`, JSON.stringify(schema, null, 2) + '\n'],
    [`lib/protocol/${version}.schema.ts`, schemaModule(model, schema, constant, from)],
    [`lib/protocol/${version}.ts`, typesModule(model, schema, constant, from, `${version}.schema.ts`)],
  ]);
});

const stale = outputs.filter(([file, text]) => read(join(root, file)) !== text);
if (process.argv.includes('--check')) {
  for (const [file] of stale) console.error(`stale: ${file}`);
  process.exitCode = stale.length ? 1 : 0;
} else {
  for (const [file, text] of stale) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  console.log(stale.length ? `wrote ${stale.map(([file]) => file).join(', ')}` : 'up to date');
}

/** @param {string} file */
function read(file) {
  try { return readFileSync(file, 'utf8'); } catch { return null; }
}
