import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../lib/core/clock.ts';

describe("the machine's clock", () => {
  it('does not fire at once for a delay beyond what timers can hold', async () => {
    let fired = false;
    const cancel = systemClock.after(2 ** 31, () => {
      fired = true;
    });
    // node fires a timer that overflows after one millisecond
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    cancel();
    expect(fired).toBe(false);
  });
});
