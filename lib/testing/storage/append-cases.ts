import type { EntryBody } from '../../core/log.ts';
import type { Lease, Storage } from '../../core/storage.ts';
import type { Message } from '../../protocol/v1.ts';
import type { StorageKit } from '../storage-suite.ts';
import { faultyStorage } from '../faulty-storage.ts';
import { codeOf, newTask, reasonOf, type Bench } from './bench.ts';
import { ANN, artifact, chunk, pause, said, start, status } from './bodies.ts';

/** S2, S6, S7: what the holder of a lease writes, and who else may not. */
export function appendCases(kit: StorageKit): void {
  sequenceCases(kit);
  fenceCases(kit);
  repeatCases(kit);
}

function sequenceCases({ api: { expect }, test, hooks }: StorageKit): void {
  test('S2 append: 10,000 entries in batches of all sizes are numbered without a hole', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    await holder.append(start(), artifact('a', '0'));
    for (let written = 3, size = 1; written < 10_000; size = (size % 97) + 1) {
      const bodies = Array.from({ length: Math.min(size, 10_000 - written) }, (_, n) =>
        chunk('a', String(n)),
      );
      const { seq, entries, closed } = await holder.append(...bodies);
      expect(entries.map((entry) => entry.seq)).toEqual(bodies.map((_, n) => written + 1 + n));
      written += bodies.length;
      expect({ seq, closed }).toEqual({ seq: written, closed: false });
    }
    const entries = await bench.checkFold(taskId);
    expect(entries.length).toBe(10_000);
  });

  test('S2 append: the entries given back are those that are read', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    const { entries } = await holder.append(
      start(),
      status('WORKING', { metadata: { a: 1 } }),
      artifact('a', 'x'),
    );
    expect((await bench.storage.read(taskId, 1, 10, 1e6)).entries).toEqual(entries);
    expect(entries.map(({ v, epoch }) => ({ v, epoch }))).toEqual([1, 1, 1].map((v) => ({ v, epoch: 1 })));
  });

  test('S2 append: nothing may follow a closing entry, and then nothing of the batch is stored', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    const result = await bench.storage.append(holder.lease, 1, [
      artifact('a', 'x'),
      status('COMPLETED'),
      artifact('a', 'y'),
    ]);
    expect(result.ok).toBe(false);
    expect((await bench.log(taskId)).length).toBe(1);
    expect((await holder.append(status('COMPLETED'))).closed).toBe(true);
  });

  test(
    'S2 append: of a batch that is too large nothing is stored, and its number stays free',
    async (bench) => {
      const taskId = await bench.createTask();
      const { lease } = await bench.take(taskId);
      const big = artifact('b', 'x'.repeat(20_000));
      const refused = await bench.storage.append(lease, 1, [artifact('a', 'x'), big]);
      expect(reasonOf(refused)).toBe('too-large');
      expect((await bench.log(taskId)).length).toBe(1);
      expect(await bench.storage.append(lease, 1, [artifact('a', 'x')])).toEqual({
        ...{ ok: true, seq: 2, closed: false, entries: (await bench.log(taskId)).slice(1) },
      });
    },
    { hooks: ['limits'], taskBytes: 10_000 },
  );

  test('S2 append: an end may follow a pause in one batch, and wins', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    await bench.say(taskId, 'm');
    const { closed, more, entries } = await holder.append(pause(1), status('COMPLETED'));
    expect([closed, more, entries.length]).toEqual([true, undefined, 2]);
    expect(await bench.claimOne(taskId)).toBe(undefined);
    await bench.checkFold(taskId);
  });

  test('S2 append: nothing else may follow a pause, and then nothing of the batch is stored', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    expect((await holder.tryAppend(pause(1), artifact('a', 'x'))).ok).toBe(false);
    expect((await bench.log(taskId)).length).toBe(1);
  });

  test(
    'S2 append: the start of a run and a closing entry always fit',
    async (bench) => {
      const taskId = await bench.createTask();
      const { lease } = await bench.take(taskId);
      let seq = 1;
      const append = async (body: EntryBody) => reasonOf(await bench.storage.append(lease, seq, [body]));
      while ((await append(artifact(String(seq), 'x'.repeat(200)))) === 'taken' && seq < 100) seq += 1;
      expect(await append(artifact(String(seq), 'x'.repeat(200)))).toBe('too-large');
      const text = 'x'.repeat(20_000);
      expect(await append({ kind: 'start', attempt: 1, worker: text })).toBe('taken');
      seq += 1;
      const message: Message = { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text }] };
      expect(await append(status('FAILED', { message }))).toBe('taken');
      await bench.checkFold(taskId);
    },
    { hooks: ['limits'], taskBytes: 10_000 },
  );

  test('S2 append: fifty writers that retry leave no hole for a reader that looks all the time', async (bench) => {
    await checkWriters(bench, [bench.storage], bench.storage, expect);
  });

  test(
    'S2 append: what one handle has written the other reads at once, without a hole',
    async (bench) => {
      const other = await hooks.connect?.(bench.storage);
      const taskId = await bench.createTask();
      const holder = await bench.take(taskId);
      for (let n = 2; n <= 200; n += 1) {
        await holder.append(artifact('a', String(n)));
        expect((await other?.read(taskId, n - 1, 10, 1e6))?.entries.map(({ seq }) => seq)).toEqual([n]);
      }
    },
    { hooks: ['connect'] },
  );
}

