import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import type { Agent } from '../../lib/core/output.ts';
import { errorOf } from '../../lib/testing/worker/agent-cases.ts';
import { brief, briefArtifacts } from '../../lib/testing/worker/brief.ts';
import { deaf, obedient, stopped } from '../../lib/testing/worker/stop-cases.ts';
import { gate, withBench } from '../helpers/worker-bench.ts';

const isStatus = ({ kind }: { kind: string }) => kind === 'status';
const TOO_LARGE = 'FAILED The task grew beyond the size this server allows';

describe('a task that grows too large', () => {
  const small = { limits: { taskBytes: 5000 } };
  const huge = 'x'.repeat(6000);
  const rows: [string, Agent][] = [
    ['an artifact', (turn) => turn.artifact({ parts: [{ text: huge }] })],
    ['a status', (turn) => turn.working(huge)],
    ['what it returns', () => huge],
    ['a question', (turn) => turn.requireInput(huge)],
    [
      'a question with wait',
      async (turn) => {
        await turn.requireAuth(huge, { wait: true });
      },
    ],
    [
      'an artifact that it does not await, though it completes afterwards',
      (turn) => {
        void turn.artifact({ parts: [{ text: huge }] });
        void turn.artifact({ parts: [{ text: 'fits' }] });
        void turn.complete('done');
      },
    ],
    [
      'what it streams',
      async function* () {
        for (;;) yield 'x'.repeat(500);
      },
    ],
    [
      'an artifact, and it is deaf',
      (turn) => {
        void turn.artifact({ parts: [{ text: huge }] });
        return new Promise<void>(() => undefined);
      },
    ],
  ];
  it.each(rows)('by %s is FAILED, and nothing has a hole in it', async (_, agent) => {
    await withBench(async (bench) => {
      const reason = gate<unknown>();
      const { errors, worker } = await bench.start((turn) => {
        turn.signal.addEventListener('abort', () => {
          reason.open(turn.signal.reason);
        });
        return agent(turn);
      });
      const taskId = await bench.send();
      const log = brief(await bench.ended(taskId));
      expect(log.at(-1)).toBe(TOO_LARGE);
      expect(log.filter((line) => line.includes('fits'))).toEqual([]);
      expect(await reason.opened).toBe('too-large');
      await bench.settle();
      expect(worker.status().running).toBe(0);
      expect(errors).toEqual([]);
    }, small);
  });

  it('keeps what fitted of a group', async () => {
    await withBench(async (bench) => {
      const { errors } = await bench.start(async (turn) => {
        const said = ['a', 'b', huge, 'c'].map((text) =>
          errorOf(turn.artifact({ artifactId: text.slice(0, 1), parts: [{ text }] })),
        );
        await Promise.all(said);
      });
      const entries = await bench.ended(await bench.send());
      expect(brief(entries).slice(2)).toEqual(['artifact a = a .', 'artifact b = b .', TOO_LARGE]);
      expect(errors).toEqual([]);
    }, small);
  });

  it('so much that not even a start fits is FAILED without a run', async () => {
    await withBench(async (bench) => {
      let runs = 0;
      const { storage } = await bench.start(() => {
        runs += 1;
      });
      // a storage may count every entry that does not close
      const { append } = storage;
      storage.append = (lease, producerSeq, entries) =>
        entries[0]?.kind === 'start'
          ? Promise.resolve({ ok: false, reason: 'too-large' })
          : append(lease, producerSeq, entries);
      const entries = await bench.ended(await bench.send());
      expect(brief(entries)).toEqual(['open hello', TOO_LARGE]);
      expect(runs).toBe(0);
    }, small);
  });

  it('a message that fills it can still be answered in few words', async () => {
    await withBench(async (bench) => {
      await bench.start((turn) => turn.fail('too much for me'));
      const entries = await bench.ended(await bench.send(huge.slice(0, small.limits.taskBytes - 1000)));
      expect(brief(entries).slice(1)).toEqual(['start 1', 'FAILED too much for me']);
    }, small);
  });
});

describe('an agent', () => {
  it('runs in the context of no client, whoever made or woke its worker', async () => {
    const user = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    await withBench(async (bench) => {
      const look: Agent = async (turn) => {
        seen.push(user.getStore());
        await turn.working();
        seen.push(user.getStore());
      };
      await user.run('who made it', () => bench.start(look));
      const sent = ['ada', 'bob', 'eve'].map((name) => user.run(name, () => bench.send()));
      for (const taskId of sent) await bench.ended(await taskId);
    });
    expect(seen).toEqual(Array(6).fill(undefined));
  });
});

