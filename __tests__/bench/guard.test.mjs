// The guard of the hot path can fail: `node --test`, as jest would count its own work too.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { judge, limitsFor } from '../../bench/guard/judge.mjs';

test('passes what is within its limits, and nothing else', () => {
  const limits = { 'a call: promises': 3, 'a call: timers': 1 };
  /** @param {Record<string, number>} counts */
  const failuresOf = (counts) => judge(counts, limits).failures;
  assert.deepEqual(failuresOf({ 'a call: promises': 3, 'a call: timers': 0 }), []);
  assert.deepEqual(failuresOf({ 'a call: promises': 3.1, 'a call: timers': 1 }), [
    'a call: promises: 3.10 of 3.00',
  ]);
  assert.deepEqual(failuresOf({ 'a call: promises': NaN, 'a call: timers': 1 }), [
    'a call: promises: NaN of 3.00',
  ]);
  assert.deepEqual(failuresOf({ 'a call: promises': 1 }), [
    'a call: timers is not counted any more: remove its limit',
  ]);
  assert.deepEqual(failuresOf({ 'a call: promises': 1, 'a call: timers': 1, 'a call: bytes': 1 }), [
    'a call: bytes has no limit: run with --write',
  ]);
});

test('leaves exact counts little room, sizes more, and growth none', () => {
  const counts = {
    'a: storage calls': 10,
    'a: KB allocated': 10,
    'growth: exponent': 1,
    'chunk: res.write': 0.1,
  };
  assert.deepEqual(limitsFor(counts), {
    'a: storage calls': 11,
    'a: KB allocated': 14,
    'growth: exponent': 1.1,
    'chunk: res.write': 1.02,
  });
});

test('notices a storage that reads and writes all of a task for each entry', () => {
  const run = spawnSync(process.execPath, ['--expose-gc', join(import.meta.dirname, 'worse.mjs')], {
    encoding: 'utf8',
    timeout: 300_000,
  });
  assert.equal(run.status, 0, run.stderr);
  const failures = JSON.parse(run.stdout);
  for (const name of ['chunk: JSON.stringify', 'fan-out: JSON.stringify', 'SendMessage: JSON.stringify'])
    assert.ok(
      failures.some((/** @type {string} */ it) => it.startsWith(name)),
      `${name}: ${run.stdout}`,
    );
});
