import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../lib/core/clock.ts';
import { silentLogger } from '../../lib/core/logger.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { type BackOff, pauseMs } from '../../lib/push/back-off.ts';
import { createAddressPolicy } from '../../lib/push/address-policy.ts';
import { createPost } from '../../lib/push/post.ts';
import { createPushSender, type PushSender } from '../../lib/push/sender.ts';
import { newTask } from '../../lib/testing/storage/bench.ts';
import { artifact, status } from '../../lib/testing/storage/bodies.ts';
import { receiver } from '../helpers/receiver.ts';
import { seeded } from '../helpers/seeded.ts';
import { unreliable } from '../helpers/unreliable.ts';

const SEED = Number(process.env['SEED'] ?? 20_260_801);
const TASKS = 500;
const CHUNKS = 4;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const post = createPost(createAddressPolicy({ allowPrivate: true, allowHttp: true }));

describe('a sender that is stopped and started, and receivers that do all that is wrong', () => {
  it('NEEDS 30: every visible entry of 500 tasks comes at least once and in order', async () => {
    const random = seeded(SEED);
    const { storage, eventBus } = memoryBackend({ retention: { logMs: Infinity } });
    const push = storage.push ?? missing();
    const taken = new Map<string, number[]>();
    let isKind = false;
    const hook = await receiver(
      unreliable(
        random,
        () => isKind,
        systemClock,
        ({ headers }) => {
          const [taskId = '', seq] = String(headers['a2a-notification-id']).split('/');
          taken.set(taskId, [...(taken.get(taskId) ?? []), Number(seq)]);
        },
      ),
    );
    closing.push(hook.close);
    const start = (): PushSender => {
      const made = createPushSender({
        ...{ storage: { ...storage, push }, eventBus, post, agentId: 'suite' },
        ...{ clock: systemClock, logger: silentLogger, concurrency: 100, timeoutMs: 300, leaseMs: 1500 },
        backOff: { firstMs: 20, longestMs: 100, giveUpMs: 86_400_000 },
        writeOlder: (task) => task,
      });
      made.start();
      return made;
    };
    let sender = start();
    closing.unshift(() => sender.stop());

    async function run(n: number): Promise<void> {
      const id = `task-${String(n)}`;
      const config = { id: 'hook', taskId: id, url: hook.url };
      await storage.createTask(
        newTask({ id, push: { config, contextId: 'context-1', dialect: '1.0' as const } }),
      );
      const [claimed] = await storage.claim({
        ...{ worker: 'w', agent: 'suite', limit: 1 },
        leaseMs: 60_000,
        taskId: id,
      });
      const lease = claimed?.lease ?? missing();
      const bodies = [
        status('WORKING'),
        ...Array.from({ length: CHUNKS }, (_, chunk) => artifact(`a${String(chunk)}`, 'text')),
        status('COMPLETED'),
      ];
      for (const [index, body] of bodies.entries()) {
        const stored = await storage.append(lease, index + 1, [body]);
        if (!stored.ok) throw new Error(stored.reason);
        await eventBus.publish({
          taskId: id,
          head: stored.seq,
          closed: stored.closed,
          entries: stored.entries,
        });
        if (random.chance(0.3)) await new Promise((resolve) => setTimeout(resolve, random.below(20)));
      }
    }

    for (let n = 0; n < TASKS; n += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, k) => run(n + k)));
      await sender.stop({ drainMs: random.below(50) });
      sender = start();
    }
    isKind = true;
    const expected = Array.from({ length: CHUNKS + 2 }, (_, k) => k + 2);
    const isDone = (seqs: readonly number[] = []) => seqs.includes(CHUNKS + 3);
    await hook.until(() => taken.size === TASKS && [...taken.values()].every(isDone));
    for (const seqs of taken.values()) {
      // each first coming is after all before it; what comes again is one that came before
      const firsts = seqs.filter((seq, index) => seqs.indexOf(seq) === index);
      expect(firsts).toEqual(expected);
    }
    expect([...taken.values()].flat().length).toBeGreaterThan(TASKS * expected.length);
  }, 300_000);
});

describe('the pause after a failure', () => {
  const backOff: BackOff = { firstMs: 1000, longestMs: 600_000, giveUpMs: 86_400_000 };

  it('doubles from a second to ten minutes, half of it by chance', () => {
    expect([1, 2, 3, 9, 10, 11, 5000].map((failures) => pauseMs(backOff, failures, 0, () => 1))).toEqual([
      ...[1000, 2000, 4000, 256_000, 512_000, 600_000, 600_000],
    ]);
    expect([1, 2, 3, 5000].map((failures) => pauseMs(backOff, failures, 0, () => 0))).toEqual([
      ...[1000, 1000, 2000, 300_000],
    ]);
  });

  it('is at least what the receiver asks for, up to ten minutes', () => {
    expect(pauseMs(backOff, 1, 90_000)).toBe(90_000);
    expect(pauseMs(backOff, 1, Number.MAX_SAFE_INTEGER)).toBe(600_000);
  });
});

function missing(): never {
  throw new Error('it is not there');
}
