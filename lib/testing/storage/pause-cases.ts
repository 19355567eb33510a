import type { Storage } from '../../core/storage.ts';
import type { StorageKit } from '../storage-suite.ts';
import { taken, type Bench } from './bench.ts';
import { ANN, artifact, pause, said, start, status } from './bodies.ts';
import { rounds } from './rounds.ts';

/** S9: the end of a run that waits for its client. */
export function pauseCases(kit: StorageKit): void {
  waitCases(kit);
  moreCases(kit);
  deadlineCases(kit);
}

function waitCases({ api: { expect }, test }: StorageKit): void {
  test('S9 pause: the entry and the end of the lease are one step, and the task is not due', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    const result = await holder.append(artifact('a', 'x'), pause(1));
    expect({ seq: result.seq, more: result.more, closed: result.closed }).toEqual({
      seq: 3,
      more: undefined,
      closed: false,
    });
    expect((await bench.load(taskId)).task.status.state).toBe('TASK_STATE_INPUT_REQUIRED');
    expect(await bench.claimOne(taskId)).toBe(undefined);
    await bench.checkFold(taskId);
  });

  test('S9 pause: an interrupted status without pause keeps the lease, and finishes nothing', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    await holder.append(status('AUTH_REQUIRED', { upTo: 1 }));
    expect(await bench.claimOne(taskId)).toBe(undefined);
    await holder.append(status('WORKING'));
    await bench.storage.release(holder.lease, 0, false);
    const { claimed } = await bench.take(taskId);
    expect([claimed.doneSeq, claimed.pending.map(({ seq }) => seq)]).toEqual([0, [1]]);
  });

  test('S9 pause: a run that has seen the newest message pauses', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    const { seq } = await bench.say(taskId, 'm');
    expect((await holder.append(pause(seq))).more).toBe(undefined);
    expect(await bench.claimOne(taskId)).toBe(undefined);
  });
}

function moreCases({ api: { expect }, test, advance }: StorageKit): void {
  test('S9 pause: with newer input the lease is kept and WORKING follows in the same step', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    await bench.say(taskId, 'm');
    const result = await holder.append(pause(1));
    expect({ seq: result.seq, more: result.more }).toEqual({ seq: 4, more: true });
    const kinds = result.entries.map((entry) => entry.kind === 'status' && [entry.state, entry.epoch]);
    expect(kinds).toEqual([
      ['TASK_STATE_INPUT_REQUIRED', 1],
      ['TASK_STATE_WORKING', 1],
    ]);
    expect(await bench.claimOne(taskId)).toBe(undefined);
    await holder.append(start(), pause(2));
    expect((await bench.load(taskId)).task.status.state).toBe('TASK_STATE_INPUT_REQUIRED');
    await bench.checkFold(taskId);
  });

  test(
    'S9 pause: a run that goes on after it and is lost was the first attempt at what is new',
    async (bench) => {
      const taskId = await bench.createTask();
      await bench.storage.release((await bench.take(taskId)).lease, 0, false);
      const holder = await bench.take(taskId);
      await holder.append(start());
      const { seq } = await bench.say(taskId, 'm');
      expect((await holder.append(pause(1))).more).toBe(true);
      await advance(bench, 31 * bench.second);
      const second = await bench.take(taskId);
      const { attempt, startedBefore, doneSeq, pending } = second.claimed;
      expect({ attempt, startedBefore, doneSeq }).toEqual({ attempt: 2, startedBefore: false, doneSeq: 1 });
      expect(pending.map((entry) => entry.seq)).toEqual([seq]);
      await second.append(start());
      await advance(bench, 31 * bench.second);
      expect((await bench.claimOne(taskId))?.startedBefore).toBe(true);
    },
    { hooks: ['advance'] },
  );

  test('S9 pause: raced with a message, the message is never left unprocessed and undue', async (bench) => {
    await racePauses(bench, bench.storage, bench.storage, expect);
  });

  test('S9 pause: a run that names less than an earlier one has processed finds nothing new', async (bench) => {
    const taskId = await bench.createTask();
    const { seq } = await bench.say(taskId, 'm');
    await (await bench.take(taskId)).append(pause(seq, 0));
    const second = await bench.take(taskId);
    expect(second.claimed.reason).toBe('deadline');
    expect((await second.append(pause(1))).more).toBe(undefined);
    expect(await bench.claimOne(taskId)).toBe(undefined);
  });

  test('S9 pause: while a cancel is wanted the task is due at once', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    await bench.storage.requestCancel(ANN, taskId, 30 * bench.second);
    await holder.append(pause(1));
    const claimed = await bench.claimOne(taskId);
    expect(claimed?.cancelRequested).toBe(true);
  });
}

