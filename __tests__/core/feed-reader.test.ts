import { describe, expect, it } from '@jest/globals';
import { type Page, Reader, type Source } from '../../lib/core/feed-reader.ts';
import type { LogEntry, Seq } from '../../lib/core/log.ts';
import { iterate } from '../../lib/testing/iterate.ts';

const entry = (seq: Seq): LogEntry => ({
  ...{ v: 1, seq, ts: 0, epoch: 1 },
  ...{ kind: 'status', state: 'TASK_STATE_WORKING' },
});

/** A task whose reads the test answers, and whose hints it gives. */
function makeSource() {
  const loads: { after: Seq; resolve: (page: Page) => void; reject: (error: Error) => void }[] = [];
  let known: readonly LogEntry[] = [];
  const source: Source = {
    leave: () => undefined,
    isShared: () => false,
    isJoining: () => false,
    isLive: () => true,
    head: () => known.at(-1)?.seq ?? 0,
    recent(after) {
      const from = known.findIndex(({ seq }) => seq === after + 1);
      return from < 0 ? undefined : known.slice(from);
    },
    load: (after) => new Promise((resolve, reject) => loads.push({ after, resolve, reject })),
  };
  const tail = new Reader({ join: () => source }, 'task', 0, new AbortController().signal, () =>
    Promise.resolve(),
  );
  const reader = iterate(tail);
  const seqs = async (next: ReturnType<typeof reader.next>) => (await next).value?.map(({ seq }) => seq);
  const hint = (...numbers: Seq[]) => {
    known = numbers.map(entry);
    tail.wake();
  };
  const answer = (index: number, ...numbers: Seq[]) => {
    const head = numbers.at(-1) ?? 0;
    const page = { entries: numbers.map(entry), head, first: 1, closed: false };
    const load = loads[index];
    load?.resolve({ ...page, after: load.after });
  };
  const fail = async (index: number) => {
    loads[index]?.reject(new Error('the storage is down'));
    await new Promise(setImmediate);
  };
  return { reader, loads, seqs, hint, answer, fail };
}

describe('a read that fails after hints have brought what it was for', () => {
  it('while the reader is busy: it reads again, and the stream goes on', async () => {
    const { reader, loads, seqs, hint, answer, fail } = makeSource();
    const first = seqs(reader.next());
    hint(1, 2);
    expect(await first).toEqual([1, 2]);
    await fail(0);
    const second = seqs(reader.next());
    expect(loads.map(({ after }) => after)).toEqual([0, 2]);
    answer(1, 3);
    expect(await second).toEqual([3]);
  });

  it('while the reader waits for more: the same', async () => {
    const { reader, loads, seqs, hint, answer, fail } = makeSource();
    const first = seqs(reader.next());
    hint(1);
    expect(await first).toEqual([1]);
    const second = seqs(reader.next());
    await fail(0);
    expect(loads.map(({ after }) => after)).toEqual([0, 1]);
    answer(1, 2);
    expect(await second).toEqual([2]);
  });

  it('and again where nothing came: it is told, and ends', async () => {
    const { reader, seqs, hint, fail } = makeSource();
    const first = seqs(reader.next());
    hint(1);
    await first;
    await fail(0);
    const second = reader.next();
    const failed = expect(second).rejects.toThrow('the storage is down');
    await fail(1);
    await failed;
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });
});
