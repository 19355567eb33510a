import { describe, expect, it } from '@jest/globals';
import type { EntryBody } from '../../lib/core/log.ts';
import { readLimits, readRetention, type Limits, type Retention } from '../../lib/memory/limits.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { createMemoryStorage } from '../../lib/memory/storage.ts';
import { createTaskTable } from '../../lib/memory/task-table.ts';
import { createBench, newTask, reasonOf, type Bench } from '../../lib/testing/storage/bench.ts';
import { ANN, artifact, chunk, pause, said, status } from '../../lib/testing/storage/bodies.ts';
import { fakeClock } from '../helpers/fake-clock.ts';
import { heldBytes } from '../helpers/memory.ts';

function open(options: { limits?: Partial<Limits>; retention?: Partial<Retention> } = {}) {
  const clock = fakeClock();
  const table = createTaskTable({
    clock,
    limits: readLimits(options.limits),
    retention: readRetention(options.retention),
  });
  const bench = createBench(createMemoryStorage(table), 1000, { describe, it, expect });
  return { clock, table, bench };
}

async function finish(bench: Bench, text = 'x'): Promise<string> {
  const taskId = await bench.createTask();
  await (await bench.take(taskId)).append(artifact('a', text), status('COMPLETED'));
  return taskId;
}

const listed = async ({ storage }: Bench) =>
  (await storage.listTasks(ANN, { limit: 1, includeArtifacts: false })).total;

describe('the memory of a backend that nobody sweeps', () => {
  it('holds no more than the finished tasks that are kept', async () => {
    const { bench, table } = open({ retention: { finishedTasks: 10 } });
    for (let n = 0; n < 500; n += 1) await finish(bench);
    // the task, its place in a list that is shared, and what the last write still left
    expect(table.size()).toBeLessThanOrEqual(20);
    expect(await listed(bench)).toBe(10);
  });

  it('holds no more bytes of finished tasks than are kept', async () => {
    const { bench } = open({ retention: { finishedBytes: 100_000 } });
    for (let n = 0; n < 100; n += 1) await finish(bench, 'x'.repeat(10_000));
    const total = await listed(bench);
    expect(total).toBeGreaterThan(2);
    expect(total).toBeLessThan(10);
  });

  it('counts a finished stream as the text it has become, and holds no more than that', async () => {
    const { bench } = open({ retention: { finishedBytes: 30 * 60_000, logMs: 0 } });
    const before = await heldBytes();
    for (let n = 0; n < 40; n += 1) {
      const holder = await bench.take(await bench.createTask());
      // chunks of their own, and not the same few strings again and again
      const chunks = Array.from({ length: 5000 }, (_, i) =>
        chunk('a', `${String(n)} ${String(10_000 + i)} `),
      );
      await holder.append(...chunks, status('COMPLETED'));
    }
    await bench.storage.sweep(100);
    expect(await listed(bench)).toBeGreaterThan(25);
    // one byte per letter, and room for what a test run leaves about
    expect((await heldBytes()) - before).toBeLessThan(5_000_000);
  });

  it('counts a finished task as its log, and as what it amounts to once that is gone', async () => {
    const metadata = { claims: 'x'.repeat(8000) };
    const kept = async (logMs: number) => {
      const { clock, bench } = open({ retention: { finishedBytes: 50_000, logMs } });
      for (let count = 0; count < 40; count += 1) {
        const taskId = await bench.createTask({ request: { metadata } });
        await (await bench.take(taskId)).append(artifact('a', 'x'), status('COMPLETED'));
        clock.advance(10);
      }
      await bench.storage.sweep(100);
      return listed(bench);
    };
    // 8 KB of a log are what was asked for with the message
    expect(await kept(Infinity)).toBe(5);
    expect(await kept(0)).toBe(40);
  });

  it('makes no task of a log that goes with it', async () => {
    const { clock, table, bench } = open({ retention: { finishedMs: 1000, logMs: 100 } });
    const records = [];
    for (let count = 0; count < 20; count += 1) records.push(table.find(await finish(bench)));
    clock.advance(1000);
    expect(await listed(bench)).toBe(0);
    expect(records.filter((record) => record?.fold !== undefined)).toEqual([]);
  });

  it('lets go of what is too old as new tasks come', async () => {
    const { bench, clock, table } = open();
    for (let n = 0; n < 100; n += 1) await finish(bench);
    clock.advance(3_600_000);
    for (let n = 0; n < 30; n += 1) await bench.createTask({ id: `new-${String(n)}` });
    // thirty tasks with their due times, and the list of their scope
    expect(table.size()).toBe(30 + 30 + 1);
  });

  it('does not show what is too old, though no write came', async () => {
    const { bench, clock } = open();
    const ids = [await finish(bench), await finish(bench)];
    clock.advance(3_599_999);
    expect(await listed(bench)).toBe(2);
    clock.advance(1);
    expect((await bench.storage.heads(ids)).size).toBe(0);
    expect(await listed(bench)).toBe(0);
  });

  it('remembers no more idempotency keys than it is told', async () => {
    const { bench, table } = open({ limits: { idempotencyKeys: 3 } });
    const created: boolean[] = [];
    for (const [n, key] of ['a', 'b', 'c', 'd', 'a', 'd'].entries()) {
      const idempotency = { key, fingerprint: 'f', windowMs: 1e9 };
      created.push((await bench.storage.createTask(newTask({ id: `t${String(n)}`, idempotency }))).created);
    }
    expect(created).toEqual([true, true, true, true, true, false]);
    expect(table.keys.size()).toBe(3);
  });

  it('forgets idempotency keys whose windows are over as new tasks come', async () => {
    const { bench, clock, table } = open();
    for (let n = 0; n < 50; n += 1) {
      const idempotency = { key: String(n), fingerprint: 'f', windowMs: 1000 };
      await bench.createTask({ idempotency });
    }
    clock.advance(1000);
    for (let n = 0; n < 10; n += 1) await bench.createTask();
    expect(table.keys.size()).toBe(0);
  });
});

