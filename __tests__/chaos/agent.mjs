import { randomUUID } from 'node:crypto';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { TaskFailed } from 'express-a2a';

/**
 * What a message asks of the agent, as JSON in its text.
 *
 * @typedef {'stream' | 'deaf' | 'ask' | 'fail'} Kind
 * @typedef {{ kind: Kind, chunks: number, delayMs: number }} Wish
 */

/**
 * An agent that signs all it says: `<run>/<attempt>/<number>;`. A run has a name that no other run has, so a word that
 * a lost run said after its lease is known by it.
 *
 * @param {() => boolean} isHurried whether to take no more time
 * @returns {import('express-a2a').Agent}
 */
export function createAgent(isHurried) {
  /** @type {(ms: number, signal?: AbortSignal) => Promise<void>} */
  async function pause(ms, signal) {
    const slice = 50;
    for (let left = ms; left > 0 && !isHurried() && !signal?.aborted; left -= slice)
      await setTimeout(Math.min(left, slice));
    await setImmediate();
  }

  return (turn) => {
    /** @type {Wish} */
    const wish = JSON.parse(turn.text);
    const run = randomUUID();
    /** @param {number | string} what */
    const sign = (what) => `${run}/${turn.attempt}/${what};`;
    return wish.kind === 'deaf' ? playDeaf(turn, wish, sign, pause) : play(turn, wish, sign, pause);
  };
}

/**
 * @typedef {(what: number | string) => string} Sign
 * @typedef {(ms: number, signal?: AbortSignal) => Promise<void>} Pause
 */

/**
 * @param {import('express-a2a').Turn} turn
 * @param {Wish} wish
 * @param {Sign} sign
 * @param {Pause} pause
 */
async function* play(turn, { kind, chunks, delayMs }, sign, pause) {
  await turn.working(sign('begins'));
  for (let number = 0; number < chunks; number++) {
    await pause(delayMs, turn.signal);
    yield sign(number);
  }
  if (kind === 'ask') await turn.requireInput(sign('asks'));
  if (kind === 'fail') throw new TaskFailed(sign('fails'));
}

/**
 * Minds neither its signal nor what is refused, and speaks on.
 *
 * @param {import('express-a2a').Turn} turn
 * @param {Wish} wish
 * @param {Sign} sign
 * @param {Pause} pause
 */
async function playDeaf(turn, { chunks, delayMs }, sign, pause) {
  const artifact = turn.stream();
  for (let number = 0; number < chunks; number++) {
    await pause(delayMs);
    await artifact.append(sign(number)).catch(() => undefined);
  }
  await artifact.end().catch(() => undefined);
  await turn.complete(sign('completes')).catch(() => undefined);
}
