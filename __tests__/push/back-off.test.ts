import { describe, expect, it } from '@jest/globals';
import { BACK_OFF, pauseMs } from '../../lib/push/back-off.ts';

const lucky = () => 1;
const TEN_MINUTES = 600_000;

describe('the pause before a webhook is tried again (NEEDS 30)', () => {
  it('doubles from a second to ten minutes, however many failures there were', () => {
    const pauses = [1, 2, 3, 10, 11, 2000].map((failures) => pauseMs(BACK_OFF, failures, 0, lucky));
    expect(pauses).toEqual([1000, 2000, 4000, 512_000, TEN_MINUTES, TEN_MINUTES]);
  });

  it('is up to half shorter by chance, but no less than the first', () => {
    expect([1, 2, 3].map((failures) => pauseMs(BACK_OFF, failures, 0, () => 0))).toEqual([1000, 1000, 2000]);
  });

  it.each([
    [0, 1000],
    [999, 1000],
    [5000, 5000],
    [TEN_MINUTES, TEN_MINUTES],
    [TEN_MINUTES + 1, TEN_MINUTES],
    [9_999_999_999_000, TEN_MINUTES],
    [Infinity, TEN_MINUTES],
  ])('heeds a Retry-After of %i ms, up to ten minutes', (asked, pause) => {
    expect(pauseMs(BACK_OFF, 1, asked, lucky)).toBe(pause);
  });
});
