import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const source = readdirSync('lib', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(join('lib', path), 'utf8'))
  .join('\n');
const page = readFileSync('docs/errors.md', 'utf8');

const inSource = new Set(source.match(/\bERR_A2A_[A-Z0-9_]+\b/g));
const entries = [...page.matchAll(/^## (.*)\n\n(.*)/gm)].map(([, code = '', text = '']) => ({ code, text }));

describe('docs/errors.md', () => {
  it('has an entry for each code of the source, and no other', () => {
    expect(entries.map(({ code }) => code)).toEqual([...inSource].sort());
  });

  it('says of each whether it is an error or a warning', () => {
    const silent = entries.filter(({ text }) => !/^\*\*(Error|Warning)(\.\*\*|\*\*, )/.test(text));
    expect(silent).toEqual([]);
  });
});
