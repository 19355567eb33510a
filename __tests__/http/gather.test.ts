import { describe, expect, it } from '@jest/globals';
import { TurnGathering } from '../../lib/http/gather.ts';

const endOfTurn = () => new Promise(setImmediate);

function gathering() {
  const given: number[] = [];
  return { given, answers: new TurnGathering<number>((item) => given.push(item)) };
}

describe('what is answered in a turn of the event loop', () => {
  it('goes at once where it is the first, and at the end of the turn where it is not', async () => {
    const { given, answers } = gathering();
    for (const item of [1, 2, 3]) answers.add(item);
    await Promise.resolve();
    expect(given).toEqual([1]);
    await endOfTurn();
    expect(given).toEqual([1, 2, 3]);
    answers.add(4);
    expect(given).toEqual([1, 2, 3, 4]);
    await endOfTurn();
    expect(given).toHaveLength(4);
  });

  it('does not wait for more than 64', async () => {
    const { given, answers } = gathering();
    const all = Array.from({ length: 200 }, (_, item) => item);
    const seen = all.map((item) => {
      answers.add(item);
      return given.length;
    });
    expect(Math.max(...all.map((item) => item + 1 - (seen[item] ?? 0)))).toBe(63);
    await endOfTurn();
    expect(given).toEqual(all);
  });

  it('may lead to further answers while it is given', async () => {
    const given: number[] = [];
    const answers: TurnGathering<number> = new TurnGathering((item) => {
      given.push(item);
      if (item < 10) answers.add(item + 10);
    });
    for (const item of [1, 2, 3]) answers.add(item);
    await endOfTurn();
    await endOfTurn();
    expect(given.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 11, 12, 13]);
  });
});
