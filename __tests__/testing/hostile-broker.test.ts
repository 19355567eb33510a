import { describe, expect, it } from '@jest/globals';
import type { Broker, WorkHint } from '../../lib/core/broker.ts';
import { eventually } from '../../lib/testing/eventually.ts';
import { type BrokerHostility, hostileBroker } from '../../lib/testing/hostile-broker.ts';

/** Hands each hint to its one worker, in order, where that has room for it. */
function plainBroker(): Broker {
  let take: ((hint: WorkHint) => unknown) | undefined;
  return {
    async wake(hint) {
      await Promise.resolve();
      take?.(hint);
    },
    work(_agent, free, onWork) {
      take = (hint) => (free() > 0 ? onWork(hint) : undefined);
      return Promise.resolve({
        stop() {
          take = undefined;
          return Promise.resolve();
        },
      });
    },
    close: () => Promise.resolve(),
  };
}

/** Wakes for a hundred tasks, and gives what a worker heard once all that was to come has come. */
async function heard(hostility: BrokerHostility, room = Infinity) {
  const broker = hostileBroker(plainBroker(), hostility);
  const { hints, stop } = await listen(broker, room);
  for (let n = 0; n < 100; n += 1) await broker.wake({ agent: 'a', taskId: String(n) });
  for (let turn = 0; turn < 30; turn += 1) await new Promise(setImmediate);
  await stop();
  return { hints, broker };
}

async function listen(broker: Broker, room: number) {
  const hints: WorkHint[] = [];
  const { stop } = await broker.work(
    'a',
    () => room - hints.length,
    (hint) => {
      hints.push(hint);
      return Promise.resolve('done');
    },
  );
  return { hints, stop };
}

const names = (hints: readonly WorkHint[]) => hints.map(({ taskId }) => Number(taskId));
const inOrder = Array.from({ length: 100 }, (_, n) => n);

describe('a hostile broker', () => {
  it('is a broker where nothing is asked of it', async () => {
    const { hints, broker } = await heard({});
    expect([names(hints), broker.woken(), broker.lost()]).toEqual([inOrder, 100, 0]);
  });

  it('loses some hints or all, and counts them', async () => {
    const some = await heard({ drop: 0.3 });
    expect(some.hints.length + some.broker.lost()).toBe(100);
    expect(some.broker.lost()).toBeGreaterThan(10);
    expect(some.hints.length).toBeGreaterThan(10);
    expect((await heard({ drop: 1 })).hints).toEqual([]);
  });

  it('repeats hints, but not beyond the room of a worker', async () => {
    const { hints } = await heard({ repeat: 1 });
    expect(names(hints).sort((a, b) => a - b)).toEqual(inOrder.flatMap((n) => [n, n]));
    expect((await heard({ repeat: 1 }, 130)).hints.length).toBe(130);
  });

  it('delays hints, so that they overtake each other, and loses none of them', async () => {
    const { hints } = await heard({ delay: 0.5 });
    expect(names(hints)).not.toEqual(inOrder);
    expect(names(hints).sort((a, b) => a - b)).toEqual(inOrder);
  });

  it('does the same for the same seed', async () => {
    const fates = { drop: 0.3, repeat: 0.3, delay: 0.3, strip: 0.3 };
    const [one, same, other] = [
      await heard({ ...fates, seed: 7 }),
      await heard({ ...fates, seed: 7 }),
      await heard({ ...fates, seed: 8 }),
    ];
    expect(same.hints).toEqual(one.hints);
    expect(other.hints).not.toEqual(one.hints);
  });

  it('rejects while it is down, and works again after it', async () => {
    const broker = hostileBroker(plainBroker());
    const { hints, stop } = await listen(broker, Infinity);
    broker.setDown(true);
    await expect(broker.wake({ agent: 'a' })).rejects.toThrow('The broker is down');
    broker.setDown(false);
    await broker.wake({ agent: 'a' });
    await eventually(() => hints.length > 0, 'the hint');
    expect(hints).toEqual([{ agent: 'a' }]);
    await stop();
  });
});
