import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readV03 } from '../../lib/compat/v03/check.ts';
import { a2aV03 } from '../../lib/compat/v03/schema.ts';
import type { Definitions } from '../../lib/compat/v03/types.ts';
import type { Schema } from '../../lib/protocol/protojson.ts';

const defs: Readonly<Record<string, Schema>> = a2aV03.$defs;

// where ours says otherwise, and what the specification says
const DEPARTURES: Readonly<Record<string, string>> = {
  // every request of its examples leaves it out
  'Message.kind': "'message' required",
  'FilePart.file': 'FileWithBytes|FileWithUri required',
};
// requests without parameters, and the two kinds of a file in one
const OURS = ['NoParams', 'File'];

describe('the schema of 0.3', () => {
  it('has the fields, tags and states of the specification', () => {
    const text = readFileSync(join(__dirname, '../schema/fixtures/a2a-v0.3.txt'), 'utf8');
    const ours = Object.entries(defs).filter(
      ([name, { enum: values }]) => !OURS.includes(name) && (!values || name === 'TaskState'),
    );
    const lines = ours.flatMap(([name, def]) => signature(name, def));
    const unions = ['SendResult', 'StreamEvent'];
    expect(lines.filter((line) => !unions.some((name) => line.startsWith(`${name}:`))).sort()).toEqual(
      joined(text.trimEnd().split('\n')).sort(),
    );
  });
});

interface Instance {
  name: string;
  schema: keyof Definitions;
  valid: boolean;
  instance: unknown;
}

const text = readFileSync(join(__dirname, 'fixtures/instances.json'), 'utf8');
const instances = JSON.parse(text) as Instance[];

describe('reading a value of 0.3', () => {
  it('has 19 cases to go through', () => {
    expect(instances).toHaveLength(19);
  });

  it.each(instances.filter(({ valid }) => valid))('takes $name', ({ schema, instance }) => {
    expect(readV03(schema, instance)).toEqual({ value: expect.any(Object) });
  });

  it.each(instances.filter(({ valid }) => !valid))('refuses $name', ({ schema, instance }) => {
    expect(readV03(schema, instance)).toEqual({
      violations: expect.arrayContaining([{ field: expect.any(String), description: expect.any(String) }]),
    });
  });
});

function joined(lines: readonly string[]): string[] {
  let owner = '';
  return lines.map((line) => {
    if (line.startsWith('message ')) owner = line.slice('message '.length);
    return line.startsWith('  ') ? `${owner}.${line.trim()}` : line;
  });
}

function signature(name: string, def: Schema): string[] {
  if (def.enum) return [`${name}: ${[...def.enum].sort().join(' ')}`];
  if (def.discriminator) return [`${name}: ${(def.oneOf ?? []).map(typeName).sort().join(' ')}`];
  const fields = Object.entries(def.properties ?? {}).map(([field, schema]) => {
    const required = def.required?.includes(field) ? ' required' : '';
    return `${name}.${field}: ${DEPARTURES[`${name}.${field}`] ?? `${typeName(schema)}${required}`}`;
  });
  return [`message ${name}`, ...fields];
}

function typeName({ $ref, type, const: constant, items, additionalProperties }: Schema): string {
  if ($ref !== undefined) {
    const name = $ref.slice('#/$defs/'.length);
    const values = defs[name]?.enum;
    return values && name !== 'TaskState' ? `enum ${[...values].sort().join(' ')}` : name;
  }
  if (constant !== undefined) return `'${constant}'`;
  if (items) return `${typeName(items)}[]`;
  if (additionalProperties) return `map<${typeName(additionalProperties)}>`;
  return type ?? 'any';
}
