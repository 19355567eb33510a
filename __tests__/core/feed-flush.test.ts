import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createFlush, type Flush, type Marked } from '../../lib/core/feed-flush.ts';
import type { Clock } from '../../lib/core/clock.ts';
import { fakeClock } from '../../lib/testing/fake-clock.ts';

interface Item<T> extends Marked {
  readonly name: T;
}

/** A flush of things that have names. */
function flushOf<T>(clock: Clock, deliver: (name: T) => void): Flush<T> {
  const items = new Map<T, Item<T>>();
  const { mark, forget, soon } = createFlush<Item<T>>(clock, ({ name }) => {
    deliver(name);
  });
  function itemOf(name: T): Item<T> {
    const item = items.get(name) ?? { name, isMarked: false };
    items.set(name, item);
    return item;
  }
  return {
    mark: (name) => {
      mark(itemOf(name));
    },
    forget: (name) => {
      forget(itemOf(name));
    },
    soon,
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a flush', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('comes before the loop turns, once for all that was marked in the same turn and its microtasks', async () => {
    const delivered: string[] = [];
    const { mark } = flushOf<string>(fakeClock(), (item) => delivered.push(item));
    await Promise.resolve();
    mark('a');
    mark('b');
    mark('a');
    await Promise.resolve();
    mark('c');
    expect(delivered).toEqual([]);
    await new Promise<void>((resolve) => {
      process.nextTick(resolve);
    });
    expect(delivered).toEqual(['a', 'b', 'c']);
  });

  it('is followed by one for what was marked while it went on', async () => {
    const delivered: number[] = [];
    const { mark } = flushOf<number>(fakeClock(), (item) => {
      delivered.push(item);
      // a reader answers with a further entry
      if (item < 3) void Promise.resolve().then(() => mark(item + 1));
    });
    mark(1);
    for (let turns = 0; turns < 4; turns += 1) await turn();
    expect(delivered).toEqual([1, 2, 3]);
  });

  it.each([
    ['as long as it took', 30, 30],
    ['100 ms at most', 5000, 100],
  ])('is followed by a pause: %s', async (_name, tookMs, pauseMs) => {
    const clock = fakeClock();
    const delivered: string[] = [];
    const { mark } = flushOf<string>(clock, (item) => {
      delivered.push(item);
      // what readers do in their microtasks counts
      void Promise.resolve().then(() => clock.advance(tookMs));
    });
    mark('a');
    await turn();
    mark('b');
    await turn();
    jest.advanceTimersByTime(pauseMs - 1);
    await turn();
    expect(delivered).toEqual(['a']);
    jest.advanceTimersByTime(1);
    await turn();
    expect(delivered).toEqual(['a', 'b']);
  });

  describe('of several tasks is followed by a longer pause', () => {
    /** After a flush of two tasks that took so long, when a third has news. */
    async function afterFlush(tookMs: number) {
      const clock = fakeClock();
      const delivered: string[] = [];
      const { mark } = flushOf<string>(clock, (item) => {
        delivered.push(item);
        if (item === 'b') clock.advance(tookMs);
      });
      mark('a');
      mark('b');
      await turn();
      mark('c');
      return { clock, isOver: () => delivered.includes('c') };
    }

    it('four times as long', async () => {
      const { clock, isOver } = await afterFlush(0.1);
      for (let step = 1; step <= 4; step += 1) {
        await turn();
        expect(isOver()).toBe(false);
        clock.advance(0.1);
      }
      await turn();
      expect(isOver()).toBe(true);
    });

    it.each([
      ['a millisecond at most', 0.4, 1],
      ['as long as it took, where that is more', 3, 3],
    ])('%s', async (_most, tookMs, pauseMs) => {
      const { isOver } = await afterFlush(tookMs);
      for (let turns = 0; turns < 10; turns += 1) await turn();
      jest.advanceTimersByTime(pauseMs - 1);
      await turn();
      expect(isOver()).toBe(false);
      jest.advanceTimersByTime(1);
      await turn();
      expect(isOver()).toBe(true);
    });
  });

  it.each([
    ['turns of the loop until it is over', 3],
    ['eight turns at most', 8],
  ])('waits where the pause is shorter than a timer can be: %s', async (_name, turns) => {
    const clock = fakeClock();
    const delivered: string[] = [];
    const { mark } = flushOf<string>(clock, (item) => {
      delivered.push(item);
      clock.advance(0.2);
    });
    mark('a');
    await turn();
    mark('b');
    for (let passed = 1; passed < turns; passed += 1) {
      await turn();
      expect(delivered).toEqual(['a']);
    }
    if (turns < 8) clock.advance(0.2);
    await turn();
    expect(delivered).toEqual(['a', 'b']);
  });

  it('tells who waits for the next one, with or without news', async () => {
    const clock = fakeClock();
    const heard: string[] = [];
    const { mark, soon } = flushOf<string>(clock, (item) => heard.push(item));
    void soon().then(() => heard.push('told'));
    await Promise.resolve();
    expect(heard).toEqual([]);
    await turn();
    expect(heard).toEqual(['told']);
    mark('a');
    void soon().then(() => heard.push('told again'));
    await turn();
    expect(heard).toEqual(['told', 'a', 'told again']);
  });

  it.each([
    ['the next flush where the pause is short', 5, ['a']],
    ['the end of the turn where it is long', 6, ['a', 'under way', 'first', 'later']],
  ])('lets nobody wait longer than until %s', async (_until, pauseMs, afterOneTurn) => {
    const clock = fakeClock();
    const heard: string[] = [];
    const wait = (name: string) => void soon().then(() => heard.push(name));
    const { mark, soon } = flushOf<string>(clock, (item) => {
      heard.push(item);
      if (item === 'a') void Promise.resolve().then(() => clock.advance(pauseMs));
    });
    mark('a');
    // one begins to wait while the flush goes on, the others in the pause after it
    process.nextTick(wait, 'under way');
    process.nextTick(() => {
      setImmediate(wait, 'first');
      setImmediate(wait, 'later');
    });
    await turn();
    mark('b');
    await turn();
    expect(heard).toEqual(afterOneTurn);
    jest.advanceTimersByTime(pauseMs);
    await turn();
    expect(heard.toSorted()).toEqual(['a', 'b', 'first', 'later', 'under way']);
  });

  it('is over with what the turn does without waiting before those are told for whom it is too far away', async () => {
    const clock = fakeClock();
    const { mark, soon } = flushOf<string>(clock, () => {
      void Promise.resolve().then(() => clock.advance(30));
    });
    mark('a');
    await turn();
    for (let round = 0; round < 2; round += 1) {
      let steps = 0;
      const told = soon().then(() => steps);
      for (let step = 0; step < 50; step += 1) {
        await Promise.resolve();
        steps += 1;
      }
      expect(await told).toBe(50);
    }
  });

  it('leaves out what has been forgotten', async () => {
    const delivered: string[] = [];
    const { mark, forget } = flushOf<string>(fakeClock(), (item) => delivered.push(item));
    mark('a');
    mark('b');
    forget('a');
    await turn();
    expect(delivered).toEqual(['b']);
  });

  it('leaves out what has been forgotten while it went on', async () => {
    const delivered: string[] = [];
    const { mark, forget } = flushOf<string>(fakeClock(), (item) => {
      delivered.push(item);
      forget('b');
    });
    mark('a');
    mark('b');
    await turn();
    expect(delivered).toEqual(['a']);
  });

  it('comes once for what has been forgotten and has news again', async () => {
    const delivered: string[] = [];
    const { mark, forget } = flushOf<string>(fakeClock(), (item) => delivered.push(item));
    mark('a');
    forget('a');
    mark('b');
    mark('a');
    await turn();
    expect(delivered.toSorted()).toEqual(['a', 'b']);
  });
});
