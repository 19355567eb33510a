import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Abortable } from '../../lib/core/abortable.ts';
import type { EventStream } from '../../lib/core/call.ts';
import { TaskNotFoundError } from '../../lib/protocol/errors.ts';
import { fakeHandler, fakeService } from '../helpers/fake-service.ts';
import { until } from '../helpers/gate.ts';
import { parse, readAll } from '../helpers/raw-http.ts';
import { recordWrites } from '../helpers/record-writes.ts';
import { serve } from '../helpers/serve.ts';
import { frame, item, json, source } from '../helpers/source.ts';
import { dataOf, readEvents } from '../helpers/sse.ts';
import { STREAM_CALL, sseBench } from '../helpers/sse-bench.ts';

const { middleware, writes } = recordWrites();
const bench = sseBench(middleware);

describe('a stream', () => {
  it('is frames and nothing else, all that is ready in one write', async () => {
    bench.feed.push([item('one')]);
    bench.feed.push([item('two'), item('a\u2028b\nc'), item('€')]);
    bench.feed.end();
    const bytes = await readAll(await bench.open({ 'A2A-Extensions': 'urn:known:x' }));
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
    expect(bench.handler.clock.pending()).toBe(0);
  });

  it('carries ids and a retry time only where there are cursors', async () => {
    bench.feed.push([item('one', '1.a')]);
    bench.feed.push([item('two', '4.b')]);
    bench.feed.end();
    expect(writes(await readAll(await bench.open()))).toEqual([
      `retry: 2000\n\nid: 1.a\n${frame('one')}`,
      `: skip 2-3\n\nid: 4.b\n${frame('two')}`,
    ]);
  });

  it('names the numbers that no event has, also those after the place where a client stood', async () => {
    bench.feed.push([item('one', '6.a'), item('two', '7.b'), item('three', '10.c')]);
    bench.feed.end();
    expect(writes(await readAll(await bench.open({ 'Last-Event-ID': '3.x' })))).toEqual([
      `retry: 2000\n\n: skip 4-5\n\nid: 6.a\n${frame('one')}id: 7.b\n${frame('two')}: skip 8-9\n\nid: 10.c\n${frame('three')}`,
    ]);
  });

  it('names none before a task, which stands for all of them', async () => {
    const task = { id: 't1', contextId: 'c1', status: { state: 'TASK_STATE_WORKING' as const } };
    bench.feed.push([{ event: { task }, cursor: '9.a' }, item('two', '10.b')]);
    bench.feed.end();
    const [sent = ''] = writes(await readAll(await bench.open({ 'Last-Event-ID': '3.x' })));
    expect(sent.startsWith('retry: 2000\n\nid: 9.a\ndata: ')).toBe(true);
    expect(sent).not.toContain('skip');
  });

  it('that gives nothing is an empty stream', async () => {
    bench.feed.end();
    expect(parse(await readAll(await bench.open()))).toMatchObject({ status: 200, body: '' });
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
    bench.service = fakeService(({ caller }) => feeds[next++]?.stream(caller.signal));
    await bench.restart();
    for (const each of feeds) {
      each.push([{ event }]);
      each.end();
      expect(writes(await readAll(await bench.open()))).toEqual([frame('x')]);
    }
    expect(made).toBe(1);
  });

  it('parses back to the same events, however they are batched', async () => {
    const batches = fc.array(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 400 }), { minLength: 1, maxLength: 20 }),
    );
    await fc.assert(
      fc.asyncProperty(batches, async (texts) => {
        bench.feed = source();
        for (const batch of texts) bench.feed.push(batch.map((text) => item(text)));
        bench.feed.end();
        const response = await fetch(`${bench.served.origin}/a2a`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: STREAM_CALL,
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
    await bench.restart((_req, res, next) => {
      Object.assign(res, {
        flush: () => {
          flushed += 1;
        },
      });
      next();
    });
    bench.feed.push([item('one')]);
    bench.feed.push([item('two')]);
    bench.feed.end();
    await readAll(await bench.open());
    expect(flushed).toBe(2);
  });
});

describe('an error', () => {
  // NEEDS row 40
  it('before the first event is a plain JSON answer', async () => {
    bench.feed.fail(new TaskNotFoundError('t1'));
    const answer = parse(await readAll(await bench.open()));
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
    expect(JSON.parse(answer.body)).toEqual({
      jsonrpc: '2.0',
      id: 7,
      error: {
        code: -32001,
        message: 'Task not found: check the id; a message without taskId starts another task',
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
    expect(bench.handler.clock.pending()).toBe(0);
  });

  it('after it is the last frame, and the end', async () => {
    bench.feed.push([item('one')]);
    bench.feed.fail(new Error('hunter2'));
    const written = writes(await readAll(await bench.open()));
    expect(bench.handler.reports).toEqual([
      {
        error: new Error('hunter2'),
        info: { errorId: expect.any(String), method: 'SubscribeToTask', taskId: 't1' },
      },
    ]);
    const { errorId } = bench.handler.reports[0]?.info as { errorId: string };
    expect(written).toEqual([
      frame('one'),
      `data: {"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"Internal error (error id ${errorId})"}}\n\n`,
    ]);
  });
});

describe('silence', () => {
  // NEEDS row 5
  it('is broken by a comment every keepAliveMs, which sends the head as well', async () => {
    const socket = await bench.open();
    await until(() => bench.handler.clock.pending() === 1);
    bench.handler.clock.advance(14_999);
    expect(socket.bytesRead).toBe(0);
    bench.handler.clock.advance(1);
    bench.handler.clock.advance(15_000);
    bench.feed.push([item('one')]);
    bench.feed.end();
    expect(writes(await readAll(socket))).toEqual([': keep-alive\n\n', ': keep-alive\n\n', frame('one')]);
  });

  it('is counted from the last write', async () => {
    const socket = await bench.open();
    await until(() => bench.handler.clock.pending() === 1);
    bench.handler.clock.advance(10_000);
    bench.feed.push([item('one')]);
    await until(() => bench.feed.taken() === 1);
    await new Promise(setImmediate);
    bench.handler.clock.advance(14_999);
    await new Promise(setImmediate);
    bench.handler.clock.advance(1);
    bench.feed.end();
    expect(writes(await readAll(socket))).toEqual([frame('one'), ': keep-alive\n\n']);
  });

  it('is left alone with 0', async () => {
    await bench.served.close();
    bench.handler = fakeHandler(bench.service, { keepAliveMs: 0 });
    bench.served = await serve((app) => app.use('/a2a', bench.handler.handle));
    const socket = await bench.open();
    await until(() => bench.service.calls.length === 1);
    bench.handler.clock.advance(1_000_000);
    bench.feed.end();
    expect(parse(await readAll(socket)).body).toBe('');
  });

  it('before an error makes it a frame', async () => {
    const socket = await bench.open();
    await until(() => bench.handler.clock.pending() === 1);
    bench.handler.clock.advance(15_000);
    bench.feed.fail(new TaskNotFoundError('t1'));
    const [comment, error, ...more] = writes(await readAll(socket));
    expect(comment).toBe(': keep-alive\n\n');
    expect(error).toMatch(/^data: \{"jsonrpc":"2\.0","id":7,"error":\{"code":-32001,.*\}\n\n$/);
    expect(more).toEqual([]);
  });
});

describe('what is written for a call', () => {
  it('is written in its async context, whoever set it off', async () => {
    const user = new AsyncLocalStorage<string>();
    const seen: string[] = [];
    const feeds = [source(), source()];
    const opened = [...feeds];
    bench.service = fakeService(({ caller }) => opened.shift()?.stream(caller.signal));
    await bench.restart((req, res, next) => {
      user.run(String(req.headers['x-user']), () => {
        const { write, end } = res;
        const note = (chunk: string | undefined) =>
          seen.push(`${String(user.getStore())} ${chunk === undefined ? 'end' : chunk.slice(0, 4)}`);
        Object.assign(res, {
          write(chunk: string) {
            note(chunk);
            return write.call(res, chunk, 'utf8');
          },
          end(chunk?: string) {
            note(chunk);
            return end.call(res, chunk, 'utf8');
          },
        });
        next();
      });
    });
    const [ada, bob] = feeds;
    const sockets = [await bench.open({ 'X-User': 'ada' })];
    await until(() => bench.handler.active() === 1);
    sockets.push(await bench.open({ 'X-User': 'bob' }));
    await until(() => bench.handler.active() === 2);
    bench.handler.clock.advance(15_000);
    expect(seen.splice(0)).toEqual(['ada : ke', 'bob : ke']);
    user.run('eve', () => {
      for (const feed of feeds) feed.push([item('one')]);
      ada?.end();
      bob?.fail(new TaskNotFoundError('t1'));
    });
    await until(() => seen.length === 4);
    expect(seen.sort()).toEqual(['ada data', 'ada end', 'bob data', 'bob data']);
    for (const socket of sockets) socket.destroy();
  });
});

/** A stream that has nothing to show until it is broken off, as one of a bare message. */
function failingOnAbort(signal: Abortable): EventStream {
  return {
    pull(taker) {
      signal.addEventListener('abort', () => {
        taker.onError(new Error('broken off'));
      });
    },
    end: () => undefined,
  };
}

describe('closing', () => {
  it('ends streams with a comment', async () => {
    bench.feed.push([item('one')]);
    const socket = await bench.open();
    await until(() => bench.feed.taken() === 1);
    await bench.settled();
    await bench.handler.close();
    expect(writes(await readAll(socket))).toEqual([frame('one'), ': the server shuts down\n\n']);
    expect(bench.handler.clock.pending()).toBe(0);
  });

  it('ends the connections of streams as well, where clients would keep them', async () => {
    bench.served.server.keepAliveTimeout = 600_000;
    const socket = await bench.open({ Connection: 'keep-alive' });
    await until(() => bench.handler.active() === 1);
    bench.feed.push([item('one')]);
    await bench.settled();
    const closed = bench.handler.close();
    expect(bench.handler.active()).toBe(0);
    await closed;
    expect(String(await readAll(socket))).toContain(': the server shuts down');
  });

  it('tells a stream that fails by it why, though its head is out', async () => {
    bench.service = fakeService(({ caller: { signal } }) => failingOnAbort(signal));
    await bench.restart();
    const socket = await bench.open();
    await until(() => bench.handler.clock.pending() === 1);
    bench.handler.clock.advance(15_000);
    await bench.handler.close();
    const [comment, error, ...more] = writes(await readAll(socket));
    expect(comment).toBe(': keep-alive\n\n');
    expect(error).toMatch(/^data: \{"jsonrpc":"2\.0","id":7,"error":\{"code":-32000,.*\}\n\n$/);
    expect(more).toEqual([]);
    expect(bench.handler.reports).toEqual([]);
  });

  it('never ends a stream in the middle of a frame as if it were whole', async () => {
    const socket = await bench.open();
    bench.feed.push([item('y'.repeat(50_000_000))]);
    await until(() => bench.feed.taken() === 1);
    await bench.settled();
    await bench.handler.close();
    const error = await readAll(socket).then(
      (bytes) => parse(bytes).body.slice(-30),
      (failure: unknown) => failure,
    );
    expect(String(error)).not.toContain('shuts down');
    expect(bench.handler.active()).toBe(0);
  });
});
