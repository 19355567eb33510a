import type { EntryBody } from '../../core/log.ts';
import type { FeedKit } from '../feed-suite.ts';
import { COMPLETED, SCOPE, turn, until } from './bench.ts';
import { iterate } from '../iterate.ts';

const ENDS: readonly EntryBody[] = [
  COMPLETED,
  { kind: 'status', state: 'TASK_STATE_FAILED' },
  { kind: 'status', state: 'TASK_STATE_CANCELED' },
  { kind: 'status', state: 'TASK_STATE_REJECTED' },
  { kind: 'message', message: { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: 'bye' }] } },
];

/** T3: a tail ends after the closing entry, whenever that came. */
export function endCases({ api: { expect }, test }: FeedKit): void {
  for (const end of ENDS) {
    test(`T3 ends after the closing entry: ${nameOf(end)}`, async (bench) => {
      const life = await bench.createLife({ answers: end.kind === 'message' ? 'message' : 'task' });
      const names: string[] = [];
      const reading = (async () => {
        for await (const batch of iterate(bench.feed.tail(life.taskId, 0, new AbortController().signal))) {
          names.push(...batch.map(nameOf));
        }
      })();
      await until(() => names.length === 1);
      await life.append({ kind: 'start', attempt: 1, worker: 'suite' });
      await until(() => names.length === 2);
      await life.append(end);
      await reading;
      expect(names).toEqual(['open', 'start', nameOf(end)]);
      expect(bench.bus.open()).toBe(0);
    });
  }

  test('T3 an interrupted status does not end it', async (bench) => {
    const life = await bench.createLife();
    const reader = iterate(bench.feed.tail(life.taskId, 1, new AbortController().signal));
    await life.append({ kind: 'status', state: 'TASK_STATE_AUTH_REQUIRED', upTo: 1 });
    expect((await reader.next()).value?.map(({ kind }) => kind)).toEqual(['status']);
    const next = reader.next();
    await life.append(COMPLETED);
    expect((await next).value?.length).toBe(1);
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  test('T3 of a task that had ended before, the snapshot is all, and the log can be read again', async (bench) => {
    const life = await bench.createLife();
    await life.append(COMPLETED);
    const opened = await bench.feed.open(life.taskId, SCOPE, new AbortController().signal);
    expect(opened?.snapshot.closed).toBe(true);
    expect(await collect(iterate(opened?.tail))).toEqual([]);
    expect(await collect(iterate(bench.feed.tail(life.taskId, 0, new AbortController().signal)))).toEqual([
      1, 2,
    ]);
    for (const after of [2, 3, 99]) {
      expect(
        await collect(iterate(bench.feed.tail(life.taskId, after, new AbortController().signal))),
      ).toEqual([]);
    }
    expect(bench.bus.open()).toBe(0);
  });

  for (const others of [0, 1]) {
    test(`T3 the end between snapshot and tail is seen, with ${others} other readers`, async (bench) => {
      const life = await bench.createLife();
      const other = Array.from({ length: others }, () =>
        collect(iterate(bench.feed.tail(life.taskId, 0, new AbortController().signal))),
      );
      await turn();
      const opened = await bench.feed.open(life.taskId, SCOPE, new AbortController().signal);
      await life.append(COMPLETED);
      await turn();
      expect(await collect(iterate(opened?.tail))).toEqual([2]);
      for (const seqs of other) expect(await seqs).toEqual([1, 2]);
    });
  }

  test('T3 what is unknown, or of another scope, is not opened', async (bench) => {
    const life = await bench.createLife();
    const { signal } = new AbortController();
    expect(await bench.feed.open('no-such-task', SCOPE, signal)).toBe(undefined);
    expect(await bench.feed.open(life.taskId, { ...SCOPE, owner: 'bob' }, signal)).toBe(undefined);
    expect(await bench.feed.open(life.taskId, { ...SCOPE, owner: null }, signal)).toBe(undefined);
    expect(bench.bus.open()).toBe(0);
  });
}

function nameOf(entry: EntryBody): string {
  return entry.kind === 'status' ? entry.state : entry.kind;
}

async function collect(
  batches: AsyncIterable<readonly { seq: number }[]> | readonly never[],
): Promise<number[]> {
  const seqs: number[] = [];
  for await (const batch of batches) seqs.push(...batch.map(({ seq }) => seq));
  return seqs;
}
