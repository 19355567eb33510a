// The time at which a chunk was given, written into its text.
import { nowUs } from '../lib/now-us.mjs';

const STAMP = /@(\d+)-\d+@/g;
let count = 0;

/** No two are equal within a process. */
export function newStamp() {
  return `@${nowUs()}-${count++}@`;
}

/**
 * The stamps in a text, with their times in µs.
 *
 * @param {string} text
 */
export function stampsIn(text) {
  return [...text.matchAll(STAMP)].map(([stamp, at]) => ({ stamp, at: Number(at) }));
}
