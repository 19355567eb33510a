import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import { type FakeHandler, fakeHandler, fakeService } from '../helpers/fake-service.ts';
import { gate } from '../helpers/gate.ts';
import { exchange, post, type RawResponse } from '../helpers/raw-http.ts';
import { whenSeen } from '../helpers/raw-stream.ts';
import { serve, type Served } from '../helpers/serve.ts';

const CALL = '{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"zoë"}}';

let served: Served | undefined;

afterEach(async () => {
  await served?.close();
  served = undefined;
});

async function mount(handler: FakeHandler, ...before: express.RequestHandler[]): Promise<number> {
  served = await serve((app) => {
    for (const middleware of before) app.use(middleware);
    app.use('/a2a', handler.handle);
  });
  return served.port;
}

async function ask(
  body: string | Uint8Array,
  headers: Record<string, string> = {},
  ...before: express.RequestHandler[]
): Promise<{ answer: RawResponse; params: unknown }> {
  const service = fakeService();
  const port = await mount(fakeHandler(service), ...before);
  const answer = await exchange(port, post('/a2a', body, headers), body);
  return { answer, params: service.calls[0]?.params };
}

function refusal(status: number, code: number, message: string, data?: unknown[]): unknown {
  const error = { code, message, ...(data && { data }) };
  return expect.objectContaining({ status, body: JSON.stringify({ jsonrpc: '2.0', id: null, error }) });
}

const UNSUPPORTED = [
  {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: 'CONTENT_TYPE_NOT_SUPPORTED',
    domain: 'a2a-protocol.org',
  },
];

describe('a body', () => {
  it('comes in any chunks, a character cut in two included', async () => {
    const service = fakeService();
    const port = await mount(fakeHandler(service));
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(post('/a2a', CALL));
    for (const byte of Buffer.from(CALL)) {
      if (!socket.write(Buffer.of(byte))) await once(socket, 'drain');
    }
    await once(socket.resume(), 'end');
    expect(service.calls[0]?.params).toEqual({ id: 'zoë' });
  });

  it('comes without a length', async () => {
    const service = fakeService();
    const port = await mount(fakeHandler(service));
    const bytes = Buffer.from(CALL);
    const head = post('/a2a', '').replace('Content-Length: 0', 'Transfer-Encoding: chunked');
    await exchange(port, head, `${bytes.length.toString(16)}\r\n`, bytes, '\r\n0\r\n\r\n');
    expect(service.calls[0]?.params).toEqual({ id: 'zoë' });
  });

  it.each([
    ['gzip', gzipSync(CALL)],
    ['deflate', deflateSync(CALL)],
    ['br', brotliCompressSync(CALL)],
    ['GZIP', gzipSync(CALL)],
    ['identity', Buffer.from(CALL)],
  ])('is inflated: %s', async (encoding, bytes) => {
    expect((await ask(bytes, { 'Content-Encoding': encoding })).params).toEqual({ id: 'zoë' });
  });

  it('is refused without a content type', async () => {
    const port = await mount(fakeHandler(fakeService()));
    const head = post('/a2a', CALL).replace('Content-Type: application/json\r\n', '');
    expect(await exchange(port, head, CALL)).toEqual(
      refusal(415, -32005, 'Send the header Content-Type: application/json', UNSUPPORTED),
    );
  });

  it('is measured after inflating', async () => {
    const { answer } = await ask(gzipSync('x'.repeat(100_000)), { 'Content-Encoding': 'gzip' });
    expect(answer).toEqual(
      refusal(413, -32600, 'The body is larger than 1000 bytes: send large files as parts with a url'),
    );
  });

  it('may be as large as the limit', async () => {
    const { answer } = await ask(CALL + ' '.repeat(1000 - Buffer.byteLength(CALL)));
    expect(answer.status).toBe(200);
  });

  it('without a length is cut off at the limit', async () => {
    const port = await mount(fakeHandler(fakeService()));
    const head = post('/a2a', '').replace('Content-Length: 0', 'Transfer-Encoding: chunked');
    const answer = await exchange(port, head, `3e9\r\n${'x'.repeat(1001)}\r\n0\r\n\r\n`);
    expect(answer).toEqual(
      refusal(413, -32600, 'The body is larger than 1000 bytes: send large files as parts with a url'),
    );
  });

  it('far beyond the limit is refused in words, and the connection lives on', async () => {
    await mount(fakeHandler(fakeService()));
    for (const [body, status] of [
      ['x'.repeat(5_000_000), 413],
      [CALL, 200],
    ] as const) {
      const headers = { 'Content-Type': 'application/json' };
      const response = await fetch(`${served?.origin ?? ''}/a2a`, { method: 'POST', headers, body });
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(await response.json()).toMatchObject({ jsonrpc: '2.0' });
    }
  });

  it.each([
    ['an unknown encoding', 'zstd'],
    ['several encodings', 'gzip, br'],
  ])('is refused in %s', async (_, encoding) => {
    const { answer } = await ask(CALL, { 'Content-Encoding': encoding });
    const message = 'Send the body plain, or with Content-Encoding: gzip, deflate or br';
    expect(answer).toEqual(refusal(415, -32005, message, UNSUPPORTED));
  });

  it.each([
    ['gzip', Buffer.from(CALL)],
    ['gzip', gzipSync(CALL).subarray(0, 30)],
    ['br', Buffer.from(CALL)],
    ['deflate', Buffer.from(CALL)],
  ])('that is no %s is no JSON', async (encoding, bytes) => {
    const { answer } = await ask(bytes, { 'Content-Encoding': encoding });
    expect(answer).toEqual(
      refusal(
        400,
        -32700,
        'The body does not match its Content-Encoding: send it encoded so, or leave the header out',
      ),
    );
  });

  it('is refused in another character set', async () => {
    const { answer } = await ask(CALL, { 'Content-Type': 'application/json; charset=latin1' });
    const message = 'The body must be UTF-8: send the header Content-Type: application/json';
    expect(answer).toEqual(refusal(415, -32005, message, UNSUPPORTED));
  });

  it.each<[string, Uint8Array, Record<string, string>]>([
    ['plain', Buffer.from(CALL, 'latin1'), {}],
    ['inflated', gzipSync(Buffer.from(CALL, 'latin1')), { 'Content-Encoding': 'gzip' }],
  ])('with bytes that are no UTF-8 is no JSON: %s', async (_, bytes, headers) => {
    const { answer } = await ask(bytes, headers);
    expect(answer).toEqual(refusal(400, -32700, 'The body is not UTF-8: send it in UTF-8'));
  });

  it('that breaks off is not answered, not reported, and leaves nothing behind', async () => {
    const handler = fakeHandler(fakeService());
    const port = await mount(handler);
    for (const encoding of ['identity', 'gzip']) {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(post('/a2a', CALL, { 'Content-Encoding': encoding }) + CALL.slice(0, 20));
      while (handler.active() === 0) await new Promise(setImmediate);
      socket.resetAndDestroy();
      while (handler.active() > 0) await new Promise(setImmediate);
    }
    expect(handler.reports).toEqual([]);
  });
});