describe('what an agent says as it returns', () => {
  const said: [string, Agent][] = [
    ['a function', (turn) => void turn.artifact({ parts: [{ text: 'hi' }] })],
    ['an async function', async (turn) => void turn.artifact({ parts: [{ text: 'hi' }] })],
    [
      'two calls',
      (turn) => {
        void turn.artifact({ parts: [{ text: 'hi' }] });
        void turn.complete();
      },
    ],
  ];
  it.each(said)('is stored with its end: %s', async (_, agent) => {
    await withBench(async (bench) => {
      const { storage } = await bench.start(agent);
      const entries = await bench.ended(await bench.send());
      expect(entries.map(({ kind }) => kind)).toEqual(['open', 'start', 'artifact', 'status']);
      const appends = storage.calls.filter(({ method }) => method === 'append');
      expect(appends.map(({ args }) => (args[2] as unknown[]).length)).toEqual([1, 2]);
    });
  });
});

describe('a stream of 20,000 chunks', () => {
  it('is stored as one part, and no append touches more than its own entries', async () => {
    await withBench(
      async (bench) => {
        const { storage } = await bench.start(async function* () {
          for (let n = 0; n < 20_000; n += 1) yield `chunk ${String(n % 10)} `;
        });
        const taskId = await bench.send();
        const entries = await bench.ended(taskId);
        const { task } = await bench.load(taskId);
        expect(task.artifacts?.map(({ parts }) => parts.map(({ text }) => text?.length))).toEqual([
          [160_000],
        ]);
        const appends = storage.calls.filter(({ method }) => method === 'append');
        const sizes = appends.map(({ args }) => JSON.stringify(args[2]).length);
        const counts = appends.map(({ args }) => (args[2] as unknown[]).length);
        expect(counts.reduce((sum, count) => sum + count)).toBe(entries.length - 1);
        expect(Math.max(...counts)).toBeLessThanOrEqual(256);
        // the same at its end as at its start
        const perEntry = (from: number, to: number) =>
          sizes.slice(from, to).reduce((sum, size) => sum + size) /
          counts.slice(from, to).reduce((sum, count) => sum + count);
        expect(perEntry(-20, -2) / perEntry(2, 20)).toBeCloseTo(1, 1);
        // the task is as its claim gave it, and nothing is read on the way
        const others = storage.calls.map(({ method }) => method).filter((method) => method !== 'append');
        expect(others.filter((method) => method === 'loadTask' || method === 'read')).toEqual([]);
      },
      { limits: { logEntries: 100_000 } },
    );
  });

  it('is slowed down by a slow storage: no more waits than there is room for', async () => {
    await withBench(async (bench) => {
      const made = { chunks: 0 };
      const may = gate<undefined>();
      const station = await bench.start(async function* () {
        for (; made.chunks < 5000; made.chunks += 1) yield 'x';
      });
      station.storage.setFault(({ method, nth }) =>
        method === 'append' && nth > 1 ? may.opened : undefined,
      );
      const taskId = await bench.send();
      await bench.until(taskId, ({ kind }) => kind === 'start');
      for (let turn = 0; turn < 500; turn += 1) await new Promise(setImmediate);
      expect(made.chunks).toBeGreaterThan(200);
      expect(made.chunks).toBeLessThanOrEqual(260);
      may.open(undefined);
      expect(briefArtifacts(await bench.ended(taskId))).toEqual({ '1-1': 'x'.repeat(5000) });
    });
  });

  it('of large chunks is slowed down by their size', async () => {
    await withBench(async (bench) => {
      const made = { chunks: 0 };
      const may = gate<undefined>();
      const station = await bench.start(async function* () {
        for (; made.chunks < 40; made.chunks += 1) yield { data: ['x'.repeat(100_000)] };
      });
      station.storage.setFault(({ method, nth }) =>
        method === 'append' && nth > 1 ? may.opened : undefined,
      );
      const taskId = await bench.send();
      await bench.until(taskId, ({ kind }) => kind === 'start');
      for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
      expect(made.chunks).toBeLessThanOrEqual(12);
      may.open(undefined);
      await bench.ended(taskId);
      const sizes = station.storage.calls
        .filter(({ method }) => method === 'append')
        .map(({ args }) => JSON.stringify(args[2]).length);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(1_200_000);
    });
  });
});

