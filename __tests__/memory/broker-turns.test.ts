import { describe, expect, it } from '@jest/globals';
import { createMemoryBroker } from '../../lib/memory/broker.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the memory broker', () => {
  it.each([
    ['once where the worker has room for all of them', 5, 1],
    ['again, when a call is over, for what the worker had no room for', 2, 3],
  ])('calls for the work of one turn %s', async (_how, room, expected) => {
    const broker = createMemoryBroker();
    let calls = 0;
    const worker = await broker.work(
      'a',
      () => room,
      () => {
        calls += 1;
        return Promise.resolve('done');
      },
    );
    for (let n = 0; n < 5; n += 1) await broker.wake({ agent: 'a', taskId: `t${String(n)}` });
    expect(calls).toBe(0);
    for (let turns = 0; turns < 5; turns += 1) await turn();
    expect(calls).toBe(expected);
    await worker.stop();
  });
});
