import { describe, expect, it } from '@jest/globals';
import type { StreamItem } from '../../lib/core/call.ts';
import type { Taker } from '../../lib/core/batches.ts';
import { EntryStream, type Beginning } from '../../lib/core/entry-stream.ts';
import type { Tail } from '../../lib/core/feed.ts';
import type { LogEntry } from '../../lib/core/log.ts';
import { gate } from '../helpers/worker-bench.ts';

/** The third is the last. */
const entry = (seq: number): LogEntry => ({
  kind: 'status',
  state: seq === 3 ? 'TASK_STATE_COMPLETED' : 'TASK_STATE_WORKING',
  ...{ v: 1, seq, ts: 0, epoch: 0 },
});
const item = (name: string): StreamItem => ({
  event: { message: { messageId: name, role: 'ROLE_AGENT', parts: [] } },
});

/** A stream that begins with `task`; its entries are told by their numbers. */
function streamOf(beginning: Beginning, later: readonly LogEntry[][]) {
  const batches = [...later];
  let ends = 0;
  const tail: Tail = {
    isAlone: () => true,
    pull(taker) {
      const batch = batches.shift();
      if (batch === undefined) taker.onEnd();
      else taker.onBatch(batch);
    },
    end() {
      ends += 1;
    },
  };
  const items = { of: (batch: readonly LogEntry[]) => batch.map(({ seq }) => item(String(seq))) };
  const stream = new EntryStream({ items, first: [item('task')], tail, beginning, resumable: false });
  const names = () =>
    new Promise<(string | undefined)[] | undefined>((resolve, reject) => {
      stream.pull({
        onBatch(batch) {
          resolve(batch.map(({ event }) => event.message?.messageId));
        },
        onEnd() {
          resolve(undefined);
        },
        onError: reject,
      });
    });
  return { stream, names, ends: () => ends };
}

describe('the events of a task', () => {
  it('begin with the task and what there is by then', async () => {
    const waiting = gate();
    const there: LogEntry[] = [];
    const beginning: Beginning = { soon: () => waiting.opened, take: () => there };
    const { names } = streamOf(beginning, [[entry(2)], [entry(3)]]);
    const first = names();
    there.push(entry(1));
    waiting.open();
    expect(await first).toEqual(['task', '1']);
    expect([await names(), await names(), await names()]).toEqual([['2'], ['3'], undefined]);
  });

  it('end with what there is at once, where that is the end', async () => {
    const beginning = { soon: () => Promise.resolve(), take: () => [entry(2), entry(3)] };
    const { names, ends } = streamOf(beginning, []);
    expect([await names(), await names(), ends()]).toEqual([['task', '2', '3'], undefined, 1]);
  });

  it('begin with the task alone where nothing is there', async () => {
    const beginning = { soon: () => Promise.resolve(), take: () => undefined };
    const { names } = streamOf(beginning, [[entry(3)]]);
    expect([await names(), await names(), await names()]).toEqual([['task'], ['3'], undefined]);
  });

  it('are over for a reader who leaves before they begin', async () => {
    const waiting = gate();
    const beginning: Beginning = { soon: () => waiting.opened, take: () => [entry(1)] };
    const { stream, names, ends } = streamOf(beginning, []);
    const first = names();
    stream.end();
    waiting.open();
    expect([await first, await names(), ends()]).toEqual([undefined, undefined, 1]);
  });

  it.each([
    [1, true],
    [undefined, undefined],
  ])('of a send that wrote %s tell that a pause is the end: %s', async (own, ends) => {
    const pause: LogEntry = {
      ...{ kind: 'status', state: 'TASK_STATE_INPUT_REQUIRED', upTo: 1 },
      ...{ v: 1, seq: 2, ts: 0, epoch: 0 },
    };
    const tail = {
      isAlone: () => true,
      pull: (taker: Taker<readonly LogEntry[]>) => {
        taker.onBatch([pause]);
      },
      end: () => undefined,
    };
    const items = { of: (batch: readonly LogEntry[]) => batch.map(({ seq }) => item(String(seq))) };
    const stream = new EntryStream({
      items,
      first: [],
      tail,
      resumable: false,
      ...(own !== undefined && { own }),
    });
    const given = await new Promise<readonly StreamItem[]>((resolve, reject) => {
      stream.pull({
        onBatch: resolve,
        onEnd: () => {
          reject(new Error('it has ended'));
        },
        onError: reject,
      });
    });
    expect(given.map((one) => one.ends)).toEqual([ends]);
  });
});