/** Fifty writers share a lease and retry until it is their turn, while somebody reads. */
export async function checkWriters(
  bench: Bench,
  writers: readonly Storage[],
  reader: Storage,
  expect: StorageKit['api']['expect'],
): Promise<void> {
  const taskId = await bench.createTask();
  const { lease } = await bench.take(taskId);
  const reading = (async () => {
    for (let after = 0; after < 51;) {
      const page = await reader.read(taskId, after, 7, 1e6);
      expect(page.entries.map(({ seq }) => seq)).toEqual(page.entries.map((_, n) => after + 1 + n));
      after += page.entries.length;
      await new Promise(setImmediate);
    }
  })();
  const write = async (storage: Storage, producerSeq: number): Promise<void> => {
    for (;;) {
      const result = await storage.append(lease, producerSeq, [artifact(`a${String(producerSeq)}`, 'x')]);
      if (result.ok) return;
      expect(result.reason).toBe('gap');
      await new Promise(setImmediate);
    }
  };
  const writing = Array.from({ length: 50 }, (_, index) =>
    write(writers[index % writers.length] ?? bench.storage, ((index * 17) % 50) + 1),
  );
  await Promise.all([reading, ...writing]);
  const artifacts = (await bench.checkFold(taskId))
    .slice(1)
    .map((entry) => entry.kind === 'artifact' && entry.artifact.artifactId);
  expect(artifacts).toEqual(Array.from({ length: 50 }, (_, n) => `a${String(n + 1)}`));
}

