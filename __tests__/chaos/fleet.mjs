import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createClient } from 'redis';

const require = createRequire(import.meta.url);
require('../helpers/typescript.cjs');
/** @type {typeof import('../redis/server.ts')} */
const { startServer } = require('../redis/server.ts');

const MAIN = fileURLToPath(new URL('./process.mjs', import.meta.url));
/** A disk that is never busy: what is written there survives the end of a process, which is all that happens here. */
const MEMORY = '/dev/shm';
const ROLES = /** @type {const} */ (['front-end', 'worker']);
const LIBRARIES = /** @type {const} */ (['node-redis', 'ioredis']);

/**
 * A place in the fleet, and the process that fills it just now.
 *
 * @typedef {'front-end' | 'worker'} Role
 * @typedef {{ role: Role, child?: import('node:child_process').ChildProcess, port?: number, isUp: boolean,
 *   isStopped: boolean, upAt: number }} Slot
 * @typedef {Awaited<ReturnType<typeof startFleet>>} Fleet
 * @typedef {{ frontEnds: number, workers: number, random: import('../fuzz/random.mjs').Random, leaseMs: number,
 *   maxAttempts: number, concurrency: number, drops: readonly number[], broken: readonly string[] }} FleetOptions
 */

/**
 * Starts a Redis server of its own that loses nothing it has acknowledged, and processes on it that share nothing else.
 *
 * @param {FleetOptions} options
 */
export async function startFleet(options) {
  const { random, leaseMs, maxAttempts, concurrency, drops, broken } = options;
  const directory = await mkdtemp(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'a2a-chaos-'));
  let redis = await startServer(directory);
  // also when the driver fails; the processes of the fleet end by themselves then
  process.on('exit', () => void redis.crash());
  const { url, port } = redis;
  const control = createClient({ url });
  control.on('error', () => undefined);
  await control.connect();
  /** @type {Slot[]} */
  const slots = [];
  /** @type {string[]} */
  const faults = [];
  let isHurried = false;
  let isClosing = false;
  let started = 0;

  /** @param {Slot} slot */
  function start(slot) {
    const role = slot.role;
    const settings = {
      role,
      redisUrl: url,
      drop: random.pick(drops),
      seed: random.below(1e9),
      library: random.pick(LIBRARIES),
    };
    const child = fork(MAIN, [JSON.stringify({ ...settings, leaseMs, maxAttempts, concurrency, broken })]);
    started += 1;
    Object.assign(slot, { child, isUp: false, isStopped: false });
    child.on(
      'message',
      (/** @type {{ port?: number, isUp?: true, crash?: string, fault?: string }} */ message) => {
        if (message.crash ?? message.fault) faults.push(message.crash ?? message.fault ?? '');
        if (!(message.port ?? message.isUp) || slot.child !== child) return;
        Object.assign(slot, { port: message.port, isUp: true, upAt: Date.now() });
        if (isHurried) child.send('hurry');
      },
    );
    child.on('exit', (code, signal) => {
      if (!isClosing && signal !== 'SIGKILL')
        faults.push(`a ${role} ended by itself: ${String(code ?? signal)}`);
    });
  }

  for (const [role, count] of /** @type {const} */ ([
    ['front-end', options.frontEnds],
    ['worker', options.workers],
  ])) {
    for (let i = 0; i < count; i++) slots.push({ role, isUp: false, isStopped: false, upAt: 0 });
  }
  for (const slot of slots) start(slot);
  while (slots.some((slot) => !slot.isUp)) await setTimeout(20);

  return {
    url,
    faults,
    /** Processes that have been started. */
    started: () => started,
    /** Where to call; also front-ends that are stopped or dead, as nobody would know before another takes their place. */
    ports: () => slots.flatMap(({ port }) => port ?? []),
    /** Half of each role is there. */
    isFit: () =>
      ROLES.every((role) => {
        const all = slots.filter((slot) => slot.role === role);
        return 2 * all.filter(({ isUp }) => isUp).length >= all.length;
      }),
    /** @param {Role} role */
    running: (role) => slots.filter((slot) => slot.role === role && slot.isUp && !slot.isStopped),
    /**
     * As a machine that fails; another takes its place.
     *
     * @param {Slot} slot
     */
    kill(slot) {
      slot.isUp = false;
      slot.child?.kill('SIGKILL');
      start(slot);
    },
    /**
     * As a process that gets no time of its machine.
     *
     * @param {Slot} slot
     */
    stop(slot) {
      const { child } = slot;
      slot.isStopped = true;
      child?.kill('SIGSTOP');
      return () => {
        child?.kill('SIGCONT');
        if (slot.child === child) slot.isStopped = false;
      };
    },
    async cutPubSub() {
      await control.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']).catch(() => undefined);
    },
    /** @param {number} downMs */
    async crashRedis(downMs) {
      await redis.crash();
      await setTimeout(downMs);
      redis = await startServer(directory, port);
    },
    /** Agents take no more time from now on. */
    hurry() {
      isHurried = true;
      for (const slot of slots) if (slot.isUp) slot.child?.send('hurry');
    },
    async close() {
      isClosing = true;
      for (const { child } of slots) child?.kill('SIGKILL');
      control.destroy();
      await redis.stop();
      await rm(directory, { recursive: true });
    },
  };
}
