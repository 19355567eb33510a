import { describe, expect, it } from '@jest/globals';
import type { TaskHint } from '../../lib/core/event-bus.ts';
import { createTaskFeed } from '../../lib/core/feed.ts';
import type { LogEntry, Seq } from '../../lib/core/log.ts';
import { fakeClock } from '../../lib/testing/fake-clock.ts';
import { iterate } from '../../lib/testing/iterate.ts';

/** A feed with one reader of one task, time that is moved by hand, a log that grows on demand, and a bus that is slow. */
function makeFeed(options: { subscribe?: 'at once' | 'when told' | 'fails' } = {}) {
  const clock = fakeClock();
  const log: LogEntry[] = [];
  const warnings: string[] = [];
  let onHint: (hint: TaskHint) => void = () => undefined;
  let join: () => void = () => undefined;
  let gap: () => void = () => undefined;
  let polls = 0;
  let isDown = false;
  const warn = (_fields: object, text: string) => void warnings.push(text);
  const feed = createTaskFeed({
    clock,
    logger: { debug: warn, info: warn, warn, error: warn },
    storage: {
      loadTask: () => Promise.resolve(undefined),
      read: (_id, after) =>
        Promise.resolve({ entries: log.slice(after), head: log.length, first: 1, closed: false }),
      heads(ids) {
        polls += 1;
        if (isDown) return Promise.reject(new Error('down'));
        return Promise.resolve(new Map(ids.map((id) => [id, { head: log.length, closed: false }])));
      },
    },
    eventBus: {
      subscribe(_taskId, callback) {
        onHint = callback;
        if (options.subscribe === 'fails') return Promise.reject(new Error('down'));
        if (options.subscribe !== 'when told') return Promise.resolve(() => undefined);
        return new Promise((resolve) => {
          join = () => {
            resolve(() => undefined);
          };
        });
      },
      onGap(callback) {
        gap = callback;
        return () => undefined;
      },
    },
  });
  const gone = new AbortController();
  const seen: Seq[] = [];
  const reading = (async () => {
    for await (const batch of iterate(feed.tail('task', 0, gone.signal)))
      seen.push(...batch.map(({ seq }) => seq));
  })();
  function write(): LogEntry {
    const entry = {
      v: 1,
      seq: log.length + 1,
      ts: 0,
      epoch: 1,
      kind: 'status',
      state: 'TASK_STATE_WORKING',
    } as const;
    log.push(entry);
    return entry;
  }
  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return {
    ...{ clock, feed, gone, reading, seen, write, pass, warnings },
    hint: (entry: LogEntry) => onHint({ taskId: 'task', head: entry.seq, closed: false, entries: [entry] }),
    join: () => join(),
    gap: () => gap(),
    polls: () => polls,
    setDown: (down: boolean) => (isDown = down),
  };
}

describe('the poll', () => {
  it('comes every 15 s while nothing is missing', async () => {
    const { pass, polls } = makeFeed();
    await pass(13);
    expect(polls()).toBe(0);
    await pass(2);
    expect(polls()).toBe(1);
    await pass(45);
    expect(polls()).toBe(4);
  });

  it('comes every second once a hint did not come, until one does', async () => {
    const { pass, polls, write, seen, hint } = makeFeed();
    await pass(1);
    write();
    await pass(15);
    expect(seen).toEqual([1]);
    const before = polls();
    await pass(10);
    expect(polls() - before).toBeGreaterThan(8);
    write();
    await pass(1);
    expect(seen).toEqual([1, 2]);
    hint(write());
    await pass(2);
    expect(seen).toEqual([1, 2, 3]);
    const healed = polls();
    await pass(10);
    expect(polls()).toBe(healed);
  });

  it('takes a hint that comes a little later than itself for what it is', async () => {
    const { pass, polls, write, seen, hint } = makeFeed();
    await pass(12);
    const entry = write();
    while (seen.length === 0) await pass(1);
    const before = polls();
    hint(entry);
    await pass(10);
    expect(polls()).toBe(before);
  });

  it('leaves growing pauses while the storage fails, and says so', async () => {
    const { pass, polls, write, seen, setDown, warnings } = makeFeed();
    await pass(1);
    write();
    setDown(true);
    await pass(60);
    expect(polls()).toBeGreaterThan(4);
    expect(polls()).toBeLessThanOrEqual(16);
    expect(new Set(warnings)).toEqual(new Set(['looking for missed entries failed, trying again']));
    setDown(false);
    await pass(11);
    expect(seen).toEqual([1]);
  });

  it('comes at once when hints may have been missed, and again when that is told while it is under way', async () => {
    const { pass, polls, write, seen, gap } = makeFeed();
    await pass(1);
    write();
    gap();
    expect(polls()).toBe(1);
    gap();
    gap();
    expect(polls()).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(polls()).toBe(2);
    expect(seen).toEqual([1]);
  });

  it('finds out that a log is shorter than it was, and cuts the reader', async () => {
    const { pass, hint, write, reading, feed } = makeFeed();
    await pass(1);
    hint({ ...write(), seq: 1 });
    await pass(1);
    hint({ v: 1, seq: 2, ts: 0, epoch: 1, kind: 'status', state: 'TASK_STATE_WORKING' });
    const ended = expect(reading).rejects.toThrow('The log ends at 1, before entry 2 that was read');
    await pass(16);
    await ended;
    feed.close();
  });

  it('has no timer when nobody reads', async () => {
    const { pass, clock, gone, reading } = makeFeed();
    await pass(1);
    expect(clock.pending()).toBe(1);
    gone.abort();
    await reading;
    expect(clock.pending()).toBe(0);
  });
});

