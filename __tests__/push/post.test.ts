import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type AddressPolicyOptions,
  createAddressPolicy,
  type Lookup,
} from '../../lib/push/address-policy.ts';
import { createPost, type PushOutcome, type PushRequest } from '../../lib/push/post.ts';

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const THIS_MACHINE: Lookup = (_host, _options, callback) => {
  callback(null, [{ address: '127.0.0.1', family: 4 }]);
};

/** Posts as a server does whose receivers are in its own network. */
function poster(options: AddressPolicyOptions = {}) {
  const post = createPost(createAddressPolicy({ allowPrivate: true, lookup: THIS_MACHINE, ...options }));
  cleanups.push(post.close);
  return Object.assign(
    (request: Partial<PushRequest> & { url: string }): Promise<PushOutcome> =>
      post({ headers: {}, body: '{}', timeoutMs: 20_000, signal: new AbortController().signal, ...request }),
    { close: post.close },
  );
}

async function listening(server: Server | TcpServer, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
  });
  cleanups.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  // listening on a port
  return (server.address() as AddressInfo).port;
}

/** A receiver over HTTP; counts its connections. */
async function receiver(answer: RequestListener, host?: string) {
  const server = createServer(answer);
  const seen = { connections: 0 };
  server.on('connection', () => {
    seen.connections += 1;
  });
  return { port: await listening(server, host), server, seen };
}

/** A receiver that says exactly this once a request has begun. */
async function rawReceiver(onRequest: (socket: Socket, connection: number) => void) {
  let connections = 0;
  const server = createTcpServer((socket) => {
    const connection = (connections += 1);
    socket.on('error', () => undefined);
    socket.on('data', () => {
      onRequest(socket, connection);
    });
  });
  return { port: await listening(server), connections: () => connections };
}