describe('a task is the same whenever it is asked for', () => {
  const texts = (count: number) => Array.from({ length: count }, (_, index) => `${index} of ${count}, `);

  it.each([
    ['while its log is short', 3, {}],
    ['once its log is longer', 40, {}],
    ['once its log has been trimmed', 40, { limits: { logEntries: 10 } }],
    ['once its log is large', 2, { size: 20_000 }],
  ])('%s', async (_when, count, { limits = {}, size = 0 }: { limits?: Partial<Limits>; size?: number }) => {
    const { bench, clock } = open({ limits, retention: { logMs: 1000 } });
    const load = async (taskId: string) => {
      const text = JSON.stringify((await bench.storage.loadTask(taskId))?.task);
      return JSON.parse(text.replaceAll(taskId, 'the task')) as object;
    };
    const run = async (isAsked: (step: number) => boolean) => {
      const taskId = await bench.createTask();
      let writer = await bench.take(taskId);
      for (const [step, text] of texts(count).entries()) {
        await writer.append(chunk('a', text.padEnd(size)));
        if (isAsked(step)) await load(taskId);
        if (step !== count - 2) continue;
        // what has been answered can be trimmed
        await writer.append(pause(1));
        await bench.storage.addInput(ANN, taskId, { message: said('more'), request: {} });
        writer = await bench.take(taskId);
      }
      await writer.append(status('COMPLETED'));
      return taskId;
    };
    const [always, once, atEnd, late] = [
      await run(() => true),
      await run((step) => step === 1),
      await run(() => false),
      await run(() => false),
    ];
    const ended = await load(always);
    const { first } = await bench.storage.read(late, 0, 1, 1);
    expect(first > 1).toBe(limits.logEntries !== undefined);
    expect(ended).toMatchObject({
      status: { state: 'TASK_STATE_COMPLETED' },
      artifacts: [
        {
          parts: [
            {
              text: texts(count)
                .map((text) => text.padEnd(size))
                .join(''),
            },
          ],
        },
      ],
    });
    expect([await load(once), await load(atEnd)]).toEqual([ended, ended]);
    clock.advance(1000);
    await bench.storage.sweep(100);
    expect((await bench.storage.read(late, 0, 100, 1e6)).entries).toEqual([]);
    expect([await load(always), await load(atEnd), await load(late)]).toEqual([ended, ended, ended]);
    expect(Object.isFrozen((await bench.storage.loadTask(late))?.task.artifacts)).toBe(true);
  });
});

