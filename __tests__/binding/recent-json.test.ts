import { describe, expect, it } from '@jest/globals';
import { RecentJson } from '../../lib/binding/recent-json.ts';

/** A value that tells how often its JSON was made. */
function value(text = 'x') {
  let made = 0;
  const toJSON = () => {
    made += 1;
    return { text };
  };
  return { of: { toJSON }, made: () => made };
}

describe('the JSON of results', () => {
  it('is made once of what nobody can change', () => {
    const recent = new RecentJson();
    const task = value();
    Object.freeze(task.of);
    expect([recent.of(task.of), recent.of(task.of), task.made()]).toEqual([
      '{"text":"x"}',
      '{"text":"x"}',
      1,
    ]);
  });

  it('is made each time of what somebody may change', () => {
    const recent = new RecentJson();
    const task = { state: 'working' };
    expect(recent.of(task)).toBe('{"state":"working"}');
    task.state = 'completed';
    expect(recent.of(task)).toBe('{"state":"completed"}');
  });

  it.each([[null], [true], [1], ['text'], [[]], [{}]])('is that of %j', (given) => {
    expect(new RecentJson().of(given)).toBe(JSON.stringify(given));
    expect(new RecentJson().of(Object.freeze(given))).toBe(JSON.stringify(given));
  });

  it('is not kept of what is large', () => {
    const recent = new RecentJson();
    const task = value('x'.repeat(512 * 1024));
    Object.freeze(task.of);
    recent.of(task.of);
    recent.of(task.of);
    expect(task.made()).toBe(2);
  });

  it.each([
    ['so many', 256, 1],
    ['so large', 9, 500 * 1024],
  ])('is made again once there were others, %s', (_name, count, characters) => {
    const recent = new RecentJson();
    const first = value();
    const others = (times: number) => {
      const text = 'x'.repeat(characters);
      for (let made = 0; made < times; made += 1) recent.of(Object.freeze(value(text).of));
    };
    recent.of(Object.freeze(first.of));
    others(count);
    recent.of(first.of);
    expect(first.made()).toBe(1);
    others(2 * count);
    recent.of(first.of);
    expect(first.made()).toBe(2);
  });
});