function fenceCases({ api: { expect }, test, advance }: StorageKit): void {
  test(
    'S6 fence: a lease that another claim has replaced writes nothing',
    async (bench) => {
      const taskId = await bench.createTask();
      const old = await bench.take(taskId, 10 * bench.second);
      await old.append(start());
      await advance(bench, 11 * bench.second);
      const holder = await bench.take(taskId);
      const before = await bench.log(taskId);
      expect(reasonOf(await old.tryAppend(status('COMPLETED')))).toBe('fenced');
      expect(reasonOf(await bench.storage.append(old.lease, 1, [start()]))).toBe('fenced');
      expect((await bench.storage.renew(old.lease, 1000)).ok).toBe(false);
      expect(await bench.storage.release(old.lease, 0, true)).toBe(false);
      expect(await bench.log(taskId)).toEqual(before);
      await holder.append(start(2));
      expect((await bench.log(taskId)).map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    },
    { hooks: ['advance'] },
  );

  test(
    'S6 fence: a lease that has ended still writes while nobody has claimed the task',
    async (bench) => {
      const taskId = await bench.createTask();
      const holder = await bench.take(taskId, 10 * bench.second);
      await advance(bench, 11 * bench.second);
      await holder.append(artifact('a', 'late'));
      expect((await bench.storage.renew(holder.lease, 10 * bench.second)).ok).toBe(true);
      expect(await bench.claimOne(taskId)).toBe(undefined);
    },
    { hooks: ['advance'] },
  );

  test('S6 fence: after a pause the lease writes nothing', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    await holder.append(pause(1));
    expect(reasonOf(await holder.tryAppend(artifact('a', 'x')))).toBe('fenced');
    expect((await bench.storage.renew(holder.lease, 1000)).ok).toBe(false);
    expect(await bench.storage.release(holder.lease, 0, false)).toBe(false);
    expect((await bench.log(taskId)).length).toBe(2);
  });

  test('S6 fence: after a release the lease writes nothing', async (bench) => {
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    expect(await bench.storage.release(holder.lease, 0, true)).toBe(true);
    expect((await holder.tryAppend(artifact('a', 'x'))).ok).toBe(false);
    expect((await bench.storage.renew(holder.lease, 1000)).ok).toBe(false);
    expect(await bench.storage.release(holder.lease, 0, true)).toBe(false);
    expect((await bench.log(taskId)).length).toBe(1);
  });

  test('S6 fence: the id of a lease decides, not its number', async (bench) => {
    const taskId = await bench.createTask();
    const { lease } = await bench.take(taskId);
    const forged: Lease = { ...lease, id: 'another' };
    expect(reasonOf(await bench.storage.append(forged, 1, [start()]))).toBe('fenced');
    expect((await bench.storage.renew(forged, 1000)).ok).toBe(false);
    expect(await bench.storage.release(forged, 0, true)).toBe(false);
    expect((await bench.log(taskId)).length).toBe(1);
  });

  test('S6 fence: a lease of one task is none of another, and none of a task that is not there', async (bench) => {
    const [one, two] = [await bench.createTask(), await bench.createTask()];
    const { lease } = await bench.take(one);
    await bench.take(two);
    expect((await bench.storage.append({ ...lease, taskId: two }, 1, [start()])).ok).toBe(false);
    const unknown = { ...lease, taskId: 'unknown' };
    expect(reasonOf(await bench.storage.append(unknown, 1, [start()]))).toBe('not-found');
    expect(await bench.storage.renew(unknown, 1000)).toEqual({ ok: false });
    expect(await bench.storage.release(unknown, 0, true)).toBe(false);
  });
}

