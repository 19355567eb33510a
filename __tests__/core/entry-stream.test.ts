import { describe, expect, it } from '@jest/globals';
import type { StreamItem } from '../../lib/core/call.ts';
import { entryStream, type Beginning } from '../../lib/core/entry-stream.ts';
import type { LogEntry } from '../../lib/core/log.ts';
import { gate } from '../helpers/worker-bench.ts';

const entry = (seq: number): LogEntry => ({ kind: 'cancel', v: 1, seq, ts: 0, epoch: 0 });
const item = (name: string): StreamItem => ({
  event: { message: { messageId: name, role: 'ROLE_AGENT', parts: [] } },
});

/** A stream that begins with `task`; its entries are told by their numbers, and the third is the last. */
function streamOf(beginning: Beginning, later: readonly LogEntry[][]) {
  const batches = [...later];
  let returns = 0;
  const tail: AsyncIterableIterator<readonly LogEntry[]> = {
    next: async () => {
      const value = batches.shift();
      return value === undefined ? { done: true, value } : { done: false, value };
    },
    return: async () => {
      returns += 1;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => tail,
  };
  const see = (batch: readonly LogEntry[]) => ({
    items: batch.map(({ seq }) => item(String(seq))),
    ends: batch.some(({ seq }) => seq === 3),
  });
  const stream = entryStream([item('task')], tail, see, beginning)[Symbol.asyncIterator]();
  const names = async () => {
    const next = await stream.next();
    return next.done === true ? undefined : next.value.map(({ event }) => event.message?.messageId);
  };
  return { stream, names, returns: () => returns };
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
    const { names, returns } = streamOf(beginning, []);
    expect([await names(), await names(), returns()]).toEqual([['task', '2', '3'], undefined, 1]);
  });

  it('begin with the task alone where nothing is there', async () => {
    const beginning = { soon: () => Promise.resolve(), take: () => undefined };
    const { names } = streamOf(beginning, [[entry(3)]]);
    expect([await names(), await names(), await names()]).toEqual([['task'], ['3'], undefined]);
  });

  it('are over for a reader who leaves before they begin', async () => {
    const waiting = gate();
    const beginning: Beginning = { soon: () => waiting.opened, take: () => [entry(1)] };
    const { stream, names, returns } = streamOf(beginning, []);
    const first = names();
    await stream.return?.();
    waiting.open();
    expect([await first, await names(), returns()]).toEqual([undefined, undefined, 1]);
  });
});
