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
import { after, before, describe, test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const fixtures = join(import.meta.dirname, 'fixtures');
const work = mkdtempSync(join(tmpdir(), 'express-a2a-'));
const unpacked = join(work, 'package');
const OLDER_TYPESCRIPT = '5.9';

const COMPILER_OPTIONS = {
  target: 'es2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  noEmit: true,
  types: ['node'],
};

/** Both kinds of module in one program: most of the time is spent on the types of node. */
const MODES = {
  'an ES module and as CommonJS (nodenext)': {
    types: ['module', 'commonjs'],
    compiler: { module: 'nodenext' },
  },
  'bundled code': { types: ['module'], compiler: { module: 'esnext', moduleResolution: 'bundler' } },
};

before(() => {
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', work], { cwd: root });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  execFileSync('tar', ['-xzf', join(work, `express-a2a-${version}.tgz`), '-C', work]);
});

after(() => rmSync(work, { recursive: true, force: true }));

// each case is a process of its own
describe('a project', { concurrency: 2 }, () => {
  runs();
  compiles();
});

function runs() {
  for (const express of ['express', 'express4']) {
    for (const script of ['serve.mjs', 'serve.cjs', 'both.mjs', 'cli.mjs']) {
      test(`runs ${script} on ${express}`, async () => {
        await succeeds(process.execPath, [script], project(`${script}-${express}`, express));
      });
    }
  }
}

function compiles() {
  /** @type {[name: string, folder: () => string][]} */
  const compilers = [
    ['our TypeScript', () => join(root, 'node_modules/typescript')],
    [`TypeScript ${OLDER_TYPESCRIPT}`, olderTypeScript],
  ];
  for (const [typescript, compiler] of compilers) {
    for (const express of ['express', 'express4']) {
      for (const [name, options] of Object.entries(MODES)) {
        test(`compiles app.ts as ${name} with ${typescript} and the types of ${express}`, async () => {
          const folder = project(`${name}-${typescript}-${express}`.replaceAll(' ', '-'), express);
          const files = options.types.map((type) => copyOfApp(folder, type));
          const compilerOptions = { ...COMPILER_OPTIONS, ...options.compiler };
          writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
          await succeeds(process.execPath, [join(compiler(), 'bin/tsc'), '-p', '.'], folder);
        });
      }
    }
  }
}

/**
 * The path of an app.ts whose nearest package.json has this type.
 *
 * @param {string} folder
 * @param {string} type
 */
function copyOfApp(folder, type) {
  mkdirSync(join(folder, type));
  writeFileSync(join(folder, type, 'package.json'), JSON.stringify({ type }));
  cpSync(join(folder, 'app.ts'), join(folder, type, 'app.ts'));
  return `${type}/app.ts`;
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
    execFile(command, args, { cwd, timeout: 300_000 }, (error, stdout, stderr) => {
      if (error) reject(new assert.AssertionError({ message: `${error.message}\n${stdout}${stderr}` }));
      else resolve(undefined);
    });
  });
}
