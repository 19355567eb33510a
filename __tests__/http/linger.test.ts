import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { RequestHandler } from 'express';
import { type FakeHandler, fakeHandler, fakeService } from '../helpers/fake-service.ts';
import { until } from '../helpers/gate.ts';
import { post } from '../helpers/raw-http.ts';
import { whenSeen } from '../helpers/raw-stream.ts';
import { serve, type Served } from '../helpers/serve.ts';

let served: Served | undefined;
let socket: Socket | undefined;

afterEach(async () => {
  socket?.destroy();
  await served?.close();
  served = undefined;
});

/** Sends a head and the beginning of a body to a handler that takes 1,000 bytes. */
async function begin(
  handler: FakeHandler,
  headers: Record<string, string>,
  body: string,
  ...before: RequestHandler[]
): Promise<Socket> {
  served = await serve((app) => app.use('/a2a', ...before, handler.handle));
  socket = connect(served.port, '127.0.0.1');
  socket.on('error', () => undefined); // it may be cut in the middle of a write
  await once(socket, 'connect');
  socket.write(post('/a2a', body, { Connection: 'keep-alive', ...headers }) + body);
  return socket;
}

// row 18 of the needs: a body that does not end holds nothing for long
describe('NEEDS 18: a request that was answered before all of it had come', () => {
  it.each<[string, Record<string, string>, string]>([
    ['too large', { 'Content-Length': '5000' }, 'HTTP/1.1 413'],
    ['in another type', { 'Content-Length': '5000', 'Content-Type': 'text/plain' }, 'HTTP/1.1 415'],
  ])('is read on for five seconds, and then cut: %s', async (_, headers, status) => {
    const handler = fakeHandler(fakeService());
    const client = await begin(handler, headers, 'x'.repeat(2000));
    const closed = new Promise((resolve) => client.once('close', resolve));
    await whenSeen(client, status);
    await until(() => handler.clock.pending() > 0);
    handler.clock.advance(4999);
    // it is still read, and nothing is answered any more
    await new Promise<void>((resolve, reject) => {
      client.write('x'.repeat(1000), (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
    expect(client.destroyed).toBe(false);
    handler.clock.advance(1);
    await closed;
  });

  it('by somebody else, while it was read, is no different', async () => {
    const handler = fakeHandler(fakeService());
    const client = await begin(handler, { 'Content-Length': '900' }, 'x'.repeat(500), (_req, res, next) => {
      next();
      res.writeHead(503).end();
    });
    const closed = new Promise((resolve) => client.once('close', resolve));
    await whenSeen(client, 'HTTP/1.1 503');
    await until(() => handler.clock.pending() > 0);
    expect(handler.active()).toBe(0);
    handler.clock.advance(5000);
    await closed;
    expect(handler.reports).toEqual([]);
  });

  it('is left alone when it ends in time: the connection takes the next call', async () => {
    const handler = fakeHandler(fakeService());
    const client = await begin(handler, { 'Content-Length': '2000' }, 'x'.repeat(1500));
    await whenSeen(client, 'HTTP/1.1 413');
    const call = '{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"a"}}';
    client.write('x'.repeat(500) + post('/a2a', call, { Connection: 'keep-alive' }) + call);
    await whenSeen(client, 'HTTP/1.1 200');
    handler.clock.advance(5000);
    client.write(post('/a2a', call) + call);
    await whenSeen(client, 'HTTP/1.1 200');
  });
});
