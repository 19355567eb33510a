// Lets a main module in CommonJS require TypeScript, in a process that jest does not run.
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { transformSync } = require('@swc/core');

const lib = join(__dirname, '../../lib');
const PUBLIC = new Map([
  ['express-a2a', join(lib, 'index.ts')],
  ['express-a2a/redis', join(lib, 'redis/index.ts')],
  ['express-a2a/testing', join(lib, 'testing/index.ts')],
]);
if (process.env['EXPRESS'] === '4') PUBLIC.set('express', 'express4');
const resolve = Reflect.get(Module, '_resolveFilename');
Reflect.set(Module, '_resolveFilename', (/** @type {string} */ request, /** @type {unknown[]} */ ...others) =>
  resolve(PUBLIC.get(request) ?? request, ...others),
);

require.extensions['.ts'] = (/** @type {NodeModule} */ module, /** @type {string} */ filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    swcrc: false,
    module: { type: 'commonjs' },
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  });
  Reflect.apply(Reflect.get(module, '_compile'), module, [code, filename]);
};
