// Breaks the memory backend on purpose, in a copy, one way at a time, and fails when a contract suite does not notice.
//
//   node .ci/mutants.mjs                all mutants, each against the cases that must catch it
//   node .ci/mutants.mjs --only <text>  those whose name or file has this text
//   node .ci/mutants.mjs --check        runs nothing: do all replacements still fit, and is docs/adapters.md in step?
//   node .ci/mutants.mjs --write        brings the table in docs/adapters.md in step
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MUTANTS } from './mutant-list.mjs';

/** @typedef {import('./mutant-list.mjs').Mutant & { port: string, test: string }} Planned */
/** @typedef {{ title: string, status: string }} Result */

const root = join(import.meta.dirname, '..');
const docs = join(root, 'docs/adapters.md');
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const OPTIONS = ['--maxWorkers=2', '--silent', '--watchman=false', '--forceExit'];
const LIMIT_MS = 400_000;
/** @type {NodeJS.Signals[]} */
const ENDINGS = ['SIGINT', 'SIGTERM'];
const BEGIN = '<!-- mutants: written by .ci/mutants.mjs --write -->';
const END = '<!-- /mutants -->';

const planned = MUTANTS.flatMap(({ port, test, mutants }) => mutants.map((it) => ({ ...it, port, test })));
const [option, text = ''] = process.argv.slice(2);
const problems = planned.flatMap(checkEdits);
if (option === '--write') writeFileSync(docs, withTable(readFileSync(docs, 'utf8')));
else if (option === '--check') problems.push(...checkDocs());
else if (problems.length === 0) problems.push(...(await runAll(planned.filter(isWanted))));
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(`${planned.length} mutants, no objection`);

/** @param {Planned} mutant */
function isWanted({ name, file, port }) {
  if (option === undefined) return true;
  if (option !== '--only') throw new Error(`${option} is no option`);
  return [name, file, port].some((it) => it.includes(text));
}

/** @param {string} file */
function source(file) {
  return readFileSync(join(root, 'lib/memory', file), 'utf8');
}

/** @param {Planned} mutant */
function checkEdits({ name, file, edits, cases }) {
  const counts = edits.map(([from]) => source(file).split(from).length - 1);
  const wrong = counts.flatMap((count, index) =>
    count === 1
      ? []
      : [`"${name}": edit ${index + 1} is ${count} times in lib/memory/${file}; it must be there once`],
  );
  if (planned.filter((other) => other.name === name).length > 1) wrong.push(`"${name}" is there twice`);
  return cases.length === 0 ? [...wrong, `"${name}" names no case`] : wrong;
}

function checkDocs() {
  const written = readFileSync(docs, 'utf8');
  return withTable(written) === written
    ? []
    : ['docs/adapters.md is not in step: run node .ci/mutants.mjs --write'];
}

