import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Definitions } from '../../lib/protocol/v1.ts';
import { readDefinition } from '../../lib/protocol/validate.ts';

interface Instance {
  name: string;
  schema: keyof Definitions;
  valid: boolean;
  instance: unknown;
}

const text = readFileSync(join(__dirname, 'fixtures/instances.json'), 'utf8');
const instances = JSON.parse(text) as Instance[];

describe('reading a value that came from a peer', () => {
  it('has 141 cases to go through', () => {
    expect(instances).toHaveLength(141);
  });

  it.each(instances.filter(({ valid }) => valid))('takes $name', ({ schema, instance }) => {
    expect(readDefinition(schema, instance)).toEqual({ value: expect.any(Object) });
  });

  it.each(instances.filter(({ valid }) => !valid))('refuses $name', ({ schema, instance }) => {
    expect(readDefinition(schema, instance)).toEqual({
      violations: expect.arrayContaining([{ field: expect.any(String), description: expect.any(String) }]),
    });
  });
});
