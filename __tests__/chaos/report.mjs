/**
 * @typedef {{ faults: string[], fallbacks: number, entries: number, takenOver: number, lastEndAt: number }} Judged
 * @typedef {{ counts: ReadonlyMap<string, number>, lastFaultAt: number }} Made
 */

const SHOWN = 20;

/**
 * Says what was done, what was seen, and what was wrong: kinds of faults with how often each came, then the first of them.
 *
 * @param {{ seed: number, startedAt: number, played: readonly import('./tasks.mjs').Played[], judged: Judged, made: Made,
 *   started: number }} run
 */
export function printReport({ seed, startedAt, played, judged, made, started }) {
  const readers = played.flatMap((task) => task.readers);
  const ends = played.map(({ readers }) => Math.max(...readers.map(({ endedAt = 0 }) => endedAt)));
  const events = readers.map(({ records }) => records.filter((record) => 'event' in record).length);
  const { faults, entries, takenOver, fallbacks, lastEndAt } = judged;
  const after = (/** @type {number} */ time) => seconds(time - made.lastFaultAt);
  console.log(
    `${played.length} tasks, ${readers.length} readers, ${entries} entries, ${sum(events)} events read in ${seconds(Date.now() - startedAt)}`,
  );
  console.log(
    [...made.counts]
      .sort()
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', '),
  );
  console.log(`${started} processes, ${takenOver} runs taken over`);
  console.log(
    `${sum(readers.map(({ breaks }) => breaks))} streams broke and went on, ${fallbacks} of them with the whole task`,
  );
  console.log(
    `${sum(played.map(({ elsewhere }) => elsewhere))} cancels and answers went to another front-end`,
  );
  console.log(
    `last fault to last end ${after(lastEndAt)}, to the end of the last stream ${after(Math.max(...ends))}`,
  );
  if (faults.length === 0) {
    console.log('no fault');
    return;
  }
  console.error(`${faults.length} faults of seed ${seed}`);
  for (const [kind, count] of kindsOf(faults)) console.error(`${count} x ${kind}`);
  for (const fault of faults.slice(0, SHOWN)) console.error(fault.slice(0, 1000));
}

/** @param {number} ms */
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/** @param {readonly number[]} numbers */
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/** Faults that differ only in their names and numbers, the most frequent first. @param {readonly string[]} faults */
function kindsOf(faults) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const fault of faults) {
    const [line = ''] = fault.split('\n');
    const kind = line.replace(/[\da-f]{8}-[-\da-f]+|\d+/g, 'N').slice(0, 80);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].sort(([, one], [, other]) => other - one);
}
