/** When a webhook that failed is tried again. Times are in ms. */
export interface BackOff {
  readonly firstMs: number;
  readonly longestMs: number;
  /** A webhook that has failed for so long is given up. */
  readonly giveUpMs: number;
}

/** From one second to ten minutes, for a day. */
export const BACK_OFF: BackOff = { firstMs: 1000, longestMs: 600_000, giveUpMs: 86_400_000 };

/**
 * The pause after so many failures in a row, at least 1: twice as long each time, less up to half of it by chance, so that what failed
 * together does not come back together. Never shorter than the receiver asked for, as far as
 * `longestMs` goes: no answer, mistaken or hostile, silences a webhook for longer than failures do.
 */
export function pauseMs(
  { firstMs, longestMs }: BackOff,
  failures: number,
  askedMs = 0,
  random: () => number = Math.random,
): number {
  const fullMs = Math.min(longestMs, firstMs * 2 ** (failures - 1));
  const jittered = Math.max(Math.min(firstMs, longestMs), fullMs * (0.5 + random() / 2));
  return Math.round(Math.max(jittered, Math.min(askedMs, longestMs)));
}
