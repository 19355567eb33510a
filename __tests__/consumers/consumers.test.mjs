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
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';

const require = createRequire(import.meta.url);
require('../helpers/typescript.cjs');
/** @type {typeof import('../redis/server.ts')} */
const { findRedis } = require('../redis/server.ts');

const root = join(import.meta.dirname, '../..');
const fixtures = join(import.meta.dirname, 'fixtures');
const work = mkdtempSync(join(tmpdir(), 'express-a2a-'));
const unpacked = join(work, 'package');
const OLDER_TYPESCRIPT = '5.9';

/** A project has one of the clients that the backend on Redis takes, and finds no other. */
const REDIS_CLIENTS = /** @type {const} */ ({ 'node-redis': 'redis', ioredis: 'ioredis' });
/** @type {[express: string, client: keyof typeof REDIS_CLIENTS][]} */
const INSTALLED = [
  ['express', 'node-redis'],
  ['express4', 'ioredis'],
];

const COMPILER_OPTIONS = {
  target: 'es2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  noEmit: true,
  types: ['node'],
};

/** Both kinds of module in one program, and the client of Redis in one of them: most of the time is spent on their types. */
const MODES = {
  'an ES module and as CommonJS (nodenext)': {
    types: ['module', 'commonjs'],
    compiler: { module: 'nodenext' },
    withRedis: true,
  },
  'bundled code': {
    types: ['module'],
    compiler: { module: 'esnext', moduleResolution: 'bundler' },
    withRedis: false,
  },
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
  runsOnRedis();
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

function runsOnRedis() {
  const start = findRedis();
  /** @type {Promise<import('../redis/server.ts').TestRedis> | undefined} */
  let starting;
  after(async () => (await starting)?.stop());
  for (const [express, client] of INSTALLED) {
    for (const script of [`${client}.mjs`, `${client}.cjs`]) {
      test(`runs ${script} with nothing but ${client}`, { skip: !start }, async () => {
        const { url } = (await (starting ??= start?.())) ?? {};
        await succeeds(process.execPath, [script], project(script, express, client), { REDIS_URL: url });
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
    for (const [express, client] of INSTALLED) {
      for (const [name, options] of Object.entries(MODES)) {
        const sources = options.withRedis ? ['app.ts', `${client}.ts`] : ['app.ts'];
        test(`compiles ${sources.join(' and ')} as ${name} with ${typescript} and the types of ${express}`, async () => {
          const folder = project(`${name}-${typescript}-${express}`.replaceAll(' ', '-'), express, client);
          const files = options.types.flatMap((type) => copies(folder, type, sources));
          const compilerOptions = { ...COMPILER_OPTIONS, ...options.compiler };
          writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
          await succeeds(process.execPath, [join(compiler(), 'bin/tsc'), '-p', '.'], folder);
        });
      }
    }
  }
}

/**
 * The paths of sources whose nearest package.json has this type.
 *
 * @param {string} folder
 * @param {string} type
 * @param {string[]} sources
 */
function copies(folder, type, sources) {
  mkdirSync(join(folder, type));
  writeFileSync(join(folder, type, 'package.json'), JSON.stringify({ type }));
  for (const it of sources) cpSync(join(folder, it), join(folder, type, it));
  return sources.map((it) => `${type}/${it}`);
}

/**
 * A folder with the fixtures, the package, and links to what it declares; of the clients of Redis to this one, if any.
 *
 * @param {string} name
 * @param {string} express
 * @param {keyof typeof REDIS_CLIENTS} [client]
 */
function project(name, express, client) {
  const folder = join(work, name.replaceAll(/[^\w.-]/g, '-'));
  cpSync(fixtures, folder, { recursive: true });
  const modules = join(folder, 'node_modules');
  cpSync(unpacked, join(modules, 'express-a2a'), { recursive: true });
  const { dependencies } = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8'));
  for (const it of [...Object.keys(dependencies), '@types/node']) link(modules, it, it);
  link(modules, 'express', express);
  link(modules, '@types/express', `@types/${express}`);
  if (client) link(modules, REDIS_CLIENTS[client], REDIS_CLIENTS[client]);
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
 * @param {NodeJS.ProcessEnv} [env]
 */
function succeeds(command, args, cwd, env) {
  const options = { cwd, timeout: 300_000, env: { ...process.env, ...env } };
  return new Promise((resolve, reject) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error) reject(new assert.AssertionError({ message: `${error.message}\n${stdout}${stderr}` }));
      else resolve(undefined);
    });
  });
}