function repeatCases({ api: { expect }, test }: StorageKit): void {
  test('S7 repeat: an append whose answer was lost adds nothing and is answered as before', async (bench) => {
    const taskId = await bench.createTask();
    const { lease } = await bench.take(taskId);
    const bodies = [start(), artifact('a', 'x')];
    await bench.storage.append(lease, 1, bodies);
    const before = await bench.log(taskId);
    const again = await bench.storage.append(lease, 1, bodies);
    expect(again).toEqual({ ok: true, seq: 3, closed: false, entries: [], duplicate: true });
    await bench.storage.append(lease, 2, [artifact('a', 'y')]);
    // the newest append under the lease is all that has to be known
    expect(await bench.storage.append(lease, 1, bodies)).toEqual({ ...again, seq: 4 });
    expect((await bench.log(taskId)).slice(0, 3)).toEqual(before);
    expect((await bench.log(taskId)).length).toBe(4);
  });

  test('S7 repeat: a number that skips one is refused', async (bench) => {
    const taskId = await bench.createTask();
    const { lease } = await bench.take(taskId);
    expect(reasonOf(await bench.storage.append(lease, 2, [start()]))).toBe('gap');
    await bench.storage.append(lease, 1, [start()]);
    expect(reasonOf(await bench.storage.append(lease, 3, [start()]))).toBe('gap');
    expect((await bench.log(taskId)).length).toBe(2);
  });

  test('S7 repeat: on a task that has ended, the newest holder hears of the end and older ones of the fence', async (bench) => {
    const taskId = await bench.createTask();
    const old = await bench.take(taskId);
    await bench.storage.release(old.lease, 0, false);
    const { lease } = await bench.take(taskId);
    await bench.storage.append(lease, 1, [status('COMPLETED')]);
    expect(reasonOf(await bench.storage.append(lease, 5, [start()]))).toBe('closed');
    expect(reasonOf(await bench.storage.append(old.lease, 1, [start()]))).toBe('fenced');
  });

  test('S7 repeat: numbers begin anew with each lease', async (bench) => {
    const taskId = await bench.createTask();
    const first = await bench.take(taskId);
    await first.append(start());
    await first.append(pause(1));
    await bench.say(taskId, 'more');
    const second = await bench.take(taskId);
    expect((await second.append(start())).entries.length).toBe(1);
  });

  test('S7 repeat: a pause whose answer was lost is answered as before', async (bench) => {
    const taskId = await bench.createTask();
    const { lease } = await bench.take(taskId);
    await bench.storage.append(lease, 1, [pause(1)]);
    const again = await bench.storage.append(lease, 1, [pause(1)]);
    expect(again).toEqual({ ok: true, seq: 2, closed: false, entries: [], duplicate: true });
  });

  test('S7 repeat: a pause that found newer input says so again', async (bench) => {
    const taskId = await bench.createTask();
    const { lease } = await bench.take(taskId);
    await bench.say(taskId, 'more');
    const first = await bench.storage.append(lease, 1, [pause(1)]);
    expect(first.ok && first.more).toBe(true);
    const again = await bench.storage.append(lease, 1, [pause(1)]);
    expect(again).toEqual({ ok: true, seq: 4, closed: false, entries: [], duplicate: true, more: true });
    expect((await bench.storage.append(lease, 2, [start()])).ok).toBe(true);
  });

  test('S7 repeat: a closing entry whose answer was lost is answered as before', async (bench) => {
    const taskId = await bench.createTask();
    const { lease } = await bench.take(taskId);
    await bench.storage.append(lease, 1, [status('COMPLETED')]);
    const again = await bench.storage.append(lease, 1, [status('COMPLETED')]);
    expect(again).toEqual({ ok: true, seq: 2, closed: true, entries: [], duplicate: true });
  });

  test('S7 repeat: each write whose reply is lost can be made again, and is there once', async (bench) => {
    const faulty = faultyStorage(bench.storage);
    async function twice<T>(write: () => Promise<T>): Promise<T> {
      faulty.setFault(() => 'lose-reply');
      expect(await codeOf(write())).toBe('unavailable');
      faulty.setFault();
      return write();
    }
    const idempotency = { key: 'k', fingerprint: 'f', windowMs: 60 * bench.second };
    const created = await twice(() => faulty.createTask(newTask({ id: 'one', idempotency })));
    expect(created).toEqual({ created: false, taskId: 'one', seq: 1 });
    expect(await codeOf(twice(() => faulty.createTask(newTask({ id: 'two' }))))).toBe('exists');
    const { lease } = await bench.take('one');
    const input = { message: said('m', 'text'), request: {} };
    const duplicate = { ok: true, closed: false, entries: [], duplicate: true };
    expect(await twice(() => faulty.append(lease, 1, [start()]))).toEqual({ ...duplicate, seq: 2 });
    expect(await twice(() => faulty.addInput(ANN, 'one', input))).toEqual({ ...duplicate, seq: 3 });
    expect((await twice(() => faulty.renew(lease, bench.second))).ok).toBe(true);
    const asks = pause(3, undefined, 'AUTH_REQUIRED');
    expect(await twice(() => faulty.append(lease, 2, [asks]))).toEqual({ ...duplicate, seq: 4 });
    expect(reasonOf(await twice(() => faulty.addInput(ANN, 'one', { resume: 1 })))).toBe('not-waiting');
    const next = await bench.take('one');
    expect(await twice(() => faulty.release(next.lease, 0, true))).toBe(false);
    expect(reasonOf(await twice(() => faulty.requestCancel(ANN, 'one', 0)))).toBe('closed');
    const kinds = (await bench.checkFold('one')).map(({ kind }) => kind);
    const paused = ['open', 'start', 'input', 'status'];
    expect(kinds).toEqual([...paused, 'resume', 'status', 'cancel', 'status']);
  });

  test('S7 repeat: messages and cancels whose answers were lost are joined to the first', async (bench) => {
    const taskId = await bench.createTask();
    await bench.take(taskId);
    const input = { message: said('m', 'text'), request: {} };
    const duplicate = { ok: true, closed: false, entries: [], duplicate: true };
    await bench.storage.addInput(ANN, taskId, input);
    expect(await bench.storage.addInput(ANN, taskId, input)).toEqual({ ...duplicate, seq: 2 });
    await bench.storage.requestCancel(ANN, taskId, bench.second);
    expect(await bench.storage.requestCancel(ANN, taskId, bench.second)).toEqual({ ...duplicate, seq: 3 });
    expect((await bench.log(taskId)).map(({ kind }) => kind)).toEqual(['open', 'input', 'cancel']);
  });
}
