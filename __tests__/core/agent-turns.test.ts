import { afterEach, describe, expect, it } from '@jest/globals';
import { AgentTurns } from '../../lib/core/fairness.ts';
import { fakeClock } from '../../lib/testing/fake-clock.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

let app: AgentApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

describe('agents that begin in one turn of the event loop', () => {
  it('begin at once while they take little time together', async () => {
    const clock = fakeClock();
    const turns = new AgentTurns(clock);
    expect(turns.next()).toBeUndefined();
    clock.advance(9);
    expect(turns.next()).toBeUndefined();
    await turn();
    clock.advance(9);
    expect(turns.next()).toBeUndefined();
  });

  it('begin in turns of their own, one after the other, where they take long', async () => {
    const clock = fakeClock();
    const turns = new AgentTurns(clock);
    const begun: string[] = [];
    const begin = (name: string) => void turns.next()?.then(() => begun.push(name));
    void turns.next();
    clock.advance(10);
    begin('a');
    begin('b');
    await Promise.resolve();
    expect(begun).toEqual([]);
    await turn();
    expect(begun).toEqual(['a']);
    begin('c');
    await turn();
    expect(begun).toEqual(['a', 'b']);
    await turn();
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  it('let the server do other things between them, though each computes without a break', async () => {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    const begun: number[] = [];
    const agent = () => {
      begun.push(turns);
      for (const end = performance.now() + 15; performance.now() < end;);
    };
    app = await makeApp({ agent });
    const { call } = app;
    count();
    await Promise.all(Array.from({ length: 8 }, (_, n) => call('SendMessage', message(`m${String(n)}`))));
    isOver = true;
    expect(new Set(begun).size).toBe(8);
  });
});
