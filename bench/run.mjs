// npm run bench [-- --quick] [--servers a,b] [--workloads x,y] [--rounds N] [--list]
//
// Runs every workload over every server in alternation, prints the table and, for a whole run, writes bench/results.md.
// The servers are held to core 0, the load generator (this process) to core 1. Needs Linux: CPU is read from /proc.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from './lib/machine.mjs';
import { asMarkdown, asText, figures, notes, targetTable } from './lib/report.mjs';
import { sampleWorkload } from './lib/sampling.mjs';
import { pinGenerator } from './lib/server-process.mjs';
import { NORMAL, QUICK } from './lib/workload.mjs';
import { workloads } from './workloads/index.mjs';

// the first three in all workloads, the others where a sample is cheap
const MAIN = ['express-a2a', 'a2ajs', 'floor-express'];
const EXTRA = ['express-a2a-before', 'floor-express-ownbody', 'floor-http'];
const ROOT = join(import.meta.dirname, '..');
const COMPARED = ['express', '@a2a-js/sdk'];

const LEGEND = `Medians with their range. The columns ": name" say how many times more express-a2a costs than that server, as the
median of the ratios of each round: above 1 it is worse. CPU is the server process's own, all threads, so it bears a busy
machine far better than rates and milliseconds do: trust it first.`;

const { values: args } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    servers: { type: 'string' },
    workloads: { type: 'string' },
    rounds: { type: 'string' },
  },
});

if (args.list) for (const { name, title } of workloads) console.log(`${name.padEnd(16)} ${title}`);
else if (process.platform !== 'linux') throw new Error('The benchmark reads /proc: it needs Linux');
else await main();

async function main() {
  build();
  pinGenerator();
  const base = args.quick ? QUICK : NORMAL;
  const sizes = args.rounds === undefined ? base : { ...base, rounds: Number(args.rounds) };
  const chosen = chosenWorkloads();
  const startedAt = new Date();
  const measured = [];
  for (const workload of chosen) {
    process.stderr.write(`${workload.name} `);
    const started = performance.now();
    const samples = await sampleWorkload(workload, serversOf(workload), sizes);
    process.stderr.write(` ${Math.round((performance.now() - started) / 1000)} s\n`);
    measured.push({ ...workload, samples });
  }
  const servers = args.servers?.split(',') ?? (args.quick ? MAIN : [...MAIN, ...EXTRA]);
  const tables = [figures(measured, servers), targetTable(measured)];
  for (const table of tables) console.log(`\n${asText(table)}`);
  console.log(
    `\n${notes(measured).join('\n')}\n\n${LEGEND}\n${machine(startedAt, COMPARED)}; up to ${sizes.rounds} rounds.`,
  );
  if (args.servers !== undefined || args.workloads !== undefined || args.quick) return;
  writeFileSync(join(import.meta.dirname, 'results.md'), page(tables, measured, startedAt, sizes.rounds));
  console.log('written to bench/results.md');
}

function build() {
  const { status } = spawnSync(process.execPath, [join(ROOT, '.ci/build.mjs'), '--if-needed'], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
}

function chosenWorkloads() {
  if (args.workloads === undefined) return workloads;
  return args.workloads.split(',').map((name) => {
    const found = workloads.find((workload) => workload.name === name);
    if (found === undefined) throw new Error(`There is no workload ${name}: --list shows them`);
    return found;
  });
}

/** @param {import('./lib/workload.mjs').Workload} workload */
function serversOf({ isShort, servers }) {
  if (args.servers !== undefined) return args.servers.split(',');
  if (servers !== undefined) return servers;
  return isShort && !args.quick ? [...MAIN, ...EXTRA] : MAIN;
}

/**
 * @param {import('./lib/report.mjs').Table[]} tables
 * @param {import('./lib/report.mjs').Measured[]} measured
 * @param {Date} startedAt
 * @param {number} rounds
 */
function page([all, reached], measured, startedAt, rounds) {
  if (all === undefined || reached === undefined) throw new Error('no tables');
  const list = (/** @type {string[]} */ lines) => lines.map((line) => `- ${line}`).join('\n');
  return [
    '# Results',
    `Written by \`npm run bench\`; [README.md](README.md) tells what is measured and how to read it, [notes.md](notes.md) what each
step towards these figures cost and won.`,
    `${machine(startedAt, COMPARED)}; up to ${rounds} rounds.`,
    `## Targets\n\n${asMarkdown(reached)}`,
    `## Figures\n\n${LEGEND}\n\n${asMarkdown(all)}`,
    `## Workloads\n\n${list(measured.map(({ name, title }) => `${name}: ${title}`))}`,
    `## Notes of the run\n\n${list(notes(measured))}\n`,
  ].join('\n\n');
}
