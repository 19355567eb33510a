/** @param {readonly number[]} values */
export function sorted(values) {
  return [...values].sort((a, b) => a - b);
}

/** @param {readonly number[]} values */
export function median(values) {
  const ordered = sorted(values);
  const middle = ordered.length >> 1;
  const upper = ordered[middle] ?? NaN;
  return ordered.length % 2 ? upper : ((ordered[middle - 1] ?? NaN) + upper) / 2;
}

/**
 * Nearest rank.
 *
 * @param {readonly number[]} ordered ascending
 * @param {number} p
 */
export function percentile(ordered, p) {
  return ordered[Math.max(0, Math.ceil((p / 100) * ordered.length) - 1)] ?? NaN;
}
