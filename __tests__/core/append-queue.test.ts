import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { AppendQueue } from '../../lib/core/append-queue.ts';
import { Ending } from '../../lib/core/ending.ts';
import type { EntryBody, LogEntry } from '../../lib/core/log.ts';
import type { Storage, WriteResult } from '../../lib/core/storage.ts';
import { LeaseLost } from '../../lib/core/task-failed.ts';
import { silentLogger } from '../../lib/core/logger.ts';
import { fakeClock } from '../../lib/testing/fake-clock.ts';

/** What becomes of one append. `lost`: it is stored, and the answer never comes. */
type Fate = 'ok' | 'slow' | 'throws' | 'rejects' | 'lost' | 'fenced' | 'hangs';

interface Plan {
  readonly fates: readonly Fate[];
  /** How many entries each push has; one that is negative pushes another from within its callback. */
  readonly pushes: readonly number[];
  /** Turns between one push and the next. */
  readonly pauses: readonly number[];
  /** Entries that fit into the task. */
  readonly room: number;
}

const plans: fc.Arbitrary<Plan> = fc.record({
  fates: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom<Fate>('ok', 'slow') },
      { weight: 3, arbitrary: fc.constantFrom<Fate>('throws', 'rejects', 'lost') },
      { weight: 1, arbitrary: fc.constantFrom<Fate>('fenced', 'hangs') },
    ),
    { maxLength: 30, size: 'max' },
  ),
  pushes: fc.array(
    fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: -2, max: 2 }) },
      { weight: 1, arbitrary: fc.constant(300) },
    ),
    { maxLength: 40, size: 'max' },
  ),
  pauses: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 10, size: 'max' }),
  room: fc.oneof(fc.constant(Infinity), fc.integer({ min: 0, max: 20 })),
});

const name = (entry: EntryBody): string => (entry.kind === 'start' ? entry.worker : '');

/** A storage that keeps the contract of appends, whatever becomes of their answers. */
function makeStorage({ fates, room }: Plan) {
  const log: string[] = [];
  const problems: string[] = [];
  let last = 0;
  let isWriting = false;
  let calls = 0;

  function write(producerSeq: number, entries: readonly EntryBody[]): WriteResult {
    if (producerSeq === last)
      return { ok: true, seq: log.length, closed: false, entries: [], duplicate: true };
    if (producerSeq !== last + 1) problems.push(`append ${String(producerSeq)} after ${String(last)}`);
    if (log.length + entries.length > room) return { ok: false, reason: 'too-large' };
    last = producerSeq;
    const stored = entries.map((body, index): LogEntry => {
      return { ...body, v: 1, seq: log.length + index + 1, ts: 0, epoch: 1 };
    });
    log.push(...entries.map(name));
    return { ok: true, seq: log.length, closed: false, entries: stored };
  }

  async function append(
    fate: Fate,
    producerSeq: number,
    entries: readonly EntryBody[],
  ): Promise<WriteResult> {
    if (isWriting) problems.push('two appends at once');
    isWriting = true;
    for (let turns = fate === 'slow' ? 3 : 0; turns > 0; turns -= 1) await Promise.resolve();
    if (fate === 'hangs') return new Promise(() => undefined);
    isWriting = false;
    if (fate === 'fenced') return { ok: false, reason: 'fenced' };
    if (fate === 'rejects') throw new Error('down');
    const result = write(producerSeq, entries);
    if (fate === 'lost') throw new Error('the answer was lost');
    return result;
  }

  const storage: Pick<Storage, 'append'> = {
    append(_lease, producerSeq, entries) {
      const fate = fates[calls] ?? 'ok';
      calls += 1;
      if (fate === 'throws') throw new Error('at once');
      return append(fate, producerSeq, entries);
    },
  };
  return { log, problems, storage: storage as Storage }; // a queue only appends
}

async function run(plan: Plan): Promise<void> {
  const clock = fakeClock();
  const lost = new Ending();
  const { log, problems, storage } = makeStorage(plan);
  const keeper = {
    lost,
    beforeWrite: () => undefined,
    afterWrite: () => undefined,
    wrote: () => undefined,
    lose: () => {
      lost.end(new LeaseLost('lost'));
    },
  };
  const eventBus = { publish: () => undefined } as never;
  const lease = { taskId: 't', id: 'l', epoch: 1 };
  const queue = new AppendQueue({ storage, clock, logger: silentLogger, eventBus }, lease, keeper);
  const told: { id: number; how: string }[] = [];
  const stored: string[] = [];
  let pushed = 0;
  let idle = 0;

  function push(wish: number): void {
    const id = pushed;
    pushed += 1;
    const entries = Array.from({ length: Math.abs(wish) }, (_, index): EntryBody => {
      return { kind: 'start', attempt: 1, worker: `${String(id)}.${String(index)}` };
    });
    const over = (how: string) => {
      told.push({ id, how });
      if (wish < 0) push(1);
    };
    queue.push(entries, {
      onStored() {
        stored.push(...entries.map(name));
        over('stored');
      },
      onRefused(error) {
        over(error.name);
      },
    });
  }

  for (const [index, wish] of plan.pushes.entries()) {
    push(wish);
    for (let turns = plan.pauses[index % plan.pauses.length] ?? 0; turns > 0; turns -= 1)
      await Promise.resolve();
  }
  const settled = Promise.resolve(queue.settled()).then(() => (idle += 1));
  // pauses between tries, and then the lease of an append that never answers
  for (let step = 0; step < 200 && idle === 0; step += 1) {
    clock.advance(1000);
    await new Promise(setImmediate);
    if (step === 60) lost.end(new LeaseLost('time'));
  }
  await settled;

  expect(problems).toEqual([]);
  // each push is told exactly once
  expect(told.map(({ id }) => id).sort((a, b) => a - b)).toEqual(
    Array.from({ length: pushed }, (_, id) => id),
  );
  // what was told as stored is stored, in the order of the pushes and without a hole; the rest may be an answer that was lost
  expect(log.slice(0, stored.length)).toEqual(stored);
  const order = told.filter(({ how }) => how === 'stored').map(({ id }) => id);
  const ids = new Set(log.map((text) => Number(text.split('.', 1)[0])));
  const written = order.filter((id) => ids.has(id));
  expect(written).toEqual([...written].sort((a, b) => a - b));
  // after the first that did not fit nothing is stored
  const [full] = told.filter(({ how }) => how === 'TaskTooLarge');
  if (full !== undefined) expect(written.every((id) => id < full.id)).toBe(true);
  expect(queue.room()).toBeUndefined();
  expect(clock.pending()).toBe(0);
}

describe('an append queue', () => {
  it('tells each push once and in order, whatever the storage does', async () => {
    await fc.assert(fc.asyncProperty(plans, run), { numRuns: 200 });
  }, 120_000);

  it('takes ten thousand pushes at once, some of them from within callbacks', async () => {
    const pushes = Array.from({ length: 10_000 }, (_, index) => (index % 3 === 0 ? -1 : 1));
    await run({ fates: ['ok', 'rejects', 'lost', 'throws'], pushes, pauses: [0], room: Infinity });
  }, 60_000);
});
