import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

it('the mutants still fit the memory backend, and docs/adapters.md lists them all', () => {
  const script = join(process.cwd(), '.ci/mutants.mjs');
  const said = execFileSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect(said).toMatch(/^\d+ mutants, no objection\n$/);
});