it('does not take a key for a repeat when its window is over, though it has not been forgotten yet', async () => {
  const { bench, clock, table } = open();
  const idempotency = (key: number) => ({ key: String(key), fingerprint: 'f', windowMs: 1000 });
  for (let n = 0; n < 50; n += 1) await bench.createTask({ idempotency: idempotency(n) });
  clock.advance(1000);
  const { created } = await bench.storage.createTask(newTask({ id: 'new', idempotency: idempotency(49) }));
  expect([created, table.keys.size() > 1]).toEqual([true, true]);
});

describe('the size of a task', () => {
  it('does not grow by what its artifacts replace', async () => {
    const { bench } = open({ limits: { taskBytes: 30_000, logEntries: 10 } });
    const taskId = await bench.createTask();
    for (let turn = 0; turn < 20; turn += 1) {
      const holder = await bench.take(taskId);
      for (let n = 0; n < 5; n += 1) await holder.append(artifact('a', 'x'.repeat(800)));
      await holder.append(pause((await bench.load(taskId)).seq));
      await bench.say(taskId, `m${String(turn)}`);
    }
    expect((await bench.load(taskId)).seq).toBe(1 + 20 * 8);
  });

  it('is bounded over many appends, and counts what was appended to artifacts', async () => {
    const { bench } = open({ limits: { taskBytes: 100_000 } });
    const taskId = await bench.createTask();
    const holder = await bench.take(taskId);
    let written = 0;
    while (reasonOf(await holder.tryAppend(artifact('a', 'x'.repeat(1000), { append: true }))) === 'taken')
      written += 1;
    expect(written).toBeGreaterThan(70);
    expect(written).toBeLessThan(100);
  });
});

describe('the size of an artifact', () => {
  it('is bounded by itself, over appends and within one batch, and what replaces it is counted alone', async () => {
    const { bench } = open({ limits: { artifactBytes: 5000 } });
    const { lease } = await bench.take(await bench.createTask());
    let seq = 1;
    const append = async (...bodies: EntryBody[]) => {
      const reason = reasonOf(await bench.storage.append(lease, seq, bodies));
      if (reason === 'taken') seq += 1;
      return reason;
    };
    const piece = (id: string) => artifact(id, 'x'.repeat(2000), { append: true });
    expect(await append(piece('a'), piece('a'))).toBe('taken');
    expect(await append(piece('b'), piece('a'))).toBe('too-large');
    expect(await append(piece('b'), piece('b'))).toBe('taken');
    expect(await append(piece('c'), piece('c'), piece('c'))).toBe('too-large');
    expect(await append(artifact('a', 'y'.repeat(4000)), artifact('a', 'z'.repeat(4000)))).toBe('taken');
    expect(await append(artifact('d', 'x'.repeat(5000)))).toBe('too-large');
    expect(await append(status('COMPLETED'))).toBe('taken');
  });

  it('is that of a task where nothing is said', () => {
    expect(readLimits().artifactBytes).toBe(64 * 1024 * 1024);
    expect(readLimits({ taskBytes: 1000 }).artifactBytes).toBe(1000);
    expect(readLimits({ taskBytes: 1000, artifactBytes: 10 }).artifactBytes).toBe(10);
  });
});

describe('memoryBackend', () => {
  it.each([
    [
      { retention: { finishedMs: -1 } },
      'memoryBackend: retention.finishedMs is a number of 0 or more, not -1',
    ],
    [
      { retention: { finishedTasks: NaN } },
      'memoryBackend: retention.finishedTasks is a number of 0 or more, not NaN',
    ],
    [{ limits: { taskBytes: -5 } }, 'memoryBackend: limits.taskBytes is a number of 0 or more, not -5'],
  ])('refuses %j', (options, message) => {
    expect(() => memoryBackend(options)).toThrow(new RangeError(message));
  });

  it('takes Infinity for no bound', () => {
    expect(() =>
      memoryBackend({ limits: { activeTasks: Infinity }, retention: { logMs: Infinity } }),
    ).not.toThrow();
  });

  it('can be opened and closed by several routers that share it', async () => {
    const { storage, broker, eventBus } = memoryBackend();
    for (const part of [storage, broker, eventBus]) await part.close();
    await storage.init();
    await storage.createTask(newTask({ id: 'still here' }));
    let heads = 0;
    await eventBus.subscribe('t', ({ head }) => (heads = head));
    await eventBus.publish({ taskId: 't', head: 3, closed: false });
    expect([(await storage.heads(['still here'])).size, heads, storage.shared]).toEqual([1, 3, false]);
  });
});
