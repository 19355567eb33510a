import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type express from 'express';
import { fakeService } from '../helpers/fake-service.ts';
import { until } from '../helpers/gate.ts';
import { parse, readAll } from '../helpers/raw-http.ts';
import { frame, item, source } from '../helpers/source.ts';
import { sseBench } from '../helpers/sse-bench.ts';

const bench = sseBench();

/** Serves anew; the response of the next call will be in what it gives. */
async function restarted(): Promise<{ response?: express.Response }> {
  const seen: { response?: express.Response } = {};
  await bench.restart((_req, res, next) => {
    seen.response = res;
    next();
  });
  return seen;
}

const MEGABYTE = 'ab€😀'.repeat(100_000);

// NEEDS row 12
describe('a slow reader', () => {
  it('gets every byte, and holds the source back meanwhile', async () => {
    const socket = await bench.open();
    for (let n = 0; n < 40; n += 1) bench.feed.push([item(`${String(n)} ${MEGABYTE}`)]);
    bench.feed.end();
    await until(() => bench.feed.taken() > 0);
    const taken = await bench.settled();
    expect(taken).toBeLessThan(40);
    const { body } = parse(await readAll(socket));
    const expected = Array.from({ length: 40 }, (_, n) => frame(`${String(n)} ${MEGABYTE}`));
    expect(body === expected.join('')).toBe(true);
    expect(bench.handler.clock.pending()).toBe(0);
  });

  it('is cut that leaves the last frames unread, also where only keep-alives had made it too slow', async () => {
    const seen = await restarted();
    const socket = await bench.open();
    const waiting = () => seen.response?.writableLength ?? 0;
    // until the kernel takes no more, and node has room
    while (waiting() === 0) {
      bench.feed.push([item('x'.repeat(8000))]);
      await bench.settled();
      if (waiting() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(seen.response?.writableNeedDrain).toBe(false);
    while (seen.response?.writableNeedDrain === false) bench.handler.clock.advance(15_000);
    await bench.handler.close();
    expect(seen.response?.writableEnded).toBe(true);
    bench.handler.clock.advance(29_999);
    expect(seen.response?.destroyed).toBe(false);
    bench.handler.clock.advance(1);
    expect(seen.response?.destroyed).toBe(true);
    expect(bench.handler.clock.pending()).toBe(0);
    socket.destroy();
  });

  it('is not cut while it moves', async () => {
    const socket = await bench.open();
    for (let n = 0; n < 40; n += 1) bench.feed.push([item(MEGABYTE)]);
    bench.feed.end();
    await until(() => bench.feed.taken() > 0);
    let read = 0;
    socket.on('data', (chunk: Buffer) => (read += chunk.length)).pause();
    for (let step = 0; step < 20; step += 1) {
      await bench.settled();
      bench.handler.clock.advance(20_000);
      const target = read + 4 * 1024 * 1024;
      socket.resume();
      await until(() => read >= target || socket.readableEnded);
      socket.pause();
    }
    socket.resume();
    await until(() => socket.readableEnded);
    expect(read).toBeGreaterThan(40 * Buffer.byteLength(MEGABYTE));
    expect(socket.errored).toBeNull();
  });

  it('that takes nothing for stallMs is cut, and retains little', async () => {
    const seen = await restarted();
    const socket = await bench.open();
    for (let n = 0; n < 40; n += 1) bench.feed.push([item(MEGABYTE)]);
    await until(() => bench.feed.taken() > 0);
    await bench.settled();
    expect(seen.response?.writableLength).toBeLessThan(256 * 1024);
    // the keep-alive waits while a write is pending
    bench.handler.clock.advance(29_999);
    await bench.settled();
    expect(seen.response?.destroyed).toBe(false);
    bench.handler.clock.advance(1);
    await bench.feed.left;
    expect(seen.response?.destroyed).toBe(true);
    await until(() => bench.handler.active() === 0);
    expect(bench.handler.clock.pending()).toBe(0);
    expect(bench.handler.reports).toEqual([]);
    socket.destroy();
  });

  it('that leaves the last frames of a stream unread is cut as well', async () => {
    const socket = await bench.open();
    for (let n = 0; n < 400 && bench.feed.taken() === n; n += 1) {
      bench.feed.push(Array.from({ length: 6 }, () => item('x'.repeat(10_000))));
      await bench.settled();
    }
    // blocked: the end comes while bytes are still on their way
    bench.feed.end();
    await bench.handler.close();
    expect(bench.handler.clock.pending()).toBe(1);
    bench.handler.clock.advance(30_000);
    socket.resume();
    await once(socket, 'close');
    await until(() => bench.handler.clock.pending() === 0);
  });
});

// NEEDS row 1
describe('a reader that goes away', () => {
  it('ends its own stream only, and leaves nothing behind', async () => {
    const other = source();
    const streams = [bench.feed, other];
    let next = 0;
    bench.service = fakeService(({ caller }) => streams[next++]?.stream(caller.signal));
    await bench.restart();
    const first = await bench.open();
    await until(() => next === 1);
    const second = await bench.open();
    // all streams share one timer
    await until(() => bench.handler.active() === 2 && bench.handler.clock.pending() === 1);
    first.resetAndDestroy();
    await bench.feed.left;
    await until(() => bench.handler.active() === 1);
    expect(bench.handler.clock.pending()).toBe(1);
    other.push([item('still here')]);
    other.end();
    expect(parse(await readAll(second)).body).toBe(frame('still here'));
    await until(() => bench.handler.clock.pending() === 0);
    expect(bench.handler.reports).toEqual([]);
  });

  it('before the first event is no error', async () => {
    const socket = await bench.open();
    await until(() => bench.handler.clock.pending() === 1);
    socket.destroy();
    await until(() => bench.handler.active() === 0);
    expect(bench.handler.clock.pending()).toBe(0);
    expect(bench.handler.reports).toEqual([]);
  });
});