describe('a run that nothing is left of', () => {
  it.each<[string, Agent]>([
    ['ended', () => 'done'],
    ['paused', (turn) => turn.requireInput('?')],
    ['failed', () => Promise.reject(new Error('x'))],
    [
      'waited',
      async (turn) => {
        await errorOf(turn.requireAuth('?', { wait: true }));
      },
    ],
    ['was cancelled', deaf],
  ])('%s leaves no timer and no listener behind', async (how, agent) => {
    await withBench(async (bench) => {
      const station = await bench.start(agent, { runTimeoutMs: 60_000, inputTimeoutMs: 60_000 });
      const before = station.clock.pending();
      const taskId = await bench.send();
      await bench.until(taskId, (entry) => isStatus(entry));
      await bench.settle();
      if (how === 'waited') await bench.say(taskId, 'go on');
      if (how === 'was cancelled') {
        await bench.cancel(taskId);
        await bench.settle();
        await bench.advance(5000);
      }
      await bench.settle();
      expect(station.worker.status().running).toBe(0);
      expect(station.clock.pending()).toBe(before);
    });
  });

  it('leaves no timer behind, though the storage answers after its end', async () => {
    await withBench(async (bench) => {
      const station = await bench.start(obedient);
      const before = station.clock.pending();
      const taskId = await bench.send();
      await bench.until(taskId, isStatus);
      await bench.settle();
      const may = gate<undefined>();
      station.storage.setFault(({ method }) => (method === 'renew' ? may.opened : undefined));
      await bench.cancel(taskId);
      await bench.ended(taskId);
      may.open(undefined);
      await bench.settle();
      expect(station.clock.pending()).toBe(before);
    });
  });

  it('is logged when it failed through a fault of ours', async () => {
    await withBench(async (bench) => {
      const station = await bench.start(() => 'done');
      const { claim } = bench.storage;
      // a storage that breaks its contract: work without anything to answer
      station.storage.claim = async (by) =>
        (await claim(by)).map((task) => ({ ...task, pending: [], doneSeq: 9 }));
      await bench.send();
      await bench.settle();
      expect(station.logged).toEqual(['a run failed; the task is taken up again after its lease']);
      expect(station.worker.status()).toEqual({ running: 0, orphaned: 0 });
    });
  });

  it('gives up quietly when its task is gone', async () => {
    await withBench(async (bench) => {
      const station = await bench.start(() => 'done');
      station.storage.loadTask = async () => undefined;
      await bench.send();
      await bench.settle();
      expect(station.worker.status()).toEqual({ running: 0, orphaned: 0 });
    });
  });
});

describe('a wait', () => {
  it('that the client answers in time is not counted as late', async () => {
    await withBench(async (bench) => {
      await bench.start(
        async (turn) => {
          await turn.requireAuth('sign in', { wait: true });
          await turn.working();
          await stopped(turn);
        },
        { inputTimeoutMs: 10_000, runTimeoutMs: Infinity },
      );
      const taskId = await bench.send();
      await bench.until(taskId, isStatus);
      await bench.settle();
      await bench.say(taskId, 'token');
      await bench.settle();
      await bench.advance(60_000);
      expect((await bench.load(taskId)).closed).toBe(false);
    });
  });

  it('survives a storage that is down when the answer comes', async () => {
    await withBench(async (bench) => {
      const station = await bench.start(async (turn) => {
        const answer = await turn.requireAuth('sign in', { wait: true });
        return 'message' in answer ? 'got it' : 'no';
      });
      const taskId = await bench.send();
      await bench.until(taskId, isStatus);
      await bench.settle();
      station.storage.setFault(() => 'fail');
      await bench.say(taskId, 'token');
      await bench.advance(3000);
      station.storage.setFault();
      await bench.advance(1000);
      expect(brief(await bench.ended(taskId)).slice(3)).toEqual([
        ...['input token', 'WORKING', 'artifact 1-1 = got it .', 'COMPLETED'],
      ]);
    });
  });

  it('ends with the lease', async () => {
    await withBench(async (bench) => {
      const reason = gate<unknown>();
      const station = await bench.start(async (turn) => {
        reason.open(await errorOf(turn.requireAuth('sign in', { wait: true })));
      });
      const taskId = await bench.send();
      await bench.until(taskId, isStatus);
      await bench.settle();
      station.storage.setFault(() => 'fail');
      await bench.say(taskId, 'token');
      await bench.advance(28_000);
      expect(await reason.opened).toBe('lease-lost');
      expect(station.worker.status().running).toBe(0);
    });
  });
});

it.each<[string, unknown]>([
  ['an error', new Error('no such claim')],
  ['what has no text', Object.create(null)],
])('a run that throws %s as it begins is let go, and the others of its claim run', async (_, thrown) => {
  await withBench(async (bench) => {
    const taskIds: string[] = [];
    const broken = {
      get() {
        throw thrown;
      },
    };
    const { logged, storage } = await bench.start(() => 'done');
    const { claim } = storage;
    storage.claim = async (by) => {
      const claimed = await claim(by);
      return claimed.map((task) =>
        task.lease.taskId === taskIds[0]
          ? Object.defineProperty({ ...task }, 'cancelRequested', broken)
          : task,
      );
    };
    for (const text of ['one', 'two', 'three']) taskIds.push(await bench.send(text));
    for (const taskId of taskIds.slice(1)) await bench.ended(taskId);
    await bench.settle();
    expect(brief(await bench.log(taskIds[0] ?? ''))).toEqual(['open one']);
    expect(logged).toEqual([expect.stringContaining('a run failed')]);
  });
});
