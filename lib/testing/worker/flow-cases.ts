import type { EventBus } from '../../core/event-bus.ts';
import type { WorkerKit } from '../worker-suite.ts';
import { brief, briefArtifacts } from './brief.ts';

/** W16 and W19: how entries get from the agent to the storage. */
export function flowCases({ test, expect }: WorkerKit): void {
  test('W16 readers: a bus that never answers, or fails, does not hold up an agent', async (bench) => {
    const answers = [() => new Promise<void>(() => undefined), () => Promise.reject(new Error('down'))];
    for (const publish of answers) {
      const bus: EventBus = {
        publish,
        subscribe: () => new Promise(() => undefined),
        onGap: () => () => undefined,
        close: () => Promise.resolve(),
      };
      const station = await bench.start(
        async function* () {
          yield 'a';
          yield 'b';
        },
        { eventBus: bus },
      );
      const entries = await bench.ended(await bench.send());
      expect(briefArtifacts(entries)).toEqual({ '1-1': 'ab' });
      await station.worker.stop();
    }
  });

  test('W16 storage: a call resolves when its entry is stored, not before', async (bench) => {
    const seen: string[][] = [];
    await bench.start(async (turn) => {
      await turn.working('one');
      seen.push(brief(await bench.log(turn.taskId)));
      await turn.artifact({ artifactId: 'a', parts: [{ text: 'two' }] });
      seen.push(brief(await bench.log(turn.taskId)));
      await turn.complete('three');
      seen.push(brief(await bench.log(turn.taskId)));
    });
    const taskId = await bench.send();
    await bench.ended(taskId);
    while (seen.length < 3) await bench.settle();
    const all = ['open hello', 'start 1', 'WORKING one', 'artifact a = two .', 'COMPLETED three'];
    expect(seen).toEqual([all.slice(0, 3), all.slice(0, 4), all]);
  });

  test('W19 group commit: what is said at once is stored in order, and in few appends', async (bench) => {
    const station = await bench.start(async (turn) => {
      const said: Promise<void>[] = [];
      for (let n = 0; n < 1000; n += 1) said.push(turn.artifact({ artifactId: 'n', parts: [{ data: n }] }));
      await Promise.all(said);
    });
    const entries = await bench.ended(await bench.send());
    expect(entries.slice(2, -1).map((entry) => entry.kind === 'artifact' && entry.artifact.parts)).toEqual(
      Array.from({ length: 1000 }, (_, n) => [{ data: n }]),
    );
    const appends = station.storage.calls.filter(({ method }) => method === 'append').length;
    expect(appends).toBeLessThanOrEqual(10);
  });

  test('W19 group commit: while an append is in flight, the rest waits for it, with the next number', async (bench) => {
    const station = await bench.start(async (turn) => {
      const stream = turn.stream({ artifactId: 's' });
      for (let n = 0; n < 20; n += 1) {
        void stream.append(`${n} `);
        if (n % 5 === 0) await new Promise(setImmediate);
      }
    });
    let inFlight = 0;
    let most = 0;
    station.storage.setFault(async ({ method }) => {
      if (method !== 'append') return undefined;
      inFlight += 1;
      most = Math.max(most, inFlight);
      for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
      inFlight -= 1;
      return undefined;
    });
    const entries = await bench.ended(await bench.send());
    expect(briefArtifacts(entries)).toEqual({ s: Array.from({ length: 20 }, (_, n) => `${n} `).join('') });
    expect(most).toBe(1);
    const numbers = station.storage.calls
      .filter(({ method }) => method === 'append')
      .map(({ args }) => args[1]);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });
}