describe('a body that ends by the request alone, as where no server of node is below', () => {
  it.each<[string, (req: express.Request) => void, number, string[]]>([
    ['which closes', (req) => req.emit('close'), 0, []],
    ['which fails', (req) => req.emit('error', new Error('broken')), 200, ['Error: broken']],
    [
      'which was reset',
      (req) => req.emit('error', Object.assign(new Error(), { code: 'ECONNRESET' })),
      0,
      [],
    ],
  ])('is given up: %s', async (_, end, status, reports) => {
    const handler = fakeHandler(fakeService());
    const ended = gate();
    const port = await mount(handler, (req, _res, next) => {
      next();
      end(req);
      ended.open();
    });
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(post('/a2a', CALL) + CALL.slice(0, 20));
    await ended.opened;
    while (handler.active() > 0) await new Promise(setImmediate);
    expect(handler.reports.map(({ error }) => String(error))).toEqual(reports);
    if (status > 0) await whenSeen(socket, `HTTP/1.1 ${String(status)}`);
    socket.destroy();
  });
});

describe('a body that was parsed before', () => {
  const type = ['application/json', 'application/a2a+json'];

  it.each([
    ['express.json', express.json()],
    ['express.text', express.text({ type })],
    ['express.raw', express.raw({ type })],
    ['express.urlencoded, which does not match', express.urlencoded()],
    [
      'nothing',
      (_req: unknown, _res: unknown, next: () => void) => {
        next();
      },
    ],
  ])('is taken from %s', async (_, parser) => {
    expect((await ask(CALL, {}, parser)).params).toEqual({ id: 'zoë' });
  });

  it('is read where the parser did not know the type', async () => {
    const headers = { 'Content-Type': 'application/a2a+json' };
    expect((await ask(CALL, headers, express.json())).params).toEqual({ id: 'zoë' });
  });

  it('is checked for its content type all the same', async () => {
    const { answer } = await ask(CALL, { 'Content-Type': 'text/json' }, express.json({ type: () => true }));
    expect(answer.status).toBe(415);
  });

  it('is an empty object where the client sent one', async () => {
    const { answer } = await ask('{}', {}, express.json());
    expect(answer).toEqual(refusal(200, -32600, 'Request payload validation error: jsonrpc must be "2.0"'));
  });

  it.each([
    ['text', express.text({ type })],
    ['bytes', express.raw({ type })],
  ])('is measured as %s', async (_, parser) => {
    const { answer } = await ask('x'.repeat(1001), {}, parser);
    expect(answer).toEqual(
      refusal(413, -32600, 'The body is larger than 1000 bytes: send large files as parts with a url'),
    );
  });

  it('is missed where it was read and thrown away, in words that help', async () => {
    const handler = fakeHandler(fakeService());
    const port = await mount(handler, (req, _res, next) => {
      req.resume().once('end', () => {
        next();
      });
    });
    const answer = await exchange(port, post('/a2a', CALL), CALL);
    expect(handler.reports).toEqual([
      {
        error: expect.objectContaining({
          code: 'ERR_A2A_BODY_READ',
          message:
            'The request body was read before the A2A router, and req.body is not set: mount the router before the middleware that reads it, or let that set req.body',
        }),
        info: { errorId: expect.any(String) },
      },
    ]);
    const { errorId } = handler.reports[0]?.info as { errorId: string }; // just compared
    expect(answer).toEqual(refusal(200, -32603, `Internal error (error id ${errorId})`));
  });

  it('whose encoding was set before is our fault, too', async () => {
    const handler = fakeHandler(fakeService());
    const port = await mount(handler, (req, _res, next) => {
      req.setEncoding('latin1');
      next();
    });
    const answer = await exchange(port, post('/a2a', CALL), CALL);
    expect(answer.body).toMatch(/"code":-32603/);
    expect(handler.reports).toMatchObject([
      {
        error: {
          code: 'ERR_A2A_BODY_READ',
          message:
            'Something before the A2A router has called `req.setEncoding`: mount the router before it, or leave the call out',
        },
      },
    ]);
  });
});
