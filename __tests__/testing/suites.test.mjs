// The suites as users of node:test run them: from the built package, with an expect of six lines.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryBackend } from 'express-a2a';
import {
  brokerSuite,
  eventBusSuite,
  fakeClock,
  feedSuite,
  storageSuite,
  workerSuite,
} from 'express-a2a/testing';

/** @param {unknown} actual */
const expect = (actual) => ({
  toBe: (/** @type {unknown} */ expected) => assert.equal(actual, expected),
  toEqual: (/** @type {unknown} */ expected) => assert.deepEqual(actual, expected),
  toBeGreaterThan: (/** @type {number} */ expected) => assert.ok(Number(actual) > expected),
  toBeLessThanOrEqual: (/** @type {number} */ expected) => assert.ok(Number(actual) <= expected),
});
const api = { describe, it, expect };

/** @type {WeakMap<object, ReturnType<typeof fakeClock>>} */
const clocks = new WeakMap();

storageSuite(
  api,
  (wish) => {
    const clock = fakeClock();
    const { storage } = memoryBackend({ clock, limits: wish, retention: wish });
    clocks.set(storage, clock);
    return storage;
  },
  {
    limits: true,
    retention: true,
    advance: (storage, ms) => clocks.get(storage)?.advance(ms),
  },
);
brokerSuite(api, () => memoryBackend().broker);
eventBusSuite(api, () => memoryBackend().eventBus, { storage: () => memoryBackend().storage });
feedSuite(api, () => memoryBackend());
workerSuite(
  api,
  () => {
    const clock = fakeClock();
    return { ...memoryBackend({ clock }), advance: clock.advance };
  },
  { advance: true },
);
