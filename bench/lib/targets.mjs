// What this package wants to reach: cost ratios against the official SDK and the floor, or plain limits.

/** @typedef {{ workload: string, key: string, subject?: string, against?: string, limit: number }} Target */

export const SUBJECT = 'express-a2a';
const BEFORE = 'express-a2a-before';

/**
 * @param {string} workload
 * @param {string} key
 * @param {number | undefined} sdk
 * @param {number | undefined} floor
 * @returns {Target[]}
 */
function ratios(workload, key, sdk, floor) {
  /** @type {(against: string, limit: number | undefined) => Target[]} */
  const one = (against, limit) => (limit === undefined ? [] : [{ workload, key, against, limit }]);
  return [...one('a2ajs', sdk), ...one('floor-express', floor)];
}

/** @type {readonly Target[]} */
export const targets = [
  ...ratios('get-task', 'cpuUs', 0.8, 1.15),
  ...ratios('send-message', 'cpuUs', 0.6, 1.3),
  ...ratios('stream-echo', 'cpuUs', 0.6, 1.25),
  { workload: 'stream-v03', key: 'echo', limit: 1.3 },
  { workload: 'stream-v03', key: 'chunks', limit: 1.3 },
  ...ratios('refuse-no-parts', 'cpuUs', 0.7, 1.25),
  ...ratios('first-event', 'p50', 0.8, 1.35),
  ...ratios('chunk-streams', 'cpuPer1e5', 0.05, 0.9),
  ...ratios('fan-out', 'cpuPer1e5', 0.15, 0.3),
  ...ratios('growth', 'us16000', undefined, 2.5),
  { workload: 'growth', key: 'exponent', limit: 1.1 },
  ...ratios('idle-streams', 'rssKb', 0.8, 1.15),
  { workload: 'slow-reader', key: 'heldMb', limit: 8 },
  { workload: 'slow-webhook', key: 'ratio', limit: 1.25 },
  ...ratios('burst', 'worstMs', 0.1, 2),
  { workload: 'get-task', key: 'cpuUs', subject: BEFORE, against: 'floor-express', limit: 0.3 },
  { workload: 'send-message', key: 'cpuUs', subject: BEFORE, against: 'floor-express', limit: 0.55 },
];