/** @param {string} page */
function withTable(page) {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/adapters.md has no ${BEGIN} … ${END}`);
  const rows = planned.map(({ port, name, cases }) => [port, name, idsOf(cases).join(', ')]);
  return `${before}${BEGIN}\n\n${table(['port', 'what is broken', 'caught by'], rows)}\n\n${END}${after}`;
}

/**
 * A Markdown table as prettier would write it.
 *
 * @param {string[]} head
 * @param {string[][]} rows
 */
function table(head, rows) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (/** @type {string[]} */ row) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** @param {readonly string[]} cases */
function idsOf(cases) {
  return [...new Set(cases.map((it) => it.split(' ')[0] ?? ''))];
}

/**
 * First each mutant against the cases that must catch it, then those that got away against all cases.
 *
 * @param {readonly Planned[]} mutants
 */
async function runAll(mutants) {
  const folder = mkdtempSync(join(tmpdir(), 'mutants-'));
  try {
    prepare(folder);
    /** @type {string[]} */
    const failures = await checkSound(folder, mutants);
    if (failures.length > 0) return failures;
    const results = await runJest(folder, mutants, ({ cases }) => cases);
    const odd = mutants.filter((mutant, index) => missed(mutant, results[index] ?? []).length > 0);
    for (const [index, mutant] of mutants.entries()) report(mutant, results[index] ?? []);
    if (odd.length === 0) return [];
    const full = await runJest(folder, odd, () => ['']);
    return odd.map((mutant, index) => verdict(mutant, full[index] ?? []));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder */
function prepare(folder) {
  for (const it of ['lib/core', 'lib/protocol', 'lib/testing', '__tests__/helpers'])
    cpSync(join(root, it), join(folder, 'base', it), { recursive: true });
  shortenWaits(join(folder, 'base/lib/testing/eventually.ts'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const { jest: config } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { testEnvironment, transform, transformIgnorePatterns } = config;
  const own = { rootDir: folder, testMatch: ['**/*.test.ts'], cacheDirectory: join(folder, 'cache') };
  const jestConfig = { ...own, testEnvironment, transform, transformIgnorePatterns, testTimeout: 20_000 };
  writeFileSync(join(folder, 'jest.config.json'), JSON.stringify(jestConfig));
}

/**
 * What comes at all comes at once; many mutants make cases wait for what never comes.
 *
 * @param {string} file
 */
function shortenWaits(file) {
  const code = readFileSync(file, 'utf8');
  const short = code.replace(/LIMIT_MS = [\d_]+;/, 'LIMIT_MS = 2_000;');
  if (short === code) throw new Error('The limit of eventually() is written in another way');
  writeFileSync(file, short);
}

/**
 * Without a mutant all these cases pass; else they would catch anything.
 *
 * @param {string} folder
 * @param {readonly Planned[]} mutants
 */
async function checkSound(folder, mutants) {
  const tests = [...new Set(mutants.map(({ test }) => test))];
  const sound = tests.map((test) => ({
    name: 'sound',
    port: '',
    file: 'append.ts',
    edits: [],
    cases: [''],
    test,
  }));
  const all = await runJest(folder, sound, ({ cases }) => cases);
  return all.flatMap((results, index) => {
    const failed = results
      .filter(({ status }) => status === 'failed')
      .map(({ title }) => `fails as it is: ${title}`);
    return results.length === 0 ? [`${String(tests[index])} did not run`] : failed;
  });
}

/**
 * Runs the mutants side by side, each with its own copy of lib/memory. Gives the results of each.
 *
 * @param {string} folder
 * @param {readonly Planned[]} mutants
 * @param {(mutant: Planned) => readonly string[]} casesOf
 * @returns {Promise<Result[][]>}
 */
async function runJest(folder, mutants, casesOf) {
  const round = mkdtempSync(join(folder, 'round-'));
  for (const [index, mutant] of mutants.entries())
    writeMutant(folder, join(round, String(index)), mutant, casesOf(mutant));
  const output = join(round, 'results.json');
  const { stderr, isOver } = await run(
    [jest, ...OPTIONS, '--roots', round, '--json', '--outputFile', output],
    folder,
  );
  if (!isOver) {
    const open = mutants.filter((_, index) => !stderr.includes(`/${index}/__tests__/`));
    throw new Error(`The run did not end. Not heard of: ${open.map(({ name }) => name).join('; ')}`);
  }
  if (!existsSync(output)) throw new Error(`jest gave no results:\n${stderr}`);
  /** @type {{ testResults: { name: string, message: string, assertionResults: Result[] }[] }} */
  const { testResults } = JSON.parse(readFileSync(output, 'utf8'));
  return mutants.map((mutant, index) => {
    const own = testResults.find(({ name }) => name.includes(`${round}/${index}/`));
    if (own?.assertionResults.length) return own.assertionResults;
    throw new Error(`"${mutant.name}" runs no case: ${own?.message}`);
  });
}

/**
 * Runs node, and ends it with all its children when it takes too long or this process is told to end: a mutant may never give
 * the event loop a turn.
 *
 * @param {string[]} args
 * @param {string} cwd
 * @returns {Promise<{ stderr: string, isOver: boolean }>}
 */
function run(args, cwd) {
  const child = spawn(process.execPath, args, { cwd, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk));
  let isOver = true;
  const stop = () => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL');
  const timer = setTimeout(() => {
    isOver = false;
    stop();
  }, LIMIT_MS);
  for (const signal of ENDINGS) process.once(signal, stop);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      for (const signal of ENDINGS) process.off(signal, stop);
      resolve({ stderr, isOver });
    });
  });
}

/**
 * @param {string} folder
 * @param {string} own
 * @param {Planned} mutant
 * @param {readonly string[]} cases
 */
function writeMutant(folder, own, { file, edits, test }, cases) {
  mkdirSync(join(own, '__tests__/memory'), { recursive: true });
  cpSync(join(root, 'lib/memory'), join(own, 'lib/memory'), { recursive: true });
  for (const it of ['lib/core', 'lib/protocol', 'lib/testing', '__tests__/helpers'])
    symlinkSync(join(folder, 'base', it), join(own, it));
  // a function: `$` means nothing in it
  const broken = edits.reduce((code, [from, to]) => code.replace(from, () => to), source(file));
  writeFileSync(join(own, 'lib/memory', file), broken);
  const suite = readFileSync(join(root, '__tests__/memory', test), 'utf8');
  const filtered = suite.replace(
    "import { describe, expect, it } from '@jest/globals';",
    () => `import { describe, expect, it as every } from '@jest/globals';
const it = Object.assign((name: string, body: () => Promise<void>) => {
  if (${JSON.stringify(cases)}.some((wanted) => wanted === '' || name.startsWith(\`\${wanted} \`))) every(name, body);
}, { skip: () => undefined });`,
  );
  if (filtered === suite) throw new Error(`__tests__/memory/${test} imports jest in another way`);
  writeFileSync(join(own, '__tests__/memory', test), filtered);
}

/**
 * The cases of a mutant that should have caught it and have not.
 *
 * @param {Planned} mutant
 * @param {readonly Result[]} results
 */
function missed({ cases }, results) {
  const failed = results.filter(({ status }) => status === 'failed');
  return cases.filter((it) => !failed.some(({ title }) => title.startsWith(`${it} `)));
}

/**
 * @param {Planned} mutant
 * @param {readonly Result[]} results
 */
function report(mutant, results) {
  const failed = results.filter(({ status }) => status === 'failed').map(({ title }) => title);
  const misses = missed(mutant, results);
  const ids = idsOf(failed).join(', ') || 'nothing';
  console.log(
    `${mutant.port}: ${mutant.name} -> ${ids} (${failed.length})${misses.length > 0 ? ` NOT ${misses.join(', ')}` : ''}`,
  );
}

/**
 * @param {Planned} mutant
 * @param {readonly Result[]} results
 */
function verdict(mutant, results) {
  const ids = idsOf(results.filter(({ status }) => status === 'failed').map(({ title }) => title));
  return ids.length === 0
    ? `SURVIVED: ${mutant.name} (lib/memory/${mutant.file})`
    : `"${mutant.name}" is caught by ${ids.join(', ')}, not by ${mutant.cases.join(', ')}: name those`;
}
