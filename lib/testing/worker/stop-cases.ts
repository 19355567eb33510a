import type { Agent } from '../../core/output.ts';
import type { Turn } from '../../core/turn.ts';
import type { WorkerKit } from '../worker-suite.ts';
import { brief } from './brief.ts';
import type { WorkerWish } from './bench.ts';

/** W7 to W9, W14 and W15: what ends a run that does not end by itself. */
export function stopCases(kit: WorkerKit): void {
  limitCases(kit);
  cancelCases(kit);
}

/** Resolves when the agent is told to stop. */
export function stopped({ signal }: Turn): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener('abort', () => {
        resolve();
      });
  });
}

/** Waits until it is told to stop, and then gives up as a call with `signal` does. */
export const obedient: Agent = async (turn) => {
  await turn.working();
  await stopped(turn);
  throw new Error('aborted');
};

/** Never ends, whatever it is told. */
export const deaf: Agent = async (turn) => {
  await turn.working();
  return new Promise(() => undefined);
};

/** The same, and when it has been told to stop: the time that it is given begins then. */
function deafButTold(): { readonly agent: Agent; readonly told: Promise<void> } {
  let tell: () => void = () => undefined;
  const told = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const agent: Agent = async (turn) => {
    void stopped(turn).then(tell);
    await turn.working();
    return new Promise(() => undefined);
  };
  return { agent, told };
}

const working = ['open hello', 'start 1', 'WORKING'];
const isWorking = ({ kind }: { kind: string }) => kind === 'status';

function limitCases({ test, expect }: WorkerKit): void {
  test('W7 never ends: after runTimeoutMs it is told to stop, and the task is FAILED', async (bench) => {
    let reason: unknown;
    const station = await bench.start(
      async (turn) => {
        await obedient(turn);
        reason = turn.signal.reason;
      },
      { runTimeoutMs: 60_000 },
    );
    const seen = station.errors;
    const taskId = await bench.send();
    await bench.until(taskId, isWorking);
    await bench.advance(59_000);
    expect(brief(await bench.log(taskId))).toEqual(working);
    await bench.advance(2000);
    expect(brief(await bench.ended(taskId))).toEqual([...working, 'FAILED The agent took too long']);
    expect(station.worker.status()).toEqual({ running: 0, orphaned: 0 });
    // what it throws since it was told to stop is no error
    expect(seen).toEqual([]);
    expect(reason).toBe(undefined);
  });

  test('W7 never ends: what it says within its grace still counts', async (bench) => {
    await bench.start(
      async (turn) => {
        await stopped(turn);
        await turn.complete(`in time, in spite of ${String(turn.signal.reason)}`);
      },
      { runTimeoutMs: 1000 },
    );
    const taskId = await bench.send();
    await bench.until(taskId, ({ kind }) => kind === 'start');
    await bench.advance(1250);
    const end = (await bench.ended(taskId)).slice(2);
    expect(brief(end)).toEqual(['COMPLETED in time, in spite of timeout']);
  });

  test('W8 deaf: after the time limit and its grace the task is FAILED; its slot stays taken until it settles', async (bench) => {
    let settle: () => void = () => undefined;
    const { worker } = await bench.start(
      async (turn) => {
        if (turn.text === 'next') return 'hi';
        await turn.working();
        await new Promise<void>((resolve) => {
          settle = resolve;
        });
        await turn.artifact({ parts: [{ text: 'too late' }] });
        return 'too late';
      },
      { runTimeoutMs: 10_000, cancelGraceMs: 3000, concurrency: 1 },
    );
    const taskId = await bench.send();
    await bench.until(taskId, isWorking);
    await bench.advance(12_750);
    expect(brief(await bench.log(taskId))).toEqual(working);
    expect(worker.status()).toEqual({ running: 1, orphaned: 0 });
    await bench.advance(500);
    expect(brief(await bench.ended(taskId))).toEqual([...working, 'FAILED The agent took too long']);
    expect(worker.status()).toEqual({ running: 0, orphaned: 1 });
    const next = await bench.send('next');
    await bench.advance(5000);
    expect(brief(await bench.log(next))).toEqual(['open next']);
    settle();
    await bench.ended(next);
    expect((await bench.log(taskId)).length).toBe(4);
    await bench.settle();
    expect(worker.status()).toEqual({ running: 0, orphaned: 0 });
  });

  test(
    'W9 blocked event loop: the lease is lost, the next claimer decides, and the log says what to do',
    async (bench) => {
      const first = await bench.start(deaf);
      const taskId = await bench.send();
      await bench.until(taskId, isWorking);
      first.freeze();
      const second = await bench.start(() => 'by the second', { maxAttempts: 2 });
      await bench.advance(33_000);
      await bench.ended(taskId);
      first.thaw();
      await bench.settle();
      expect(brief(await bench.log(taskId)).slice(3)).toEqual([
        'start 2',
        'artifact 1-1 = by the second .',
        'COMPLETED',
      ]);
      expect(first.logged.some((text) => text.includes('the event loop was blocked'))).toBe(true);
      expect(first.worker.status()).toEqual({ running: 0, orphaned: 1 });
      expect(second.logged).toEqual([]);
    },
    ['advance'],
  );
}

