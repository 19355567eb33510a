import { setTimeout } from 'node:timers/promises';

/** How often each kind of fault comes, relative to the others. */
export const WEIGHTS = Object.freeze({
  'kill a worker': 5,
  'stop a worker': 5,
  'kill a front-end': 4,
  'stop a front-end': 2,
  'cut pub/sub': 4,
  'crash Redis': 1,
});

/** @typedef {keyof typeof WEIGHTS} FaultKind */

const BETWEEN_MS = 1200;
const DOWN_MS = 600;
const POLL_MS = 50;

/**
 * Does one fault after the other at random times until `isOver`, then the last ones, all at once: a worker is killed, one
 * is stopped for good until `release`, a front-end is killed, connections are cut.
 *
 * @param {import('./fleet.mjs').Fleet} fleet
 * @param {{ random: import('../fuzz/random.mjs').Random, kinds: readonly FaultKind[], leaseMs: number,
 *   isOver: () => boolean, onLast: () => void }} options
 */
export async function makeFaults(fleet, { random, kinds, leaseMs, isOver, onLast }) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  /** @type {Set<Promise<void>>} */
  const open = new Set();
  /** @type {FaultKind[]} */
  let deck = [];

  /** @param {string} what */
  const count = (what) => counts.set(what, (counts.get(what) ?? 0) + 1);

  /** @param {import('./fleet.mjs').Role} role */
  const victim = (role) => {
    const running = fleet.running(role);
    return running.length === 0 ? undefined : random.pick(running);
  };

  /** @param {import('./fleet.mjs').Role} role */
  function kill(role) {
    const slot = victim(role);
    if (slot) fleet.kill(slot);
    return slot !== undefined;
  }

  /** @param {import('./fleet.mjs').Role} role */
  function stop(role) {
    const slot = victim(role);
    if (slot === undefined) return false;
    const forMs = 200 + random.below(2 * leaseMs);
    const goOn = fleet.stop(slot);
    if (role === 'worker' && forMs > leaseMs) count('a worker slept through its lease');
    last(setTimeout(forMs).then(goOn));
    return true;
  }

  /** @param {Promise<void>} fault */
  function last(fault) {
    open.add(fault);
    void fault.finally(() => open.delete(fault));
    return true;
  }

  /** @type {Record<FaultKind, () => boolean>} */
  const make = {
    'kill a worker': () => kill('worker'),
    'stop a worker': () => stop('worker'),
    'kill a front-end': () => kill('front-end'),
    'stop a front-end': () => stop('front-end'),
    'cut pub/sub': () => last(fleet.cutPubSub()),
    'crash Redis': () => last(fleet.crashRedis(random.below(DOWN_MS))),
  };

  while (!isOver()) {
    await setTimeout(random.below(BETWEEN_MS));
    // a slow machine would do nothing but start processes
    while (!fleet.isFit()) await setTimeout(POLL_MS);
    if (deck.length === 0) deck = shuffled(kinds, random);
    const kind = deck.pop();
    if (kind === undefined) continue;
    // a server that is down can not crash
    if (kind === 'crash Redis') await Promise.all(open);
    if (make[kind]()) count(kind);
  }
  await Promise.all(open);
  onLast();
  return { counts, ...lastFaults(fleet, kinds, victim) };
}

/**
 * As often each as its weight says, so that even a short run sees all of them.
 *
 * @param {readonly FaultKind[]} kinds
 * @param {import('../fuzz/random.mjs').Random} random
 */
function shuffled(kinds, random) {
  return kinds
    .flatMap((kind) => Array.from({ length: WEIGHTS[kind] }, () => ({ kind, place: random.next() })))
    .sort((one, other) => one.place - other.place)
    .map(({ kind }) => kind);
}

/**
 * @param {import('./fleet.mjs').Fleet} fleet
 * @param {readonly FaultKind[]} kinds
 * @param {(role: import('./fleet.mjs').Role) => import('./fleet.mjs').Slot | undefined} victim
 */
function lastFaults(fleet, kinds, victim) {
  fleet.hurry();
  const [killed, frontEnd] = [victim('worker'), victim('front-end')];
  if (killed && kinds.includes('kill a worker')) fleet.kill(killed);
  if (frontEnd && kinds.includes('kill a front-end')) fleet.kill(frontEnd);
  const sleeper = kinds.includes('stop a worker') ? victim('worker') : undefined;
  const release = sleeper ? fleet.stop(sleeper) : () => undefined;
  if (kinds.includes('cut pub/sub')) void fleet.cutPubSub();
  return { lastFaultAt: Date.now(), release };
}
