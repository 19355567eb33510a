import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Schema } from '../../lib/protocol/protojson.ts';
import { a2aV03 } from '../../lib/compat/v03/schema.ts';
import { a2aV1, a2aV1Methods } from '../../lib/protocol/v1.schema.ts';

const root = join(__dirname, '../..');
interface Bundle {
  $schema: string;
  $defs: Record<string, Schema>;
}

function readBundle(id: string): Bundle {
  return JSON.parse(readFileSync(join(root, `schema/${id}.schema.json`), 'utf8')) as Bundle; // of our making
}

function withCopy(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'a2a-schema-'));
  try {
    cpSync(join(root, 'schema'), join(folder, 'schema'), { recursive: true });
    mkdirSync(join(folder, 'lib/protocol'), { recursive: true });
    mkdirSync(join(folder, 'lib/compat/v03'), { recursive: true });
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const outputs = [
  'schema/a2a.v1.schema.json',
  'lib/protocol/v1.schema.ts',
  'lib/protocol/v1.ts',
  'lib/protocol/v1.routes.ts',
  'lib/protocol/v1.docs.ts',
  'lib/compat/v03/schema.ts',
  'lib/compat/v03/types.ts',
];
const modules = outputs.slice(1);

describe('the generator', () => {
  it('writes what is committed', () => {
    withCopy((folder) => {
      rmSync(join(folder, 'schema/a2a.v1.schema.json'));
      const printed = execFileSync(process.execPath, ['schema/generate.mjs'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(printed).toBe(`wrote ${outputs.join(', ')}\n`);
      for (const file of outputs) {
        expect(readFileSync(join(folder, file), 'utf8')).toBe(readFileSync(join(root, file), 'utf8'));
      }
      const again = execFileSync(process.execPath, ['schema/generate.mjs'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(again).toBe('up to date\n');
    });
  });

  it('with --check names stale files and writes none', () => {
    withCopy((folder) => {
      const { status, stderr } = spawnSync(process.execPath, ['schema/generate.mjs', '--check'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(status).toBe(1);
      expect(stderr).toBe(modules.map((file) => `${file} is stale: run \`npm run generate\`\n`).join(''));
    });
    const { status, stderr } = spawnSync(process.execPath, ['schema/generate.mjs', '--check'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it.each([
    ["fields: { a: ['strin', 'd'] }", '', 'M.a: no type strin'],
    ["oneof: { o: ['b'] }, fields: { a: ['string', 'd'] }", '', 'M: oneof member b is no optional field'],
    ["oneof: { o: ['a'] }, fields: { 'a!': ['string', 'd'] }", '', 'M: oneof member a is no optional field'],
    ["oneof: { o: ['a'], p: ['a'] }, fields: { a: ['string', 'd'] }", '', 'M: more than one oneof'],
    ['fields: {}', "A: { params: 'M', result: 'N' }", 'A: no message N'],
    ["fields: { a: ['string', 'd */'] }", '', 'no comment can be made of d */'],
    ["fields: { a: ['map<strin[]>[]', 'd'] }", '', 'M.a: no type strin'],
    ['fields: {}', "A: { params: 'M', result: 'N[]' }", 'A: no message N'],
    ["fields: {} } }, unions: { U: { doc: 'd', by: 'k', of: ['N']", '', 'U: no message N'],
    [
      "fields: {} } }, unions: { U: { doc: 'd', by: 'k', of: ['M']",
      '',
      'M: no constant k tells it from others',
    ],
    [
      "fields: { k: ['string', 'd'] } } }, unions: { U: { doc: 'd', by: 'k', of: ['M']",
      '',
      'M: no constant k tells it from others',
    ],
  ])('refuses the definition %s %s', (message, method, reason) => {
    withCopy((folder) => {
      const definition = `export default { id: 'a2a.v1', title: 't', enums: {}, messages: { M: { doc: 'd', ${message} } }, methods: { ${method} } };`;
      writeFileSync(join(folder, 'schema/a2a.v1.mjs'), definition);
      const { status, stderr } = spawnSync(process.execPath, ['schema/generate.mjs'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(status).toBe(1);
      expect(stderr).toContain(`Error: ${reason}\n`);
    });
  });

  it('refuses an enum whose prefix is not its name', () => {
    withCopy((folder) => {
      const definition = `export default { id: 'a2a.v1', title: 't', enums: { TaskState: { doc: 'd', prefix: 'STATE_', values: { A: 'd' } } }, messages: {}, methods: {} };`;
      writeFileSync(join(folder, 'schema/a2a.v1.mjs'), definition);
      const { stderr } = spawnSync(process.execPath, ['schema/generate.mjs'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(stderr).toContain('Error: TaskState: the prefix of an enum of this name is TASK_STATE_\n');
    });
  });
});

describe.each([
  ['a2a.v1', a2aV1],
  ['a2a.v0.3', a2aV03],
])('the schema %s', (id, known) => {
  const published = readBundle(id);

  it('is valid under the meta-schema of draft 2020-12', () => {
    expect(published.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    const ajv = new Ajv2020({ formats: { byte: true, 'date-time': true }, strictRequired: false });
    expect({ valid: ajv.validateSchema(published), errors: ajv.errors }).toEqual({
      valid: true,
      errors: null,
    });
  });

  it('compiles in strict mode, every definition of it', () => {
    const ajv = new Ajv2020({
      strict: true,
      strictRequired: false,
      discriminator: true,
      formats: { byte: true, 'date-time': true },
    });
    ajv.addSchema(published);
    for (const name of Object.keys(published.$defs)) {
      expect(ajv.getSchema(`${id}#/$defs/${name}`)).toEqual(expect.any(Function));
    }
  });

  it('is published as the types and the validation know it, descriptions aside', () => {
    expect(withoutDescriptions(published.$defs)).toEqual(known.$defs);
  });

  it('describes every definition and every field', () => {
    for (const [name, def] of Object.entries(published.$defs)) {
      expect([name, def]).toEqual([
        name,
        expect.objectContaining({ description: expect.stringMatching(/\.$/) }),
      ]);
      for (const [field, schema] of Object.entries(def.properties ?? {})) {
        expect([name, field, schema]).toEqual([
          name,
          field,
          expect.objectContaining({ description: expect.stringMatching(/\.$/) }),
        ]);
      }
    }
  });
});

describe('the schema of 1.0', () => {
  it('has the messages, fields, enums and methods of the specification, and Empty', () => {
    const specified = readFileSync(join(__dirname, 'fixtures/a2a-v1.txt'), 'utf8').trimEnd().split('\n');
    const ours = Object.entries(readBundle('a2a.v1').$defs).filter(([name]) => name !== 'Empty');
    const lines = [...ours.flatMap(([name, def]) => signature(name, def)), ...methodLines()];
    expect(sorted(lines)).toEqual(sorted(joined(specified)));
  });
});

/** Field lines of the specification with the name of their message in front. */
function joined(lines: readonly string[]): string[] {
  let owner = '';
  return lines.map((line) => {
    if (line.startsWith('message ')) owner = line.slice('message '.length);
    return line.startsWith('  ') ? `${owner}.${line.trim()}` : line;
  });
}

function signature(name: string, def: Schema): string[] {
  if (def.enum) return [`enum ${name}: ${def.enum.join(' ')}`];
  const choices = (def.oneOf ?? []).flatMap(({ required = [] }) => required);
  const fields = Object.entries(def.properties ?? {}).map(([field, schema]) => {
    const required = def.required?.includes(field) ? ' required' : '';
    return `${name}.${field}: ${typeName(schema)}${required}${choices.includes(field) ? ' oneof' : ''}`;
  });
  return [`message ${name}`, ...fields];
}

function typeName({ $ref, type, format, items, additionalProperties }: Schema): string {
  if ($ref !== undefined) return $ref.slice('#/$defs/'.length);
  if (items) return `${typeName(items)}[]`;
  if (additionalProperties) return `map<${typeName(additionalProperties)}>`;
  if (format !== undefined) return format === 'byte' ? 'bytes' : 'Timestamp';
  const names: Record<string, string> = {
    boolean: 'bool',
    integer: 'int32',
    object: 'Struct',
    string: 'string',
  };
  return type === undefined ? 'Value' : (names[type] ?? type);
}

function methodLines(): string[] {
  return Object.entries(a2aV1Methods).map(([name, { params, result, stream }]) => {
    return `rpc ${name}: ${params} -> ${stream ? 'stream ' : ''}${result}`;
  });
}

function sorted(lines: readonly string[]): string[] {
  return [...lines].sort();
}

function withoutDescriptions(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => {
      // a field may be called description, and is an object then
      return key === 'description' && typeof inner === 'string' ? undefined : inner;
    }),
  );
}