/** A pause and a message at the same moment, many times. */
export async function racePauses(
  bench: Bench,
  worker: Storage,
  client: Storage,
  expect: StorageKit['api']['expect'],
): Promise<void> {
  await rounds(bench.rounds, async (round) => {
    const taskId = await bench.createTask();
    const { lease } = await bench.take(taskId);
    const calls = [
      async () => taken(await worker.append(lease, 1, [pause(1)])),
      async () => taken(await client.addInput(ANN, taskId, { message: said('m'), request: {} })),
    ];
    await Promise.all((round % 2 === 0 ? calls : calls.reverse()).map((call) => call()));
    const entries = await bench.checkFold(taskId);
    const [input] = entries.filter(({ kind }) => kind === 'input');
    const claimed = await bench.claimOne(taskId);
    // either the pause saw it and keeps the lease, or somebody can claim it
    const isKept = (await bench.storage.renew(lease, bench.second)).ok;
    expect(isKept).toBe(claimed === undefined);
    if (claimed !== undefined) expect(claimed.pending).toEqual([input]);
    expect(entries.at(-1)).toEqual({
      ...{ kind: 'status', state: 'TASK_STATE_WORKING', v: 1, seq: 4 },
      ...{ ts: entries.at(-1)?.ts, epoch: isKept ? 1 : 0 },
    });
  });
}

function deadlineCases({ api: { expect }, test, advance }: StorageKit): void {
  test(
    'S9 pause: a client that does not come back in time makes the task due, for that reason',
    async (bench) => {
      const taskId = await bench.createTask();
      await (await bench.take(taskId)).append(pause(1, 20 * bench.second));
      await advance(bench, 19 * bench.second);
      expect(await bench.claimOne(taskId)).toBe(undefined);
      await advance(bench, 2 * bench.second);
      const holder = await bench.take(taskId);
      const { reason, attempt, pending, doneSeq } = holder.claimed;
      expect({ reason, attempt, pending, doneSeq }).toEqual({
        reason: 'deadline',
        attempt: 1,
        pending: [],
        doneSeq: 1,
      });
      expect((await holder.append(status('FAILED'))).closed).toBe(true);
    },
    { hooks: ['advance'] },
  );

  test(
    'S9 pause: the reason stays when the claimer is lost',
    async (bench) => {
      const taskId = await bench.createTask();
      await (await bench.take(taskId)).append(pause(1, 20 * bench.second));
      await advance(bench, 21 * bench.second);
      await bench.take(taskId);
      await advance(bench, 31 * bench.second);
      expect((await bench.claimOne(taskId))?.reason).toBe('deadline');
    },
    { hooks: ['advance'] },
  );

  test(
    'S9 pause: a message before the deadline ends the waiting',
    async (bench) => {
      const taskId = await bench.createTask();
      await (await bench.take(taskId)).append(pause(1, 20 * bench.second));
      await bench.say(taskId, 'm');
      const holder = await bench.take(taskId);
      expect(holder.claimed.reason).toBe('work');
      const { seq } = await bench.load(taskId);
      await holder.append(pause(seq));
      await advance(bench, 100 * bench.second);
      expect(await bench.claimOne(taskId)).toBe(undefined);
    },
    { hooks: ['advance'] },
  );

  test(
    'S9 pause: the deadline of a pause that found newer input is ignored',
    async (bench) => {
      const taskId = await bench.createTask();
      const holder = await bench.take(taskId, 60 * bench.second);
      await bench.say(taskId, 'm');
      expect((await holder.append(pause(1, 20 * bench.second))).more).toBe(true);
      await advance(bench, 30 * bench.second);
      expect(await bench.claimOne(taskId)).toBe(undefined);
      await advance(bench, 31 * bench.second);
      expect((await bench.claimOne(taskId))?.reason).toBe('lease-expired');
    },
    { hooks: ['advance'] },
  );

  test(
    'S9 pause: without a time-out the task waits for ever',
    async (bench) => {
      const taskId = await bench.createTask();
      await (await bench.take(taskId)).append(pause(1));
      await advance(bench, 1000 * bench.second);
      expect(await bench.claimOne(taskId)).toBe(undefined);
    },
    { hooks: ['advance'] },
  );
}
