import { describe, expect, it } from '@jest/globals';
import { Ending, unlessEnded, whenAllEnded } from '../../lib/core/ending.ts';

describe('what is waited for unless something ends', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['answers', () => Promise.resolve('given')],
    ['fails', () => Promise.reject(new Error('given'))],
    [
      'throws at once',
      () => {
        throw new Error('given');
      },
    ],
  ])('is let go of when it %s', async (_, action) => {
    const ending = new Ending();
    const listeners = new Set<unknown>();
    const { listen, ignore } = ending;
    ending.listen = (listener) => {
      listeners.add(listener);
      listen.call(ending, listener);
    };
    ending.ignore = (listener) => {
      listeners.delete(listener);
      ignore.call(ending, listener);
    };
    const given = await unlessEnded(ending, action).catch((error: unknown) => (error as Error).message);
    expect([given, listeners.size]).toEqual(['given', 0]);
  });

  it('ends with the reason where it never answers, and is not asked for afterwards', async () => {
    const ending = new Ending();
    const hanging = unlessEnded(ending, () => new Promise(() => undefined));
    const reason = new Error('over');
    ending.end(reason);
    await expect(hanging).rejects.toBe(reason);
    const asked: string[] = [];
    const late = unlessEnded(ending, async () => asked.push('asked'));
    await expect(late).rejects.toBe(reason);
    expect(asked).toEqual([]);
  });
});

describe('the end of several', () => {
  it('has come when the last of them has ended, and at once where all have, or there is none', () => {
    const [one, other] = [new Ending(), new Ending()];
    const told: string[] = [];
    whenAllEnded([one, other], () => told.push('both'));
    one.end('early');
    whenAllEnded([one], () => told.push('one'));
    whenAllEnded([], () => told.push('none'));
    expect(told).toEqual(['one', 'none']);
    other.end('late');
    other.end('again');
    expect(told).toEqual(['one', 'none', 'both']);
  });
});
