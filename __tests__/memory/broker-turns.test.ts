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

  it('goes on after a callback that gives no promise, as those that fail', async () => {
    const broker = createMemoryBroker();
    let calls = 0;
    const onWork = () => {
      calls += 1;
      if (calls === 2) throw new Error('a callback that throws');
    };
    const worker = await broker.work('a', () => 1, onWork as unknown as () => Promise<'done'>);
    for (let n = 1; n <= 3; n += 1) {
      await broker.wake({ agent: 'a' });
      await turn();
      expect(calls).toBe(n);
    }
    await worker.stop();
  });

  it('wakes no worker of another agent', async () => {
    const broker = createMemoryBroker();
    const called: string[] = [];
    const workers = ['a', 'b'].map((agent) =>
      broker.work(
        agent,
        () => 1,
        () => {
          called.push(agent);
          return Promise.resolve('idle');
        },
      ),
    );
    await broker.wake({ agent: 'b' });
    await turn();
    expect(called).toEqual(['b']);
    for (const worker of workers) await (await worker).stop();
  });
});