describe('a subscription', () => {
  it('that takes longer than a second or two is not waited for; when it is there, readers look again', async () => {
    const { pass, write, seen, join } = makeFeed({ subscribe: 'when told' });
    write();
    await pass(2);
    expect(seen).toEqual([1]);
    write();
    join();
    await pass(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([1, 2]);
  });

  it('that fails is tried again every second, with one line in the log each time, and readers poll', async () => {
    const { pass, write, seen, polls, warnings } = makeFeed({ subscribe: 'fails' });
    write();
    await pass(1);
    expect(seen).toEqual([1]);
    write();
    await pass(1);
    expect(seen).toEqual([1, 2]);
    await pass(8);
    expect(polls()).toBeGreaterThan(8);
    expect(new Set(warnings)).toEqual(new Set(['subscribing to a task failed; its readers poll']));
    expect(warnings.length).toBe(10);
  });

  it('that throws at once is one that fails', async () => {
    const feed = createTaskFeed({
      clock: fakeClock(),
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      storage: {
        loadTask: () => Promise.resolve(undefined),
        heads: () => Promise.resolve(new Map()),
        read: () => Promise.resolve({ entries: [], head: 1, first: 2, closed: true }),
      },
      eventBus: {
        subscribe() {
          throw new Error('no bus');
        },
        onGap: () => () => undefined,
      },
    });
    for await (const batch of iterate(feed.tail('task', 1, new AbortController().signal)))
      expect(batch).toBe(undefined);
  });
});

describe('a read', () => {
  it.each([
    ['with a hole', [1, 3], 'The storage gave entry 3 where 2 was next'],
    ['that is empty', [], 'The storage gave nothing after 0, of 5 entries'],
  ])('%s is no page', async (_name, seqs, text) => {
    const clock = fakeClock();
    const errors: unknown[] = [];
    const feed = createTaskFeed({
      clock,
      logger: {
        debug() {},
        info() {},
        warn: ({ err }: { err?: unknown }) => void errors.push(err),
        error() {},
      },
      storage: {
        loadTask: () => Promise.resolve(undefined),
        heads: () => Promise.resolve(new Map()),
        read: () =>
          Promise.resolve({
            entries: seqs.map((seq) => ({ v: 1, seq, ts: 0, epoch: 1, kind: 'resume' }) as const),
            ...{ head: 5, first: 1, closed: false },
          }),
      },
      eventBus: { subscribe: () => Promise.resolve(() => undefined), onGap: () => () => undefined },
    });
    const next = iterate(feed.tail('task', 0, new AbortController().signal)).next();
    let outcome: unknown;
    next.catch((error: unknown) => (outcome = error));
    for (let second = 0; second < 20; second += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(1000);
    }
    expect(outcome).toEqual(new Error(text));
    expect(errors.length).toBeGreaterThan(2);
  });
});
