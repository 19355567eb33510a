import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach } from '@jest/globals';
import type express from 'express';
import { type FakeHandler, fakeHandler, type FakeService, fakeService } from './fake-service.ts';
import { post } from './raw-http.ts';
import { serve, type Served } from './serve.ts';
import { type Source, source } from './source.ts';

/** A call that is answered with a stream. */
export const STREAM_CALL = '{"jsonrpc":"2.0","id":7,"method":"SubscribeToTask","params":{"id":"t1"}}';

/** An agent at /a2a whose streams carry what the test feeds. Made anew for each test. */
export interface SseBench {
  feed: Source;
  service: FakeService;
  handler: FakeHandler;
  served: Served;
  /** Serves `service` again, with a new handler behind the middleware given. */
  readonly restart: (...before: express.RequestHandler[]) => Promise<void>;
  /** Opens a stream on a socket of its own, which is not read until the test does. */
  readonly open: (headers?: Record<string, string>) => Promise<Socket>;
  /** Waits until the source is left alone for a while; gives how many batches were taken. */
  readonly settled: () => Promise<number>;
}

/** Makes the bench of a test file; `always` stands before everything else. */
export function sseBench(...always: express.RequestHandler[]): SseBench {
  const bench = { restart, open, settled } as SseBench; // the rest is there when a test begins

  async function start(...before: express.RequestHandler[]): Promise<void> {
    bench.handler = fakeHandler(bench.service);
    bench.served = await serve((app) => {
      for (const middleware of [...always, ...before]) app.use(middleware);
      app.use('/a2a', bench.handler.handle);
    });
  }

  async function restart(...before: express.RequestHandler[]): Promise<void> {
    await bench.served.close();
    await start(...before);
  }

  async function open(headers: Record<string, string> = {}): Promise<Socket> {
    const socket = connect({ port: bench.served.port, host: '127.0.0.1' });
    await once(socket, 'connect');
    socket.pause();
    socket.write(post('/a2a', STREAM_CALL, headers) + STREAM_CALL);
    return socket;
  }

  async function settled(): Promise<number> {
    for (let quiet = 0, last = -1; quiet < 50; quiet += 1) {
      await new Promise(setImmediate);
      if (bench.feed.taken() !== last) quiet = 0;
      last = bench.feed.taken();
    }
    return bench.feed.taken();
  }

  beforeEach(async () => {
    bench.feed = source();
    bench.service = fakeService(({ caller }) => bench.feed.stream(caller.signal));
    await start();
  });

  afterEach(() => bench.served.close());
  return bench;
}
