import type { WorkOutcome } from '../../core/broker.ts';
import type { BrokerKit } from '../broker-suite.ts';
import { eventually } from '../eventually.ts';
import { listen, withProcesses } from './bench.ts';

/** K6: what queue products promise beside. */
export function queueCases({ test, hooks, expect }: BrokerKit): void {
  test(
    'K6 queue ★: the hint of a process that was killed comes to another one',
    async (broker) => {
      await withProcesses(hooks.process, broker, async (one, two) => {
        const first = await listen(one.broker, 'a', () => new Promise(() => undefined));
        await broker.wake({ agent: 'a', taskId: 't' });
        await eventually(() => first.heard.length > 0, 'the hint');
        const second = await listen(two.broker, 'a');
        await one.kill();
        await eventually(() => second.heard.some(({ taskId }) => taskId === 't'), 'the hint again');
        await second.stop();
      });
    },
    ['process', 'redelivers', 'every hint'],
  );

  test(
    'K6 queue: a hint whose worker was busy comes again, one that is done does not',
    async (broker) => {
      const outcomes: WorkOutcome[] = ['busy', 'busy', 'done'];
      const { heard, stop } = await listen(broker, 'a', () => Promise.resolve(outcomes.shift() ?? 'done'));
      await broker.wake({ agent: 'a', taskId: 't' });
      await eventually(() => outcomes.length === 0, 'the hint to come three times');
      // what would come once more comes before the last of these, or between them
      for (let n = 0; n < 20; n += 1) {
        await broker.wake({ agent: 'a', taskId: 'u' });
        await eventually(() => heard.length >= 4 + n, 'the hint for another task');
      }
      await stop();
      expect(heard.map(({ taskId }) => taskId)).toEqual(['t', 't', 't', ...Array<string>(20).fill('u')]);
    },
    ['redelivers', 'every hint'],
  );
}
