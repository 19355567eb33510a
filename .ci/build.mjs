// Emits lib twice with its types: ES modules to dist/esm, CommonJS to dist/cjs. `--if-needed` skips what is up to date.
// One build at a time: several test files may ask for one at once.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const stamp = join(dist, 'cjs/package.json');
const lock = join(root, '.ci/cache/build.lock');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const isWanted = () => !(process.argv.includes('--if-needed') && isCurrent());

if (isWanted()) {
  takeLock();
  // whoever held it may have built what is wanted
  if (isWanted()) build();
}

/** A lock that nobody has touched for so long was left by a build that was killed. */
function takeLock(staleMs = 300_000) {
  mkdirSync(join(lock, '..'), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      process.on('exit', () => rmSync(lock, { recursive: true, force: true }));
      return;
    } catch {
      const { mtimeMs = Date.now() } = statSync(lock, { throwIfNoEntry: false }) ?? {};
      if (Date.now() - mtimeMs > staleMs) rmSync(lock, { recursive: true, force: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
}

function build() {
  rmSync(dist, { recursive: true, force: true });
  compile('--outDir', join(dist, 'esm'));
  const commonjs = [
    '--module',
    'commonjs',
    '--moduleResolution',
    'bundler',
    '--verbatimModuleSyntax',
    'false',
  ];
  compile('--outDir', join(dist, 'cjs'), ...commonjs);
  removeInnerTypes();
  // written last: a build that failed half-way is never taken for current
  writeFileSync(stamp, '{ "type": "commonjs" }\n');
}

/** @param {string[]} options */
function compile(...options) {
  const run = spawnSync(process.execPath, [tsc, '-p', join(root, 'lib'), ...options], {
    stdio: 'inherit',
    cwd: root,
  });
  if (run.status !== 0) process.exit(1);
}

/** Types that no entry point leads to are of no use to anybody: nothing else can be imported. */
function removeInnerTypes() {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const wanted = new Set();
  for (const conditions of Object.values(exports)) {
    for (const kind of ['import', 'require'])
      if (conditions[kind]) want(join(root, conditions[kind].types), wanted);
  }
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const path = join(dist, name);
    if (path.endsWith('.d.ts') && !wanted.has(path)) rmSync(path);
  }
}

/** @param {string} path @param {Set<string>} wanted */
function want(path, wanted) {
  if (wanted.has(path)) return;
  wanted.add(path);
  for (const [, name = ''] of readFileSync(path, 'utf8').matchAll(
    /(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g,
  )) {
    want(join(dirname(path), name.replace(/\.[jt]s$/, '.d.ts')), wanted);
  }
}

function isCurrent() {
  if (!existsSync(stamp)) return false;
  const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' }).map((it) =>
    join('lib', it),
  );
  const built = statSync(stamp).mtimeMs;
  return [...sources, 'lib', 'package.json', 'tsconfig.json'].every(
    (it) => statSync(join(root, it)).mtimeMs <= built,
  );
}
