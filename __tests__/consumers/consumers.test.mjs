// The packed package, installed as users install it: outside the clone, where it finds only what it declares.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
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
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const fixtures = join(import.meta.dirname, 'fixtures');
const work = mkdtempSync(join(tmpdir(), 'express-a2a-'));
const unpacked = join(work, 'package');
const OLDER_TYPESCRIPT = '5.9';

before(() => {
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', work], { cwd: root });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  execFileSync('tar', ['-xzf', join(work, `express-a2a-${version}.tgz`), '-C', work]);
});

after(() => rmSync(work, { recursive: true, force: true }));

for (const express of ['express', 'express4']) {
  for (const script of ['serve.mjs', 'serve.cjs', 'both.mjs', 'cli.mjs']) {
    test(`${script} runs on ${express}`, async () => {
      await succeeds(process.execPath, [script], project(`${script}-${express}`, express));
    });
  }
}

/** @type {[name: string, folder: () => string][]} */
const COMPILERS = [
  ['our TypeScript', () => join(root, 'node_modules/typescript')],
  [`TypeScript ${OLDER_TYPESCRIPT}`, olderTypeScript],
];

for (const [typescript, compiler] of COMPILERS) {
  for (const express of ['express', 'express4']) {
    for (const [name, options] of Object.entries(modes())) {
      test(`app.ts compiles as ${name} with ${typescript} and the types of ${express}`, async () => {
        const folder = project(`${name}-${typescript}-${express}`.replaceAll(' ', '-'), express);
        writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: options.type }));
        writeFileSync(
          join(folder, 'tsconfig.json'),
          JSON.stringify({ compilerOptions: options.compiler, files: ['app.ts'] }),
        );
        await succeeds(process.execPath, [join(compiler(), 'bin/tsc'), '-p', '.'], folder);
      });
    }
  }
}

function modes() {
  const all = {
    target: 'es2022',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
  };
  return {
    'an ES module (nodenext)': { type: 'module', compiler: { ...all, module: 'nodenext' } },
    'CommonJS (nodenext)': {
      type: 'commonjs',
      compiler: { ...all, module: 'nodenext', esModuleInterop: true },
    },
    'bundled code': { type: 'module', compiler: { ...all, module: 'esnext', moduleResolution: 'bundler' } },
  };
}

/**
 * A folder with the fixtures, the package, and links to what it declares.
 *
 * @param {string} name
 * @param {string} express
 */
function project(name, express) {
  const folder = join(work, name.replaceAll(/[^\w.-]/g, '-'));
  cpSync(fixtures, folder, { recursive: true });
  const modules = join(folder, 'node_modules');
  cpSync(unpacked, join(modules, 'express-a2a'), { recursive: true });
  const { dependencies } = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'));
  for (const it of [...Object.keys(dependencies), '@types/node']) link(modules, it, it);
  link(modules, 'express', express);
  link(modules, '@types/express', `@types/${express}`);
  return folder;
}

/**
 * @param {string} modules
 * @param {string} name
 * @param {string} from
 */
function link(modules, name, from) {
  mkdirSync(dirname(join(modules, name)), { recursive: true });
  symlinkSync(join(root, 'node_modules', from), join(modules, name));
}

function olderTypeScript() {
  const prefix = join(root, `.ci/cache/typescript-${OLDER_TYPESCRIPT}`);
  const folder = join(prefix, 'node_modules/typescript');
  if (!existsSync(join(folder, 'bin/tsc'))) {
    execFileSync('npm', [
      'install',
      '--prefix',
      prefix,
      '--no-save',
      '--no-audit',
      '--no-fund',
      `typescript@${OLDER_TYPESCRIPT}`,
    ]);
  }
  return folder;
}

/**
 * Rejects with what the command printed, also when it does not end by itself.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 */
function succeeds(command, args, cwd) {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error) reject(new assert.AssertionError({ message: `${error.message}\n${stdout}${stderr}` }));
      else resolve(undefined);
    });
  });
}
