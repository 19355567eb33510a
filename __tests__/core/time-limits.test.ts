import { describe, expect, it } from '@jest/globals';
import { Alarms } from '../../lib/core/alarms.ts';
import { TimeLimits } from '../../lib/core/time-limits.ts';
import { fakeClock } from '../../lib/testing/fake-clock.ts';

describe('the time limits of a run', () => {
  it.each([
    ['its work', 10, 1000, 'The agent took too long'],
    ['its silence', 1000, 10, 'The agent said nothing for too long'],
  ])(
    'are told by the first that is over, though the agent takes its time to stop: %s',
    (_what, work, silence, text) => {
      const clock = fakeClock();
      let ends = 0;
      const limits = new TimeLimits(
        { onTimeOver: () => (ends += 1) },
        {
          clock,
          alarms: new Alarms(clock),
          runTimeoutMs: work,
          idleTimeoutMs: silence,
          inputTimeoutMs: Infinity,
        },
      );
      limits.begin();
      clock.advance(10);
      expect([ends, limits.overText]).toEqual([1, text]);
      clock.advance(2000);
      expect([ends, limits.overText]).toEqual([1, text]);
      limits.stop();
      expect(clock.pending()).toBe(0);
    },
  );
});
