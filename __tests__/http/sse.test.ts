import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type express from 'express';
import fc from 'fast-check';
import { TaskNotFoundError } from '../../lib/protocol/errors.ts';
import { type FakeHandler, fakeHandler, type FakeService, fakeService } from '../helpers/fake-service.ts';
import { dechunk, parse, post, readAll } from '../helpers/raw-http.ts';
import { serve, type Served } from '../helpers/serve.ts';
import { frame, item, json, type Source, source } from '../helpers/source.ts';
import { dataOf, readEvents } from '../helpers/sse.ts';

const CALL = '{"jsonrpc":"2.0","id":7,"method":"SubscribeToTask","params":{"id":"t1"}}';

let feed: Source;
let service: FakeService;
let handler: FakeHandler;
let served: Served;

beforeEach(async () => {
  feed = source();
  service = fakeService(({ caller }) => feed.stream(caller.signal));
  await start();
});

afterEach(async () => {
  await served.close();
});

async function start(...before: express.RequestHandler[]): Promise<void> {
  handler = fakeHandler(service);
  served = await serve((app) => {
    for (const middleware of before) app.use(middleware);
    app.use('/a2a', handler.handle);
  });
}

/** Opens a stream on a socket of its own, which is not read until the test does. */
async function open(headers: Record<string, string> = {}): Promise<Socket> {
  const socket = connect({ port: served.port, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.pause();
  socket.write(post('/a2a', CALL, headers) + CALL);
  return socket;
}

/** Waits until the socket has had so many bytes of body, or its end. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

/** What was written, write by write. */
function writes(bytes: Buffer): string[] {
  return dechunk(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4));
}

describe('a stream', () => {
  it('is frames and nothing else, all that is ready in one write', async () => {
    feed.push([item('one')]);
    feed.push([item('two'), item('a\u2028b\nc'), item('€')]);
    feed.end();
    const bytes = await readAll(await open({ 'A2A-Extensions': 'urn:known:x' }));
    const { status, headers } = parse(bytes);
    expect(status).toBe(200);
    expect(headers).toEqual({
      'x-powered-by': 'Express',
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'a2a-extensions': 'urn:known:x',
      date: expect.any(String),
      // what node adds to a request that says Connection: close
      connection: 'close',
      'transfer-encoding': 'chunked',
    });
    expect(writes(bytes)).toEqual([frame('one'), frame('two') + frame('a\u2028b\nc') + frame('€')]);
    expect(frame('x')).toBe(
      'data: {"jsonrpc":"2.0","id":7,"result":{"artifactUpdate":{"taskId":"t1","contextId":"c1","artifact":{"artifactId":"a1","parts":[{"text":"x"}]}}}}\n\n',
    );
    expect(handler.clock.pending()).toBe(0);
  });

  it('carries ids and a retry time only where there are cursors', async () => {
    feed.push([item('one', '1.a')]);
    feed.push([item('two', '4.b')]);
    feed.end();
    expect(writes(await readAll(await open()))).toEqual([
      `retry: 2000\n\nid: 1.a\n${frame('one')}`,
      `id: 4.b\n${frame('two')}`,
    ]);
  });

  it('that gives nothing is an empty stream', async () => {
    feed.end();
    expect(parse(await readAll(await open()))).toMatchObject({ status: 200, body: '' });
  });

  it('makes the JSON of an event once for all readers', async () => {
    let made = 0;
    const event = Object.assign(item('x').event, {
      toJSON: () => {
        made += 1;
        return JSON.parse(json('x')) as unknown;
      },
    });
    const feeds = [source(), source(), source()];
    let next = 0;
    service = fakeService(({ caller }) => feeds[next++]?.stream(caller.signal));
    await served.close();
    await start();
    for (const each of feeds) {
      each.push([{ event }]);
      each.end();
      expect(writes(await readAll(await open()))).toEqual([frame('x')]);
    }
    expect(made).toBe(1);
  });

  it('parses back to the same events, however they are batched', async () => {
    const batches = fc.array(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 400 }), { minLength: 1, maxLength: 20 }),
    );
    await fc.assert(
      fc.asyncProperty(batches, async (texts) => {
        feed = source();
        for (const batch of texts) feed.push(batch.map((text) => item(text)));
        feed.end();
        const response = await fetch(`${served.origin}/a2a`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: CALL,
        });
        const events = await readEvents(response).rest();
        const expected = texts
          .flat()
          .map((text) => ({ jsonrpc: '2.0', id: 7, result: JSON.parse(json(text)) as unknown }));
        expect(dataOf(events)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  it('flushes where compression() is in front, and leaves the flush of node alone', async () => {
    let flushed = 0;
    await served.close();
    await start((_req, res, next) => {
      Object.assign(res, {
        flush: () => {
          flushed += 1;
        },
      });
      next();
    });
    feed.push([item('one')]);
    feed.push([item('two')]);
    feed.end();
    await readAll(await open());
    expect(flushed).toBe(2);
  });
});

describe('an error', () => {
  it('before the first event is a plain JSON answer', async () => {
    feed.fail(new TaskNotFoundError('t1'));
    const answer = parse(await readAll(await open()));
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
    expect(JSON.parse(answer.body)).toEqual({
      jsonrpc: '2.0',
      id: 7,
      error: {
        code: -32001,
        message: 'Task not found',
        data: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'TASK_NOT_FOUND',
            domain: 'a2a-protocol.org',
            metadata: { taskId: 't1' },
          },
        ],
      },
    });
    expect(handler.clock.pending()).toBe(0);
  });

  it('after it is the last frame, and the end', async () => {
    feed.push([item('one')]);
    feed.fail(new Error('hunter2'));
    const written = writes(await readAll(await open()));
    expect(handler.reports).toEqual([
      { error: new Error('hunter2'), info: { errorId: expect.any(String), method: 'SubscribeToTask' } },
    ]);
    const { errorId } = handler.reports[0]?.info as { errorId: string };
    expect(written).toEqual([
      frame('one'),
      `data: {"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"Internal error (error id ${errorId})"}}\n\n`,
    ]);
  });
});

describe('silence', () => {
  it('is broken by a comment every keepAliveMs, which sends the head as well', async () => {
    const socket = await open();
    await until(() => handler.clock.pending() === 1);
    handler.clock.advance(14_999);
    expect(socket.bytesRead).toBe(0);
    handler.clock.advance(1);
    handler.clock.advance(15_000);
    feed.push([item('one')]);
    feed.end();
    expect(writes(await readAll(socket))).toEqual([': keep-alive\n\n', ': keep-alive\n\n', frame('one')]);
  });

  it('is counted from the last write', async () => {
    const socket = await open();
    await until(() => handler.clock.pending() === 1);
    handler.clock.advance(10_000);
    feed.push([item('one')]);
    await until(() => feed.taken() === 1);
    await new Promise(setImmediate);
    handler.clock.advance(14_999);
    await new Promise(setImmediate);
    handler.clock.advance(1);
    feed.end();
    expect(writes(await readAll(socket))).toEqual([frame('one'), ': keep-alive\n\n']);
  });

  it('is left alone with 0', async () => {
    await served.close();
    handler = fakeHandler(service, { keepAliveMs: 0 });
    served = await serve((app) => app.use('/a2a', handler.handle));
    const socket = await open();
    await until(() => service.calls.length === 1);
    handler.clock.advance(1_000_000);
    feed.end();
    expect(writes(await readAll(socket))).toEqual([]);
  });

  it('before an error makes it a frame', async () => {
    const socket = await open();
    await until(() => handler.clock.pending() === 1);
    handler.clock.advance(15_000);
    feed.fail(new TaskNotFoundError('t1'));
    const [comment, error, ...more] = writes(await readAll(socket));
    expect(comment).toBe(': keep-alive\n\n');
    expect(error).toMatch(/^data: \{"jsonrpc":"2\.0","id":7,"error":\{"code":-32001,.*\}\n\n$/);
    expect(more).toEqual([]);
  });
});

const MEGABYTE = 'ab€😀'.repeat(100_000);

describe('a slow reader', () => {
  it('gets every byte, and holds the source back meanwhile', async () => {
    const socket = await open();
    for (let n = 0; n < 40; n += 1) feed.push([item(`${String(n)} ${MEGABYTE}`)]);
    feed.end();
    await until(() => feed.taken() > 0);
    const taken = await settled();
    expect(taken).toBeLessThan(40);
    const { body } = parse(await readAll(socket));
    const expected = Array.from({ length: 40 }, (_, n) => frame(`${String(n)} ${MEGABYTE}`));
    expect(body === expected.join('')).toBe(true);
    expect(handler.clock.pending()).toBe(0);
  });

  it('is not cut while it moves', async () => {
    const socket = await open();
    for (let n = 0; n < 40; n += 1) feed.push([item(MEGABYTE)]);
    feed.end();
    await until(() => feed.taken() > 0);
    let read = 0;
    socket.on('data', (chunk: Buffer) => (read += chunk.length)).pause();
    for (let step = 0; step < 20; step += 1) {
      await settled();
      handler.clock.advance(20_000);
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
    let response: express.Response | undefined;
    await served.close();
    await start((_req, res, next) => {
      response = res;
      next();
    });
    const socket = await open();
    for (let n = 0; n < 40; n += 1) feed.push([item(MEGABYTE)]);
    await until(() => feed.taken() > 0);
    await settled();
    expect(response?.writableLength).toBeLessThan(256 * 1024);
    // the keep-alive waits while a write is pending
    handler.clock.advance(29_999);
    await settled();
    expect(response?.destroyed).toBe(false);
    handler.clock.advance(1);
    await feed.left;
    expect(response?.destroyed).toBe(true);
    await until(() => handler.active() === 0);
    expect(handler.clock.pending()).toBe(0);
    expect(handler.reports).toEqual([]);
    socket.destroy();
  });

  it('that leaves the last frames of a stream unread is cut as well', async () => {
    const socket = await open();
    for (let n = 0; n < 400 && feed.taken() === n; n += 1) {
      feed.push(Array.from({ length: 6 }, () => item('x'.repeat(10_000))));
      await settled();
    }
    // blocked: the end comes while bytes are still on their way
    feed.end();
    await handler.close();
    expect(handler.clock.pending()).toBe(1);
    handler.clock.advance(30_000);
    socket.resume();
    await once(socket, 'close');
    await until(() => handler.clock.pending() === 0);
  });
});

/** Waits until the source is left alone for a while; gives how many batches were taken. */
async function settled(): Promise<number> {
  for (let quiet = 0, last = -1; quiet < 50; quiet += 1) {
    await new Promise(setImmediate);
    if (feed.taken() !== last) quiet = 0;
    last = feed.taken();
  }
  return feed.taken();
}

describe('a reader that goes away', () => {
  it('ends its own stream only, and leaves nothing behind', async () => {
    const other = source();
    const streams = [feed, other];
    let next = 0;
    service = fakeService(({ caller }) => streams[next++]?.stream(caller.signal));
    await served.close();
    await start();
    const first = await open();
    await until(() => next === 1);
    const second = await open();
    await until(() => handler.clock.pending() === 2);
    first.resetAndDestroy();
    await feed.left;
    await until(() => handler.active() === 1);
    expect(handler.clock.pending()).toBe(1);
    other.push([item('still here')]);
    other.end();
    expect(writes(await readAll(second))).toEqual([frame('still here')]);
    expect(handler.reports).toEqual([]);
  });

  it('before the first event is no error', async () => {
    const socket = await open();
    await until(() => handler.clock.pending() === 1);
    socket.destroy();
    await until(() => handler.active() === 0);
    expect(handler.clock.pending()).toBe(0);
    expect(handler.reports).toEqual([]);
  });
});

/** A stream that has nothing to show until it is broken off, as one of a bare message. */
async function* failingOnAbort(signal: AbortSignal): AsyncGenerator<never[]> {
  await once(signal, 'abort');
  yield* [];
  throw new Error('broken off');
}

describe('closing', () => {
  it('ends streams with a comment', async () => {
    feed.push([item('one')]);
    const socket = await open();
    await until(() => feed.taken() === 1);
    await settled();
    await handler.close();
    expect(writes(await readAll(socket))).toEqual([frame('one'), ': the server shuts down\n\n']);
    expect(handler.clock.pending()).toBe(0);
  });

  it('tells a stream that fails by it why, though its head is out', async () => {
    service = fakeService(({ caller: { signal } }) => failingOnAbort(signal));
    await served.close();
    await start();
    const socket = await open();
    await until(() => handler.clock.pending() === 1);
    handler.clock.advance(15_000);
    await handler.close();
    const [comment, error, ...more] = writes(await readAll(socket));
    expect(comment).toBe(': keep-alive\n\n');
    expect(error).toMatch(/^data: \{"jsonrpc":"2\.0","id":7,"error":\{"code":-32000,.*\}\n\n$/);
    expect(more).toEqual([]);
    expect(handler.reports).toEqual([]);
  });

  it('never ends a stream in the middle of a frame as if it were whole', async () => {
    const socket = await open();
    feed.push([item('y'.repeat(50_000_000))]);
    await until(() => feed.taken() === 1);
    await settled();
    await handler.close();
    const error = await readAll(socket).then(
      (bytes) => writes(bytes).join('').slice(-30),
      (failure: unknown) => failure,
    );
    expect(String(error)).not.toContain('shuts down');
    expect(handler.active()).toBe(0);
  });
});
