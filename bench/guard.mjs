// node bench/guard.mjs [--write]
//
// Counts what the hot path does: calls, promises, bytes. None of it depends on how fast or busy the machine is. Compares
// with bench/guard/limits.json and fails where something has grown; `--write` stores the counts of now with some room.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { judge, limitsFor } from './guard/judge.mjs';
import { measureAll } from './guard/measure.mjs';

const LIMITS = join(import.meta.dirname, 'guard/limits.json');
// so much room that nothing is collected while allocation is measured
const FLAGS = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256'];

const { values: args } = parseArgs({ options: { write: { type: 'boolean', default: false } } });

if (globalThis.gc === undefined) {
  const root = join(import.meta.dirname, '..');
  const build = spawnSync(process.execPath, [join(root, '.ci/build.mjs'), '--if-needed'], {
    stdio: 'inherit',
  });
  const run = [...FLAGS, import.meta.filename, ...process.argv.slice(2)];
  process.exit(build.status === 0 ? spawnSync(process.execPath, run, { stdio: 'inherit' }).status : 1);
}

const counts = await measureAll();
if (args.write) writeFileSync(LIMITS, `${JSON.stringify(limitsFor(counts), null, 2)}\n`);
const { lines, failures } = judge(counts, JSON.parse(readFileSync(LIMITS, 'utf8')));
for (const line of lines) console.log(line);
for (const failure of failures) console.error(`GROWN: ${failure}`);
process.exit(failures.length > 0 ? 1 : 0);
