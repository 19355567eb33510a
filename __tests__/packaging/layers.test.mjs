import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

// the files of these cases need not exist, so the rules that ask the type checker stay out
const eslint = new ESLint({ overrideConfig: tseslint.configs.disableTypeChecked });

/** @type {[file: string, code: string, rule: string][]} */
const REFUSED = [
  ['protocol/a.ts', "import '../core/log.ts';", 'no-restricted-imports'],
  ['protocol/a.ts', "import 'node:fs';", 'no-restricted-imports'],
  ['protocol/a.ts', "import 'express';", 'no-restricted-imports'],
  ['core/a.ts', "import '../http/handler.ts';", 'no-restricted-imports'],
  ['core/a.ts', "import '../jsonrpc/dispatch.ts';", 'no-restricted-imports'],
  ['core/a.ts', "import '../memory/storage.ts';", 'no-restricted-imports'],
  ['core/a.ts', "import type { Request } from 'express';\nexport type R = Request;", 'no-restricted-imports'],
  ['core/a.ts', "import 'node:http';", 'no-restricted-imports'],
  ['core/a.ts', "import 'http';", 'no-restricted-imports'],
  ['core/a.ts', "import '../index.ts';", 'no-restricted-imports'],
  ['core/a.ts', "import 'express-a2a';", 'no-restricted-imports'],
  ['core/a.ts', "import './log.js';", 'no-restricted-imports'],
  ['core/a.ts', "import './log';", 'no-restricted-imports'],
  ['core/a.ts', "export { x } from '../express/router.ts';", 'no-restricted-imports'],
  ['core/a.ts', "export const late = () => import('../http/handler.ts');", 'no-restricted-syntax'],
  ['core/a.ts', "export const late = () => import('express');", 'no-restricted-syntax'],
  ['core/a.ts', "export * from './log.ts';", 'no-restricted-syntax'],
  ['core/a.ts', 'export default 1;', 'no-restricted-syntax'],
  ['core/a.ts', 'export const here = import.meta.url;', 'no-restricted-syntax'],
  ['core/a.ts', 'export const here = __dirname;', 'no-restricted-globals'],
  ['core/a.ts', "console.log('x');", 'no-console'],
  ['core/a.ts', 'void 0;\n'.repeat(401), 'max-lines'],
  ['jsonrpc/a.ts', "import '../http/handler.ts';", 'no-restricted-imports'],
  ['jsonrpc/a.ts', "import '../compat/v03/to-v1.ts';", 'no-restricted-imports'],
  ['rest/a.ts', "import '../jsonrpc/error.ts';", 'no-restricted-imports'],
  ['binding/a.ts', "import '../jsonrpc/error.ts';", 'no-restricted-imports'],
  ['core/a.ts', "import '../binding/answer.ts';", 'no-restricted-imports'],
  ['compat/v03/a.ts', "import '../../core/log.ts';", 'no-restricted-imports'],
  ['http/a.ts', "import 'express';", 'no-restricted-imports'],
  ['http/a.ts', "import type { Router } from 'express';\nexport type R = Router;", 'no-restricted-imports'],
  ['http/a.ts', "import '../express/router.ts';", 'no-restricted-imports'],
  ['http/a.ts', "import '../memory/storage.ts';", 'no-restricted-imports'],
  ['express/a.ts', "import '../jsonrpc/dispatch.ts';", 'no-restricted-imports'],
  ['memory/a.ts', "import '../core/worker.ts';", 'no-restricted-imports'],
  ['memory/a.ts', "import '../http/sse.ts';", 'no-restricted-imports'],
  ['redis/scripts/a.ts', "import '../../core/worker.ts';", 'no-restricted-imports'],
  ['redis/a.ts', "import 'ioredis';", 'no-restricted-imports'],
  ['redis/a.ts', "import 'node:net';", 'no-restricted-imports'],
  ['push/a.ts', "import '../http/handler.ts';", 'no-restricted-imports'],
  ['push/a.ts', "import 'jose';", 'no-restricted-imports'],
  ['receiver/a.ts', "import '../push/sign.ts';", 'no-restricted-imports'],
  ['receiver/a.ts', "import '../core/clock.ts';", 'no-restricted-imports'],
  ['receiver/a.ts', "import '../protocol/errors.ts';", 'no-restricted-imports'],
  ['receiver/a.ts', "import 'node:crypto';", 'no-restricted-imports'],
  ['receiver/a.ts', "import 'jose';", 'no-restricted-imports'],
  ['receiver/a.ts', "import 'express';", 'no-restricted-imports'],
  ['http/a.ts', "import '../push/sign.ts';", 'no-restricted-imports'],
  ['testing/a.ts', "import '@jest/globals';", 'no-restricted-imports'],
  ['testing/a.ts', "import '../http/handler.ts';", 'no-restricted-imports'],
  ['client/a.ts', "import 'node:events';", 'no-restricted-imports'],
  ['client/a.ts', "import '../core/log.ts';", 'no-restricted-imports'],
  ['client/a.ts', "import '../compat/v03/to-v1.ts';", 'no-restricted-imports'],
];

/** @type {[file: string, code: string][]} */
const ALLOWED = [
  ['core/a.ts', "import '../protocol/errors.ts';\nimport 'node:crypto';\nimport './log.ts';"],
  ['protocol/a.ts', "import 'ajv/dist/2020.js';"],
  ['jsonrpc/dispatch.ts', "import '../compat/v03/to-v1.ts';\nimport '../core/call.ts';"],
  ['rest/a.ts', "import '../binding/answer.ts';\nimport '../core/call.ts';"],
  ['http/a.ts', "import '../jsonrpc/dispatch.ts';\nimport 'node:http';"],
  ['express/a.ts', "import 'express';\nimport '../http/handler.ts';\nimport '../memory/storage.ts';"],
  ['memory/a.ts', "import '../core/fold.ts';\nimport '../core/event-bus.ts';\nimport '../core/clock.ts';"],
  ['redis/scripts/a.ts', "import '../../core/storage.ts';\nimport '../client.ts';"],
  ['testing/a.ts', "import '../core/worker.ts';\nimport '../memory/storage.ts';"],
  ['push/a.ts', "import '../core/clock.ts';\nexport const late = () => import('jose');"],
  ['receiver/a.ts', "import './push-error.ts';\nexport const late = () => import('jose');"],
  ['client/a.ts', "export const old = () => import('../compat/v03/to-v1.ts');"],
];

for (const [file, code, rule] of REFUSED) {
  test(`lib/${file} must not: ${code.slice(0, 60).replaceAll('\n', ' ')}`, async () => {
    assert.deepEqual(await broken(file, code), [rule]);
  });
}

for (const [file, code] of ALLOWED) {
  test(`lib/${file} may: ${code.slice(0, 60).replaceAll('\n', ' ')}`, async () => {
    assert.deepEqual(await broken(file, code), []);
  });
}

/**
 * The rules that a piece of code breaks, each once.
 *
 * @param {string} file
 * @param {string} code
 */
async function broken(file, code) {
  const [result] = await eslint.lintText(code, { filePath: `lib/${file}` });
  return [...new Set(result?.messages.map((it) => it.ruleId ?? it.message))];
}
