/** @typedef {Record<string, number>} Counts */

// calls are exact, and so is what is open; promises and sizes depend on what comes together and on what the compiler makes of the code
const ROOM = 1.1;
const MORE_ROOM = 1.4;
const EXPONENT = 1.1;
/** How often something is written depends on how much is ready by then: at most once an event, on any machine. */
const WRITES = {
  'SendStreamingMessage: socket writes': 4,
  'fan-out: res.write per delivery': 1.02,
  'chunk: res.write': 1.02,
};

/** @param {string} name */
function roomOf(name) {
  if (name.startsWith('idle')) return ROOM;
  return /promises|timers|KB|bytes/.test(name) ? MORE_ROOM : ROOM;
}

/**
 * What is allowed from now on: what there is, and some room.
 *
 * @param {Counts} counts
 * @returns {Counts}
 */
export function limitsFor(counts) {
  const limits = Object.entries(counts).map(([name, count]) => {
    if (name.startsWith('growth')) return [name, EXPONENT];
    const writes = Object.entries(WRITES).find(([known]) => known === name);
    return writes ?? [name, Math.ceil(count * roomOf(name) * 100) / 100];
  });
  return Object.fromEntries(limits);
}

/**
 * Compares. What is counted and has no limit fails too, and so does a limit for what is no longer counted.
 *
 * @param {Counts} counts
 * @param {Counts} limits
 * @returns {{ lines: string[], failures: string[] }}
 */
export function judge(counts, limits) {
  const names = [...new Set([...Object.keys(counts), ...Object.keys(limits)])];
  const show = (/** @type {number | undefined} */ value) => (value === undefined ? '-' : value.toFixed(2));
  const lines = names.map(
    (name) => `${name.padEnd(58)} ${show(counts[name]).padStart(9)} of ${show(limits[name])}`,
  );
  const failures = names.flatMap((name) => {
    const count = counts[name];
    const limit = limits[name];
    if (count === undefined) return [`${name} is not counted any more: remove its limit`];
    if (limit === undefined) return [`${name} has no limit: run with --write`];
    // a NaN is no good count
    return count <= limit ? [] : [`${name}: ${show(count)} of ${show(limit)}`];
  });
  return { lines, failures };
}
