import type { Agent } from '../../core/output.ts';
import type { FaultyStorage } from '../faulty-storage.ts';
import type { WorkerKit } from '../worker-suite.ts';
import { errorOf } from './agent-cases.ts';
import { streamer } from './agents.ts';
import { brief, briefArtifacts } from './brief.ts';
import { deaf, stopped } from './stop-cases.ts';

/** W17 and W18: a worker that is shut down, and one that can not reach the storage. */
export function outageCases(kit: WorkerKit): void {
  drainCases(kit);
  storageCases(kit);
}

function drainCases({ test, expect }: WorkerKit): void {
  test('W17 drain: runs that end in time end as they would have', async (bench) => {
    let end: () => void = () => undefined;
    const { worker } = await bench.start(async (turn) => {
      await turn.working();
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      return 'done';
    });
    const taskId = await bench.send();
    await bench.until(taskId, ({ kind }) => kind === 'status');
    const stopping = worker.stop({ drainMs: 10_000 });
    const late = await bench.send('late');
    await bench.advance(9000);
    end();
    await stopping;
    expect(brief(await bench.log(taskId)).slice(3)).toEqual(['artifact 1-1 = done .', 'COMPLETED']);
    expect(brief(await bench.log(late))).toEqual(['open late']);
  });

  test('W17 drain: runs that do not end are given back, and run elsewhere as a first attempt', async (bench) => {
    const reasons: unknown[] = [];
    const { worker } = await bench.start(
      async (turn) => {
        await turn.working();
        await stopped(turn);
        reasons.push(turn.signal.reason);
        throw new Error('aborted');
      },
      { shared: true },
    );
    const taskId = await bench.send();
    await bench.until(taskId, ({ kind }) => kind === 'status');
    const stopping = worker.stop({ drainMs: 1000 });
    expect(worker.stop() === stopping).toBe(true);
    await bench.start((turn) => `attempt ${turn.attempt}`);
    await bench.advance(1250);
    await stopping;
    expect(reasons).toEqual(['shutdown']);
    expect(brief(await bench.ended(taskId)).slice(3)).toEqual([
      'start 1',
      'artifact 1-1 = attempt 1 .',
      'COMPLETED',
    ]);
  });

  test('W17 drain: a deaf agent has the cancel grace, then its task is given back', async (bench) => {
    const { worker } = await bench.start(deaf, { shared: true, cancelGraceMs: 2000 });
    const taskId = await bench.send();
    await bench.until(taskId, ({ kind }) => kind === 'status');
    const stopping = worker.stop({ drainMs: 1000 });
    await bench.start(() => 'taken over');
    await bench.advance(2750);
    expect((await bench.log(taskId)).length).toBe(3);
    await bench.advance(500);
    await stopping;
    expect(brief(await bench.ended(taskId)).slice(3)).toEqual([
      'start 1',
      'artifact 1-1 = taken over .',
      'COMPLETED',
    ]);
  });

  test('W17 drain: where nobody else can take the task, it is FAILED with a clear text', async (bench) => {
    const { worker } = await bench.start(deaf, { shared: false, cancelGraceMs: 1000 });
    const taskId = await bench.send();
    await bench.until(taskId, ({ kind }) => kind === 'status');
    const stopping = worker.stop();
    await bench.advance(1500);
    await stopping;
    expect(brief(await bench.ended(taskId)).slice(3)).toEqual([
      'FAILED The server was shut down before the agent had finished',
    ]);
  });
}

function storageCases({ test, expect }: WorkerKit): void {
  const down = (storage: FaultyStorage) => {
    storage.setFault(() => 'fail');
  };
  const slow: Agent = async (turn) => {
    await turn.working('before');
    const error = await errorOf(turn.working('during'));
    if (error instanceof Error) throw error;
    return 'after';
  };

  test('W18 storage down for 5 s: the run goes on, and nothing is lost or doubled', async (bench) => {
    const station = await bench.start(slow);
    station.storage.setFault(({ method, nth }) => {
      if (method !== 'append' || nth !== 3) return undefined;
      down(station.storage);
      return 'fail';
    });
    const taskId = await bench.send();
    await bench.until(taskId, ({ kind }) => kind === 'status');
    await bench.advance(5000);
    expect(brief(await bench.log(taskId)).slice(2)).toEqual(['WORKING before']);
    station.storage.setFault();
    await bench.advance(1500);
    expect(brief(await bench.ended(taskId)).slice(2)).toEqual([
      ...['WORKING before', 'WORKING during'],
      ...['artifact 1-1 = after .', 'COMPLETED'],
    ]);
    expect(station.errors).toEqual([]);
  });

  test('W18 lost replies: an append that was stored is not stored again', async (bench) => {
    const station = await bench.start(streamer);
    station.storage.setFault(({ method, nth }) =>
      method === 'append' && nth % 2 === 0 ? 'lose-reply' : undefined,
    );
    const taskId = await bench.send('once');
    for (let step = 0; step < 40; step += 1) await bench.advance(250);
    const entries = await bench.ended(taskId);
    expect(briefArtifacts(entries)).toEqual({ out: 'abcde' });
    expect(entries.length).toBe(9);
  });

  test(
    'W18 storage down for 60 s: the worker stops itself before its lease is over, and nobody doubles its work',
    async (bench) => {
      const reasons: unknown[] = [];
      const first = await bench.start(async (turn) => {
        turn.signal.addEventListener('abort', () => reasons.push(turn.signal.reason));
        await slow(turn);
      });
      first.storage.setFault(({ method, nth }) => {
        if (method !== 'append' || nth !== 3) return undefined;
        down(first.storage);
        return 'fail';
      });
      const taskId = await bench.send();
      await bench.until(taskId, ({ kind }) => kind === 'status');
      await bench.advance(27_500);
      expect(reasons).toEqual([]);
      await bench.advance(500);
      expect(reasons).toEqual(['lease-lost']);
      await bench.settle();
      expect(first.worker.status()).toEqual({ running: 0, orphaned: 0 });
      await bench.advance(32_000);
      expect(brief(await bench.log(taskId)).slice(2)).toEqual(['WORKING before']);
      first.storage.setFault();
      await bench.advance(2500);
      expect(brief(await bench.ended(taskId)).slice(3)).toEqual([
        'FAILED The worker that ran the agent was lost',
      ]);
    },
    ['advance'],
  );

  test(
    'W18 storage that never answers: the worker lets go when its lease is over',
    async (bench) => {
      const first = await bench.start(slow);
      first.storage.setFault(({ method, nth }) =>
        method === 'renew' || (method === 'append' && nth === 3) ? 'hang' : undefined,
      );
      const taskId = await bench.send();
      await bench.until(taskId, ({ kind }) => kind === 'status');
      await bench.advance(28_250);
      expect(first.worker.status().running).toBe(0);
      expect(first.logged).toEqual(['the lease of a task was lost: it could not be renewed in time']);
      first.kill();
      await bench.start(() => 'by the second', { maxAttempts: 2 });
      await bench.advance(5000);
      expect(brief(await bench.ended(taskId)).slice(3)).toEqual([
        'start 2',
        'artifact 1-1 = by the second .',
        'COMPLETED',
      ]);
    },
    ['advance'],
  );
}
