import { isClosing } from '../../core/fold.ts';
import type { EntryBody } from '../../core/log.ts';
import type { Storage } from '../../core/storage.ts';
import type { StorageKit } from '../storage-suite.ts';
import { ANN, artifact, reply, said, start, status } from './bodies.ts';
import { reasonOf, type Bench } from './bench.ts';
import { rounds } from './rounds.ts';

const ENDS: readonly (readonly [string, EntryBody])[] = [
  ['COMPLETED', status('COMPLETED', { message: reply('m') })],
  ['FAILED', status('FAILED', { error: { code: -32603, id: 'e' } })],
  ['CANCELED', status('CANCELED')],
  ['REJECTED', status('REJECTED')],
  ['a bare message', { kind: 'message', message: reply('m') }],
];

/** S5: a task that has ended takes nothing more. */
export function closeCases({ api: { expect }, test }: StorageKit): void {
  for (const [name, end] of ENDS) {
    test(`S5 closed: refuses every write after ${name}`, async (bench) => {
      const { storage } = bench;
      const taskId = await bench.createTask({ answers: end.kind === 'message' ? 'message' : 'task' });
      const holder = await bench.take(taskId);
      const closing = await holder.append(end);
      expect({ seq: closing.seq, closed: closing.closed }).toEqual({ seq: 2, closed: true });
      const before = await bench.load(taskId);
      const state = end.kind === 'status' ? { state: end.state } : {};
      const refused = { ok: false, reason: 'closed', ...state };
      for (const body of [artifact('a', 'x'), end, start()]) {
        expect(reasonOf(await storage.append(holder.lease, 2, [body]))).toBe('closed');
      }
      expect(await storage.addInput(ANN, taskId, { message: said('n'), request: {} })).toEqual(refused);
      expect(await storage.addInput(ANN, taskId, { resume: {} })).toEqual(refused);
      expect(await storage.requestCancel(ANN, taskId, bench.second)).toEqual(refused);
      expect((await storage.renew(holder.lease, bench.second)).ok).toBe(false);
      expect(await storage.release(holder.lease, 0, true)).toBe(false);
      expect(await bench.claimOne(taskId)).toBe(undefined);
      const after = await bench.load(taskId);
      expect(after).toEqual(before);
      expect({ seq: after.seq, closed: after.closed }).toEqual({ seq: 2, closed: true });
      expect((await bench.checkFold(taskId)).length).toBe(2);
    });
  }

  test('S5 closed: is told by loadTask, read and heads, and not before the end', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    const told = async () => [
      (await bench.load(taskId)).closed,
      (await bench.storage.read(taskId, 0, 1, 1e6)).closed,
      (await bench.storage.heads([taskId])).get(taskId)?.closed,
    ];
    await holder.append(status('WORKING'));
    expect(await told()).toEqual([false, false, false]);
    await holder.append(status('COMPLETED'));
    expect(await told()).toEqual([true, true, true]);
  });

  test('S5 closed: of two ends and a cancel at the same moment exactly one wins', async (bench) => {
    await raceEnds(bench, bench.storage, bench.storage, expect);
  });
}

/** Two ends and a cancel, many times, with a live lease and without one. */
export async function raceEnds(
  bench: Bench,
  writer: Storage,
  canceller: Storage,
  expect: StorageKit['api']['expect'],
): Promise<void> {
  await rounds(bench.rounds, async (round) => {
    const taskId = await bench.createTask();
    const { lease } = await bench.take(taskId);
    if (round % 2 === 0) await bench.storage.release(lease, 0, false);
    const [first, second] = round % 4 < 2 ? [writer, canceller] : [canceller, writer];
    const calls = [
      () => first.append(lease, 1, [status('COMPLETED')]),
      () => canceller.requestCancel(ANN, taskId, bench.second),
      () => second.append(lease, 2, [status('FAILED')]),
    ];
    const results = await Promise.all((round % 3 === 0 ? calls.reverse() : calls).map((call) => call()));
    const entries = await bench.checkFold(taskId);
    expect(entries.filter(isClosing)).toEqual(entries.slice(-1));
    // who is told that the task is closed by him has closed it, and nobody else
    expect(results.filter((result) => result.ok && result.closed).length).toBe(1);
  });
}