describe('posting to a webhook', () => {
  it('sends the headers and the body, under the name of the URL', async () => {
    const seen: { method?: string; url?: string; headers: IncomingHttpHeaders; body: string }[] = [];
    const { port } = await receiver((req, res) => {
      const { method = '', url = '', headers } = req;
      let body = '';
      req.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      req.on('end', () => {
        seen.push({ method, url, headers, body });
        res.writeHead(202).end('thanks');
      });
    });
    const outcome = await poster()({
      url: `http://hooks.example:${port}/a%20b?c=d#e`,
      headers: { 'Content-Type': 'application/a2a+json', Authorization: 'Bearer secret' },
      body: '{"text":"größe"}',
    });
    expect(outcome).toEqual({ ok: true, status: 202 });
    expect(seen).toEqual([
      {
        method: 'POST',
        url: '/a%20b?c=d',
        headers: {
          host: `hooks.example:${port}`,
          connection: 'keep-alive',
          'content-type': 'application/a2a+json',
          'content-length': '18',
          authorization: 'Bearer secret',
        },
        body: '{"text":"größe"}',
      },
    ]);
  });

  it.each([
    [301, {}, { retry: true, reason: 'the receiver answered 301, and redirects are not followed' }],
    [307, {}, { retry: true, reason: 'the receiver answered 307, and redirects are not followed' }],
    [308, {}, { retry: true, reason: 'the receiver answered 308, and redirects are not followed' }],
    [400, {}, { retry: true, reason: 'the receiver answered 400' }],
    [404, {}, { retry: true, reason: 'the receiver answered 404' }],
    [410, {}, { retry: false, reason: 'the receiver answered 410' }],
    [429, { 'Retry-After': '7' }, { retry: true, reason: 'the receiver answered 429', retryAfterMs: 7000 }],
    [
      503,
      { 'Retry-After': 'Thu, 01 Jan 1970 00:00:00 GMT' },
      { retry: true, reason: 'the receiver answered 503', retryAfterMs: 0 },
    ],
    [503, { 'Retry-After': 'soon' }, { retry: true, reason: 'the receiver answered 503' }],
    [503, { 'Retry-After': '-1' }, { retry: true, reason: 'the receiver answered 503' }],
    [500, {}, { retry: true, reason: 'the receiver answered 500' }],
  ])('%i %j is a failure', async (status, headers, expected) => {
    const { port, seen } = await receiver((_req, res) => {
      res.writeHead(status, { Location: `http://127.0.0.1:${port}/other`, ...headers }).end();
    });
    expect(await poster()({ url: `http://hooks.example:${port}/` })).toEqual({
      ok: false,
      status,
      ...expected,
    });
    expect(seen.connections).toBe(1);
  });

  it('uses a connection again for the same addresses, and no other', async () => {
    const first = await receiver((_req, res) => res.end('1'));
    const other = createServer((_req, res) => res.writeHead(201).end('2'));
    await new Promise<void>((resolve) => other.listen(first.port, '127.0.0.2', resolve));
    cleanups.push(() => {
      other.closeAllConnections();
      other.close();
    });
    let address = '127.0.0.1';
    const send = poster({
      lookup: (_host, _options, callback) => {
        callback(null, [{ address, family: 4 }]);
      },
    });
    const url = `http://hooks.example:${first.port}/`;
    expect(await send({ url })).toEqual({ ok: true, status: 200 });
    expect(await send({ url })).toEqual({ ok: true, status: 200 });
    expect(first.seen.connections).toBe(1);
    address = '127.0.0.2';
    expect(await send({ url })).toEqual({ ok: true, status: 201 });
  });

  it('sends again when a kept connection turns out to be closed', async () => {
    const raw = await rawReceiver((socket, connection) => {
      const count = socket.listenerCount('answered');
      if (connection === 1 && count === 1) return void socket.resetAndDestroy();
      socket.on('answered', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    const send = poster();
    const url = `http://hooks.example:${raw.port}/`;
    expect(await send({ url })).toEqual({ ok: true, status: 200 });
    expect(await send({ url })).toEqual({ ok: true, status: 200 });
    expect(raw.connections()).toBe(2);
  });
});

describe('rebinding', () => {
  it('never connects to the second answer of a resolver, neither after the check nor at a later delivery', async () => {
    const { port, seen } = await receiver((_req, res) => res.end());
    let asked = 0;
    // public when it is checked, and this machine ever after
    const lookup: Lookup = (_host, _options, callback) => {
      asked += 1;
      callback(null, [{ address: asked === 1 ? '93.184.215.14' : '127.0.0.1', family: 4 }]);
    };
    const policy = createAddressPolicy({ lookup, allowHttp: true });
    const post = createPost(policy);
    cleanups.push(post.close);
    const url = `http://rebind.example:${port}/`;
    expect(await policy.check(url)).toBeUndefined();
    const request = { url, headers: {}, body: '{}', timeoutMs: 20_000, signal: new AbortController().signal };
    const refused = { ok: false, retry: true, reason: expect.stringContaining('not public') };
    expect(await post(request)).toEqual(refused);
    expect(asked).toBe(2);
    expect(seen.connections).toBe(0);
  });

  it('connects to the very address that was checked, and asks for the name once', async () => {
    const wrong = await receiver((_req, res) => res.writeHead(418).end());
    const right = createServer((_req, res) => res.writeHead(204).end());
    await new Promise<void>((resolve) => right.listen(wrong.port, '127.0.0.2', resolve));
    cleanups.push(() => {
      right.closeAllConnections();
      right.close();
    });
    let asked = 0;
    const send = poster({
      lookup: (_host, _options, callback) => {
        asked += 1;
        callback(null, [{ address: asked === 1 ? '127.0.0.2' : '127.0.0.1', family: 4 }]);
      },
    });
    expect(await send({ url: `http://rebind.example:${wrong.port}/` })).toEqual({ ok: true, status: 204 });
    expect(asked).toBe(1);
    expect(wrong.seen.connections).toBe(0);
  });

  it('refuses an address of this machine without connecting', async () => {
    const { port, seen } = await receiver((_req, res) => res.end());
    const send = poster({ allowPrivate: false });
    expect(await send({ url: `http://127.0.0.1:${port}/` })).toMatchObject({ ok: false, retry: false });
    expect(await send({ url: `http://hooks.example:${port}/` })).toMatchObject({ ok: false, retry: true });
    expect(seen.connections).toBe(0);
  });

  it('asks no proxy', async () => {
    const proxy = await receiver((_req, res) => res.writeHead(418).end());
    const { port } = await receiver((_req, res) => res.end());
    const before = { ...process.env };
    const via = `http://127.0.0.1:${proxy.port}`;
    Object.assign(process.env, {
      HTTP_PROXY: via,
      http_proxy: via,
      ALL_PROXY: via,
      NO_PROXY: '',
      NODE_USE_ENV_PROXY: '1',
    });
    try {
      expect(await poster()({ url: `http://hooks.example:${port}/` })).toEqual({ ok: true, status: 200 });
    } finally {
      process.env = before;
    }
    expect(proxy.seen.connections).toBe(0);
  });
});

describe('receivers that misbehave', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\n';
  const late = (timeoutMs: number) => ({
    ok: false,
    retry: true,
    reason: `no answer came within ${timeoutMs} ms`,
  });

  it('cuts one that never answers', async () => {
    const { port } = await rawReceiver(() => undefined);
    expect(await poster()({ url: `http://hooks.example:${port}/`, timeoutMs: 200 })).toEqual(late(200));
  });

  it('cuts one that sends its head by the byte', async () => {
    const { port } = await rawReceiver((socket) => {
      let at = 0;
      const timer = setInterval(() => socket.write(`${HEAD}X: ${'y'.repeat(9999)}`[at++] ?? 'z'), 20);
      socket.on('close', () => {
        clearInterval(timer);
      });
    });
    expect(await poster()({ url: `http://hooks.example:${port}/`, timeoutMs: 300 })).toEqual(late(300));
  });

  it('cuts one that promises to answer for ever', async () => {
    const { port } = await rawReceiver((socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 20);
      socket.on('close', () => {
        clearInterval(timer);
      });
    });
    expect(await poster()({ url: `http://hooks.example:${port}/`, timeoutMs: 300 })).toEqual(late(300));
  });

  it('cuts a name server that never answers', async () => {
    const send = poster({ lookup: () => undefined });
    expect(await send({ url: 'http://hooks.example/', timeoutMs: 100 })).toEqual(late(100));
  });

  it.each([
    ['never ends', (socket: Socket) => socket.write(`${HEAD}Content-Length: 9\r\n\r\n1`)],
    [
      'is endless',
      (socket: Socket) => {
        socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
        const more = () => {
          while (!socket.destroyed && socket.write(`1000\r\n${'x'.repeat(4096)}\r\n`));
        };
        socket.on('drain', more);
        more();
      },
    ],
    ['is broken off', (socket: Socket) => socket.end(`${HEAD}Content-Length: 9\r\n\r\n1`)],
    ['is no chunk', (socket: Socket) => socket.end(`${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`)],
  ])('takes the status of an answer whose body %s, and closes', async (_how, answer) => {
    let closed: () => void;
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    const { port } = await rawReceiver((socket) => {
      socket.on('close', () => {
        closed();
      });
      answer(socket);
    });
    expect(await poster()({ url: `http://hooks.example:${port}/` })).toEqual({ ok: true, status: 200 });
    await isClosed;
  });

  it.each<readonly [string, string, string]>([
    ['is no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', 'the connection failed (HPE_INVALID_CONSTANT)'],
    [
      'has a head without end',
      `${HEAD}X: ${'y'.repeat(70_000)}`,
      'the head of the answer is too long (HPE_HEADER_OVERFLOW)',
    ],
    [
      'changes the protocol',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n',
      'the connection was closed without an answer',
    ],
    ['is none', '', 'the receiver broke the connection off (ECONNRESET)'],
  ])('fails where the answer %s', async (_how, answer, reason) => {
    const { port } = await rawReceiver((socket) => socket.end(answer));
    expect(await poster()({ url: `http://hooks.example:${port}/` })).toEqual({
      ok: false,
      retry: true,
      reason,
    });
  });

  it('fails where nobody listens, and names no address', async () => {
    const { port, server } = await receiver((_req, res) => res.end());
    await new Promise((resolve) => server.close(resolve));
    expect(await poster()({ url: `http://hooks.example:${port}/` })).toEqual({
      ok: false,
      retry: true,
      reason: 'the receiver refused the connection (ECONNREFUSED)',
    });
  });

  it('does not send a header with a line end in it', async () => {
    const { port, seen } = await receiver((_req, res) => res.end());
    const headers = { 'X-A2A-Notification-Token': 'a\r\nX-Other: b' };
    expect(await poster()({ url: `http://hooks.example:${port}/`, headers })).toEqual({
      ok: false,
      retry: false,
      reason: 'a header of the notification has characters that can not be sent',
    });
    expect(seen.connections).toBe(0);
  });
});

describe('being stopped', () => {
  const STOPPED = { ok: false, retry: true, reason: 'the sender was stopped' };

  it('ends a POST that waits, by its signal', async () => {
    const stop = new AbortController();
    const { port } = await rawReceiver(() => {
      stop.abort();
    });
    expect(await poster()({ url: `http://hooks.example:${port}/`, signal: stop.signal })).toEqual(STOPPED);
  });

  it('ends a POST that waits, by close', async () => {
    const send = poster();
    const { port } = await rawReceiver(() => {
      send.close();
    });
    expect(await send({ url: `http://hooks.example:${port}/` })).toEqual(STOPPED);
    expect(await send({ url: `http://hooks.example:${port}/` })).toEqual(STOPPED);
  });

  it('connects to nothing when it was stopped before', async () => {
    const { port, seen } = await receiver((_req, res) => res.end());
    expect(await poster()({ url: `http://hooks.example:${port}/`, signal: AbortSignal.abort() })).toEqual(
      STOPPED,
    );
    expect(seen.connections).toBe(0);
  });
});
