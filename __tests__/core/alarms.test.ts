import { describe, expect, it } from '@jest/globals';
import { type Alarm, Alarms } from '../../lib/core/alarms.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { Stopwatch } from '../../lib/core/time-limits.ts';
import { fakeClock } from '../../lib/testing/fake-clock.ts';
import { seededRandom } from '../../lib/testing/hostile-bus.ts';

/** An alarm that notes its name when it is called, and then does something. */
function noting(name: string, rung: string[], then: (self: Alarm) => void = () => undefined): Alarm {
  const self: Alarm = {
    place: 0,
    dueAt: undefined,
    onAlarm() {
      rung.push(name);
      then(self);
    },
  };
  return self;
}

function bench() {
  const clock = fakeClock();
  const rung: string[] = [];
  return { clock, rung, alarms: new Alarms(clock) };
}

describe('alarms', () => {
  it('share one timer, which is gone when none is set', () => {
    const { clock, rung, alarms } = bench();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => noting(name, rung));
    if (a === undefined || b === undefined || c === undefined) throw new Error('three were made');
    alarms.set(a, 30);
    alarms.set(b, 10);
    alarms.set(c, 20);
    expect(clock.pending()).toBe(1);
    clock.advance(10);
    expect([rung, clock.pending()]).toEqual([['b'], 1]);
    alarms.clear(c);
    alarms.clear(c);
    clock.advance(30);
    expect([rung, clock.pending()]).toEqual([['b', 'a'], 0]);
    alarms.set(c, 5);
    alarms.clear(c);
    expect(clock.pending()).toBe(0);
  });

  it('may set and clear alarms while they are called, at once too', () => {
    const { clock, rung, alarms } = bench();
    const late = noting('late', rung);
    const again = noting('again', rung, (self) => {
      if (rung.length < 4) alarms.set(self, 0);
    });
    const clears = noting('clears', rung, () => {
      alarms.clear(late);
    });
    alarms.set(clears, 10);
    alarms.set(late, 11);
    alarms.set(again, 12);
    clock.advance(100);
    expect(rung).toEqual(['clears', 'again', 'again', 'again']);
    expect(clock.pending()).toBe(0);
  });

  it('are called though one of them throws', () => {
    const { clock, rung, alarms } = bench();
    const broken = noting('broken', rung, () => {
      throw new Error('an alarm is broken');
    });
    alarms.set(broken, 1);
    alarms.set(noting('other', rung), 1);
    alarms.set(noting('later', rung), 2);
    expect(() => {
      clock.advance(1);
    }).toThrow('an alarm is broken');
    clock.advance(5);
    expect(rung.sort()).toEqual(['broken', 'later', 'other']);
  });

  it('do what a timer for each of them would do, whatever happens to them', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = seededRandom(seed);
      const below = (most: number) => Math.floor(random() * most);
      const { clock, alarms } = bench();
      const model = fakeClock();
      const [rung, expected]: [string[], string[]] = [[], []];
      const each = Array.from({ length: 12 }, (_, n) => {
        const alarm = noting('', [], () => rung.push(`${String(n)} at ${String(clock.elapsed())}`));
        return { n, alarm, cancel: (): void => undefined };
      });
      for (let step = 0; step < 60; step += 1) {
        const one = each[below(each.length)];
        if (one === undefined) throw new Error('there is one');
        const what = below(4);
        if (what < 2) {
          // no two at one time: nothing is said about their order
          const delayMs = 16 * below(50) + one.n;
          alarms.set(one.alarm, delayMs);
          one.cancel();
          one.cancel = model.after(delayMs, () => {
            expected.push(`${String(one.n)} at ${String(model.elapsed())}`);
          });
        } else if (what === 2) {
          alarms.clear(one.alarm);
          one.cancel();
        } else {
          const ms = 16 * below(30);
          clock.advance(ms);
          model.advance(ms);
        }
      }
      clock.advance(1000);
      model.advance(1000);
      expect(rung).toEqual(expected);
      expect(clock.pending()).toBe(0);
    }
  });

  it('ring at whole ms, and not before their time', () => {
    const { clock, rung, alarms } = bench();
    clock.advance(0.6);
    alarms.set(noting('late', rung), 10);
    clock.advance(10.3);
    expect(rung).toEqual([]);
    clock.advance(0.1);
    expect(rung).toEqual(['late']);
  });

  it('ring by the clock of the machine', async () => {
    const alarms = new Alarms(systemClock);
    const rung: string[] = [];
    await new Promise<void>((resolve) => {
      alarms.set(
        noting('second', rung, () => {
          resolve();
        }),
        15,
      );
      alarms.set(noting('first', rung), 1);
    });
    expect(rung).toEqual(['first', 'second']);
  });
});

describe('a stopwatch', () => {
  function watchOf(limitMs: number) {
    const clock = fakeClock();
    const ended: number[] = [];
    const owner = { onOver: () => ended.push(clock.elapsed()) };
    return {
      clock,
      ended,
      watch: new Stopwatch(owner, 'test', limitMs, { clock, alarms: new Alarms(clock) }),
    };
  }

  it('runs beyond what a timer can hold', () => {
    const { clock, ended, watch } = watchOf(2 ** 32);
    watch.start();
    clock.advance(2 ** 32 - 1);
    expect(ended).toEqual([]);
    clock.advance(1);
    expect(ended).toEqual([2 ** 32]);
    expect(clock.pending()).toBe(0);
  });

  it('does not count while it is paused, however often', () => {
    const { clock, ended, watch } = watchOf(100);
    watch.start();
    watch.start();
    clock.advance(60);
    watch.pause();
    watch.pause();
    clock.advance(1000);
    watch.start();
    clock.advance(39);
    expect(ended).toEqual([]);
    clock.advance(1);
    expect(ended).toEqual([1100]);
  });

  it('has its time anew when it is reset, running or not', () => {
    const { clock, ended, watch } = watchOf(100);
    watch.reset(50);
    watch.start();
    for (let n = 0; n < 10; n += 1) {
      clock.advance(49);
      watch.reset(50);
    }
    expect([ended, clock.pending()]).toEqual([[], 1]);
    clock.advance(50);
    expect([ended, clock.pending()]).toEqual([[540], 0]);
  });
});
