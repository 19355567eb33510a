/**
 * Chance that can be repeated.
 *
 * @typedef {{ next: () => number, below: (n: number) => number, chance: (p: number) => boolean, pick: <T>(list: readonly T[]) => T }} Random
 */

/**
 * The numbers of a seed (mulberry32).
 *
 * @param {number} seed
 * @returns {Random}
 */
export function random(seed) {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  /** @param {number} n */
  const below = (n) => Math.floor(next() * n);
  return {
    next,
    below,
    chance: (p) => next() < p,
    pick: (list) => {
      const picked = list[below(list.length)];
      if (picked === undefined && list.length === 0) throw new Error('nothing to pick from');
      return /** @type {(typeof list)[number]} */ (picked);
    },
  };
}
