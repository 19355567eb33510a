import { describe, expect, it } from '@jest/globals';
import { fakeClock } from '../helpers/fake-clock.ts';

describe('the fake clock', () => {
  it('calls what falls due on the way, in order of time, and shows that time', () => {
    const clock = fakeClock(1000);
    const seen: unknown[] = [];
    const note = (name: string) => () => seen.push([name, clock.elapsed(), clock.now()]);
    clock.after(30, note('c'));
    clock.after(10, note('a'));
    clock.after(10, note('b'));
    clock.after(31, note('later'));
    clock.advance(30);
    expect(seen).toEqual([
      ['a', 10, 1010],
      ['b', 10, 1010],
      ['c', 30, 1030],
    ]);
    expect([clock.elapsed(), clock.pending()]).toEqual([30, 1]);
  });

  it('calls what a callback starts, when it falls due as well', () => {
    const clock = fakeClock();
    const times: number[] = [];
    const tick = () => {
      times.push(clock.elapsed());
      clock.after(10, tick);
    };
    tick();
    clock.advance(35);
    expect(times).toEqual([0, 10, 20, 30]);
  });

  it('does not call what was cancelled', () => {
    const clock = fakeClock();
    const cancel = clock.after(10, () => {
      throw new Error('was cancelled');
    });
    cancel();
    cancel();
    clock.advance(10);
    expect(clock.pending()).toBe(0);
  });

  it('moves the wall clock alone', () => {
    const clock = fakeClock(1000);
    clock.advance(5);
    clock.setWall(0);
    expect([clock.now(), clock.elapsed()]).toEqual([0, 5]);
    clock.advance(5);
    expect([clock.now(), clock.elapsed()]).toEqual([5, 10]);
  });
});
