import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { requirements } from './requirements.ts';

const sources = readdirSync('__tests__', { recursive: true, encoding: 'utf8' })
  .filter((path) => /(\.test|-cases)\.ts$/.test(path) && path !== 'requirements.test.ts')
  .map((path) => readFileSync(join('__tests__', path), 'utf8'));
const cited = new Set(
  sources
    .flatMap((source) => [...source.matchAll(/\bverifies\(([^)]*)\)/g)])
    .flatMap(([, ids = '']) => [...ids.matchAll(/'([^']+)'/g)].map(([, id = '']) => id)),
);

describe('the requirements of the specification', () => {
  it.each(Object.entries(requirements).filter(([, { later }]) => later === undefined))(
    '%s is shown by a test',
    (id) => {
      expect(cited.has(id)).toBe(true);
    },
  );

  it('are the only ones that tests cite, and those of later are not cited yet', () => {
    const known = Object.entries(requirements).filter(([, { later }]) => later === undefined);
    expect([...cited].filter((id) => !known.some(([name]) => name === id))).toEqual([]);
  });
});