function cancelCases({ test, expect }: WorkerKit): void {
  test('W14 cancel: before a worker has the task, no agent runs', async (bench) => {
    const taskId = await bench.send('hello', { quiet: true });
    await bench.cancel(taskId);
    let runs = 0;
    await bench.start(() => {
      runs += 1;
    });
    await bench.settle();
    expect(runs).toBe(0);
    expect(brief(await bench.log(taskId))).toEqual(['open hello', 'cancel', 'CANCELED']);
  });

  const rows: [string, Agent, string[], WorkerWish?][] = [
    ['an agent that throws when told: CANCELED', obedient, ['CANCELED']],
    [
      'an agent that returns when told: CANCELED, what it returns is left aside',
      async (turn) => {
        await turn.working();
        await stopped(turn);
        return 'half of it';
      },
      ['CANCELED'],
    ],
    [
      'an agent that yields when told: CANCELED, what it yields is left aside',
      async function* (turn) {
        await turn.working();
        await stopped(turn);
        yield 'half of it';
        throw new Error('nobody asks for more');
      },
      ['CANCELED'],
    ],
    [
      'an agent that cleans up in words: they count, then CANCELED',
      async (turn) => {
        await turn.working();
        await stopped(turn);
        await turn.working('cleaning up');
      },
      ['WORKING cleaning up', 'CANCELED'],
    ],
    [
      'an agent that completes all the same: COMPLETED',
      async (turn) => {
        await turn.working();
        await stopped(turn);
        await turn.complete('just in time');
      },
      ['COMPLETED just in time'],
    ],
  ];
  for (const [name, agent, expected, wish] of rows) {
    test(`W14 cancel: ${name}`, async (bench) => {
      const { errors, worker } = await bench.start(agent, wish);
      const taskId = await bench.send();
      await bench.until(taskId, isWorking);
      await bench.cancel(taskId);
      expect(brief(await bench.ended(taskId))).toEqual([...working, 'cancel', ...expected]);
      await bench.settle();
      expect(worker.status()).toEqual({ running: 0, orphaned: 0 });
      expect(errors).toEqual([]);
    });
  }

  test('W14 cancel: a deaf agent loses the task half a second before the grace is over', async (bench) => {
    const { agent, told } = deafButTold();
    const { worker } = await bench.start(agent);
    const taskId = await bench.send();
    await bench.until(taskId, isWorking);
    await bench.cancel(taskId, 5000);
    await told;
    await bench.settle();
    // a busy machine may have been late to tell it
    await bench.advance(4000);
    expect(brief(await bench.log(taskId))).toEqual([...working, 'cancel']);
    await bench.advance(500);
    const entries = await bench.ended(taskId);
    expect(brief(entries)).toEqual([...working, 'cancel', 'CANCELED']);
    // the runtime said it under its own lease
    expect(entries.at(-1)?.epoch).toBe(entries[1]?.epoch);
    await bench.settle();
    expect(worker.status()).toEqual({ running: 0, orphaned: 1 });
  });

  test('W14 cancel: of a short grace half is left to the agent', async (bench) => {
    const { agent, told } = deafButTold();
    await bench.start(agent);
    const taskId = await bench.send();
    await bench.until(taskId, isWorking);
    await bench.cancel(taskId, 900);
    await told;
    await bench.settle();
    await bench.advance(200);
    expect(brief(await bench.log(taskId))).toEqual([...working, 'cancel']);
    await bench.advance(250);
    expect(brief(await bench.ended(taskId))).toEqual([...working, 'cancel', 'CANCELED']);
  });

  test('W14 cancel: after the end it changes nothing', async (bench) => {
    await bench.start(() => 'done');
    const taskId = await bench.send();
    const entries = await bench.ended(taskId);
    const result = await bench.cancel(taskId);
    expect(result.ok ? 'taken' : result.reason).toBe('closed');
    expect(await bench.log(taskId)).toEqual(entries);
  });

  test('W14 cancel: a task that waits for its client ends at once', async (bench) => {
    await bench.start((turn) => turn.requireInput('which?'));
    const taskId = await bench.send();
    await bench.until(taskId, isWorking);
    await bench.settle();
    await bench.cancel(taskId);
    expect(brief(await bench.log(taskId)).slice(2)).toEqual(['INPUT_REQUIRED which?', 'cancel', 'CANCELED']);
  });

  test('W14 cancel: a pause that meets a cancel does not keep the task', async (bench) => {
    await bench.start(async (turn) => {
      await turn.working();
      await stopped(turn);
      await turn.requireInput('which?');
    });
    const taskId = await bench.send();
    await bench.until(taskId, isWorking);
    await bench.cancel(taskId);
    const entries = await bench.ended(taskId);
    expect(brief(entries).slice(3)).toEqual(['cancel', 'INPUT_REQUIRED which?', 'CANCELED']);
  });

  test(
    'W14 cancel: of a task whose worker is gone, the next claimer says CANCELED without running the agent',
    async (bench) => {
      const first = await bench.start(deaf);
      const taskId = await bench.send();
      await bench.until(taskId, isWorking);
      first.kill();
      await bench.cancel(taskId);
      let runs = 0;
      await bench.start(
        () => {
          runs += 1;
        },
        { maxAttempts: 5 },
      );
      await bench.advance(8000);
      expect(brief(await bench.ended(taskId))).toEqual([...working, 'cancel', 'CANCELED']);
      expect(runs).toBe(0);
    },
    ['advance'],
  );

  test('W15 silent bus: a cancel is noticed by the heartbeat', async (bench) => {
    const silent = {
      publish: () => undefined,
      subscribe: () => Promise.reject(new Error('the bus is down')),
      onGap: () => () => undefined,
      close: () => Promise.resolve(),
    };
    await bench.start(obedient, { eventBus: silent });
    const taskId = await bench.send();
    await bench.until(taskId, isWorking);
    await bench.settle();
    await bench.cancel(taskId, 20_000);
    await bench.settle();
    expect(brief(await bench.log(taskId))).toEqual([...working, 'cancel']);
    await bench.advance(10_000);
    expect(brief(await bench.ended(taskId))).toEqual([...working, 'cancel', 'CANCELED']);
  });

  test('W15 silent bus: a cancel is noticed by what lies between two appends', async (bench) => {
    const silent = {
      publish: () => undefined,
      subscribe: () => Promise.resolve(() => undefined),
      onGap: () => () => undefined,
      close: () => Promise.resolve(),
    };
    let next: () => void = () => undefined;
    await bench.start(
      async (turn) => {
        await turn.working();
        await new Promise<void>((resolve) => {
          next = resolve;
        });
        await turn.working('next');
        await stopped(turn);
      },
      { eventBus: silent },
    );
    const taskId = await bench.send();
    await bench.until(taskId, isWorking);
    await bench.settle();
    await bench.cancel(taskId);
    await bench.settle();
    next();
    expect(brief(await bench.ended(taskId)).slice(3)).toEqual(['cancel', 'WORKING next', 'CANCELED']);
  });

  test('W15 silent bus: a cancel between the claim and the first entry is noticed', async (bench) => {
    const { storage } = await bench.start(obedient);
    let claimed: () => void = () => undefined;
    const cancelled = new Promise<undefined>((resolve) => {
      claimed = () => {
        resolve(undefined);
      };
    });
    storage.setFault(({ method }) => (method === 'append' || method === 'renew' ? cancelled : undefined));
    const taskId = await bench.send();
    while (!storage.calls.some(({ method }) => method === 'append')) await bench.settle();
    // written behind the back of the bus
    const { scope } = await bench.load(taskId);
    await bench.storage.requestCancel(scope, taskId, 5000);
    claimed();
    const entries = await bench.ended(taskId);
    expect(brief(entries).at(-1)).toBe('CANCELED');
  });
}
