import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import { TaskNotFoundError, UnauthenticatedError, UnavailableError } from '../../lib/protocol/errors.ts';
import { type FakeHandler, fakeHandler, fakeService } from '../helpers/fake-service.ts';
import { exchange, parse, post, type RawResponse } from '../helpers/raw-http.ts';
import { serve, type Served } from '../helpers/serve.ts';

const CALL = '{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"t1"}}';
const OK = '{"jsonrpc":"2.0","id":1,"result":{"ok":true}}';

let served: Served | undefined;

afterEach(async () => {
  await served?.close();
  served = undefined;
});

/** Sends a call as bytes to an agent mounted at /a2a. */
async function ask(
  handler: FakeHandler,
  given: {
    body?: string;
    headers?: Record<string, string>;
    path?: string;
    mount?: string;
    method?: string;
  } = {},
): Promise<RawResponse> {
  const { body = CALL, headers = {}, mount = '/a2a', path = mount, method = 'POST' } = given;
  served = await serve((app) => {
    app.use(mount, handler.handle);
    app.use((req, res) => {
      res.status(404).type('text').send(`neighbour ${req.method} ${req.url}`);
    });
  });
  return exchange(served.port, post(path, body, headers).replace(/^POST/, method), body);
}

function errorOf(code: number, message: string, data?: unknown[], id: unknown = 1): unknown {
  return { jsonrpc: '2.0', id, error: { code, message, ...(data && { data }) } };
}

function info(reason: string, domain = 'a2a-protocol.org', metadata?: object): object {
  return {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason,
    domain,
    ...(metadata && { metadata }),
  };
}

describe('an answer', () => {
  it('is one JSON body with its length, and is never cached', async () => {
    const answer = await ask(fakeHandler(fakeService()));
    expect(answer).toEqual({
      status: 200,
      headers: expect.objectContaining({
        'content-type': 'application/json',
        'content-length': String(OK.length),
        'cache-control': 'no-store',
      }),
      body: OK,
    });
    expect(answer.headers).not.toHaveProperty('a2a-extensions');
    expect(answer.headers).not.toHaveProperty('etag');
  });

  it('echoes the extensions that are active, once each, with errors too', async () => {
    const service = fakeService(() => {
      throw new TaskNotFoundError('t1');
    });
    const headers = {
      'A2A-Extensions': ' urn:known:a ,urn:unknown,',
      'a2a-extensions': 'urn:known:b,urn:known:a',
    };
    const answer = await ask(fakeHandler(service), { headers });
    expect(answer.headers['a2a-extensions']).toBe('urn:known:a, urn:known:b');
    expect(service.calls[0]?.caller.extensions).toEqual([
      'urn:known:a',
      'urn:unknown',
      'urn:known:b',
      'urn:known:a',
    ]);
    expect(JSON.parse(answer.body)).toEqual(
      errorOf(-32001, 'Task not found', [info('TASK_NOT_FOUND', 'a2a-protocol.org', { taskId: 't1' })]),
    );
  });

  it('hands the caller on: owner, cursor and trace', async () => {
    const service = fakeService(({ caller }) => caller.identify());
    const handler = fakeHandler(service, { owner: () => 'ada' });
    const headers = {
      'Last-Event-ID': '4.k3',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    const answer = await ask(handler, { headers });
    expect(JSON.parse(answer.body)).toEqual({ jsonrpc: '2.0', id: 1, result: 'ada' });
    expect(service.calls[0]?.caller).toMatchObject({
      lastEventId: '4.k3',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
  });
});

describe('the HTTP status', () => {
  it('is 200 for what A2A refuses', async () => {
    const service = fakeService(() => {
      throw new TaskNotFoundError('t1');
    });
    expect((await ask(fakeHandler(service))).status).toBe(200);
  });

  it.each([
    ['a request that is none', '{"jsonrpc":"1.0","id":1,"method":"GetTask"}', -32600],
    ['an unknown method', '{"jsonrpc":"2.0","id":1,"method":"Nope"}', -32601],
    ['a batch', `[${CALL}]`, -32600],
  ])('is 200 for %s', async (_, body, code) => {
    const answer = await ask(fakeHandler(fakeService()), { body });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code } });
  });

  it.each([
    ['no JSON', '{"jsonrpc"'],
    ['an empty body', ''],
    ['a byte order mark', `\uFEFF${CALL}`],
  ])('is 400 for %s', async (_, body) => {
    const answer = await ask(fakeHandler(fakeService()), { body });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toEqual(errorOf(-32700, 'Invalid JSON payload', undefined, null));
  });

  it('is 413 for a body that is too large', async () => {
    const answer = await ask(fakeHandler(fakeService()), { body: 'x'.repeat(1001) });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toEqual(
      errorOf(-32600, 'The body is larger than 1000 bytes', undefined, null),
    );
  });

  it.each(['text/plain', 'application/jsonp', 'multipart/form-data; boundary=application/json', ''])(
    'is 415 for the content type %p, naming the header to send',
    async (type) => {
      const answer = await ask(fakeHandler(fakeService()), { headers: { 'Content-Type': type } });
      expect(answer.status).toBe(415);
      expect(JSON.parse(answer.body)).toEqual(
        errorOf(
          -32005,
          'Send the header Content-Type: application/json',
          [info('CONTENT_TYPE_NOT_SUPPORTED')],
          null,
        ),
      );
    },
  );

  it.each(['application/json', 'Application/A2A+JSON; charset="UTF-8"', 'application/json;profile=x'])(
    'is 200 for the content type %p',
    async (type) => {
      const answer = await ask(fakeHandler(fakeService()), { headers: { 'Content-Type': type } });
      expect(answer).toMatchObject({ status: 200, body: OK });
    },
  );

  it('is 401 for callers who have to authenticate, with a challenge per scheme', async () => {
    const service = fakeService(() => {
      throw new UnauthenticatedError(['Bearer', 'ApiKey realm="x"']);
    });
    const answer = await ask(fakeHandler(service));
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer, ApiKey realm="x"');
    expect(JSON.parse(answer.body)).toEqual(
      errorOf(-32000, 'Authentication is required', [info('UNAUTHENTICATED', 'express-a2a')]),
    );
  });

  it('is 503 while there is no room, and says when to come back', async () => {
    const service = fakeService(() => {
      throw new UnavailableError('Come back', 5);
    });
    const answer = await ask(fakeHandler(service));
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(JSON.parse(answer.body)).toEqual(
      errorOf(-32000, 'Come back', [info('UNAVAILABLE', 'express-a2a')]),
    );
  });

  it.each(['GET', 'PUT', 'PATCH', 'DELETE', 'HEAD'])('is 405 for %s below a path', async (method) => {
    const answer = await ask(fakeHandler(fakeService()), { method, body: '' });
    expect(answer).toMatchObject({
      status: 405,
      headers: { allow: 'POST', 'content-type': 'application/json' },
    });
    const body = errorOf(-32600, 'Calls are sent with POST', undefined, null);
    expect(answer.body).toBe(method === 'HEAD' ? '' : JSON.stringify(body));
  });
});

describe('what is not ours', () => {
  it.each([
    ['other methods at the origin', { mount: '/', method: 'GET' }, 'neighbour GET /'],
    ['OPTIONS', { method: 'OPTIONS' }, 'neighbour OPTIONS /a2a'],
    ['other paths', { path: '/a2a/more' }, 'neighbour POST /a2a/more'],
    [
      'a POST at the path of the card',
      { path: '/a2a/.well-known/agent-card.json' },
      'neighbour POST /a2a/.well-known/agent-card.json',
    ],
  ])('goes on to the next handler: %s', async (_, given, body) => {
    const service = fakeService();
    expect(await ask(fakeHandler(service), given)).toMatchObject({ status: 404, body });
    expect(service.calls).toEqual([]);
  });

  it.each([
    ['at the origin', { mount: '/', path: '/' }],
    ['at a path', { mount: '/a2a', path: '/a2a' }],
    ['at a path with a slash', { mount: '/a2a', path: '/a2a/' }],
    ['with a query', { mount: '/a2a', path: '/a2a?x=1' }],
    ['below a parameter', { mount: '/agents/:name', path: '/agents/ada' }],
    ['with the whole URL', { mount: '/a2a', path: 'http://agent.test/a2a?x=1' }],
    ['with the whole URL of the origin', { mount: '/', path: 'http://agent.test' }],
  ])('leaves calls %s to us', async (_, given) => {
    expect(await ask(fakeHandler(fakeService()), given)).toMatchObject({ status: 200, body: OK });
  });

  it('leaves calls to a router in a router to us', async () => {
    const outer = express.Router();
    outer.use('/inner', fakeHandler(fakeService()).handle);
    served = await serve((app) => app.use('/outer', outer));
    const answer = await exchange(served.port, post('/outer/inner', CALL), CALL);
    expect(answer).toMatchObject({ status: 200, body: OK });
  });
});

describe('the version', () => {
  it.each([
    ['a header of 1.0', { headers: { 'A2A-Version': '1.0' } }],
    ['a patch version', { headers: { 'A2A-Version': '1.0.7' } }],
    [
      'an empty header, and 1.0 in the query',
      { headers: { 'A2A-Version': '' }, path: '/a2a?a2a-version=1.0' },
    ],
    [
      'a header of 1.0, and 9.9 in the query',
      { headers: { 'A2A-Version': '1.0' }, path: '/a2a?A2A-Version=9.9' },
    ],
  ])('is served: %s', async (_, given) => {
    expect(await ask(fakeHandler(fakeService()), given)).toMatchObject({ status: 200, body: OK });
  });

  it.each([
    ['0.3', { headers: { 'A2A-Version': '0.3' } }],
    ['9.9 in the query', { path: '/a2a?a2a-VERSION=9.9' }],
    ['two versions', { headers: { 'A2A-Version': '1.0, 1.0' } }],
  ])('is refused before the method is looked up: %s', async (_, given) => {
    const body = '{"jsonrpc":"2.0","id":"v","method":"Nope"}';
    const answer = await ask(fakeHandler(fakeService()), { ...given, body });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual(
      errorOf(
        -32009,
        'This version of A2A is not served: send the header A2A-Version: 1.0',
        [info('VERSION_NOT_SUPPORTED', 'a2a-protocol.org', { supportedVersions: '1.0' })],
        'v',
      ),
    );
  });
});

describe('the order of checks', () => {
  const tooLong = 'x'.repeat(1001);
  it.each([
    ['content type before size', { headers: { 'Content-Type': 'text/plain' }, body: tooLong }, -32005],
    ['size before JSON', { body: tooLong }, -32600],
    [
      'envelope before version',
      { headers: { 'A2A-Version': '9' }, body: '{"jsonrpc":"2.0","id":1}' },
      -32600,
    ],
    [
      'version before method',
      { headers: { 'A2A-Version': '9' }, body: '{"jsonrpc":"2.0","id":1,"method":"No"}' },
      -32009,
    ],
    ['method before the caller', { body: '{"jsonrpc":"2.0","id":1,"method":"No"}' }, -32601],
  ])('is %s', async (_, given, code) => {
    const service = fakeService();
    const answer = await ask(fakeHandler(service), given);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code } });
    expect(service.calls).toEqual([]);
  });
});

describe('a fault of ours', () => {
  it('reaches onError with an id, and the client as nothing but the id', async () => {
    const secret = new Error('connect ECONNREFUSED postgres://admin:hunter2@db');
    const handler = fakeHandler(
      fakeService(() => {
        throw secret;
      }),
    );
    const answer = await ask(handler);
    expect(handler.reports).toEqual([
      { error: secret, info: { errorId: expect.any(String), method: 'GetTask' } },
    ]);
    const { errorId } = handler.reports[0]?.info as { errorId: string };
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual(errorOf(-32603, `Internal error (error id ${errorId})`));
  });

  it('is answered even where onError throws', async () => {
    const handler = fakeHandler(
      fakeService(() => {
        throw new Error('first');
      }),
      {
        onError: () => {
          throw new Error('second');
        },
      },
    );
    expect(JSON.parse((await ask(handler)).body)).toMatchObject({ id: 1, error: { code: -32603 } });
  });

  it('is a result that is no JSON', async () => {
    const handler = fakeHandler(fakeService(() => ({ n: 1n })));
    expect(JSON.parse((await ask(handler)).body)).toMatchObject({ id: 1, error: { code: -32603 } });
    expect(handler.reports).toHaveLength(1);
  });
});

describe('closing', () => {
  it('breaks waiting calls off with 503, and refuses further ones', async () => {
    const service = fakeService(
      ({ caller }) =>
        new Promise((_, reject) => {
          caller.signal.addEventListener('abort', () => {
            reject(new Error(String(caller.signal.reason)));
          });
        }),
    );
    const handler = fakeHandler(service);
    served = await serve((app) => app.use('/a2a', handler.handle));
    const first = exchange(served.port, post('/a2a', CALL), CALL);
    while (handler.active() === 0 || service.calls.length === 0) await new Promise(setImmediate);
    const closed = handler.close();
    expect(handler.close()).toBe(closed);
    await closed;
    const second = exchange(served.port, post('/a2a', CALL), CALL);
    for (const answer of await Promise.all([first, second])) {
      expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
      expect(JSON.parse(answer.body)).toEqual(
        errorOf(-32000, 'The server shuts down', [info('UNAVAILABLE', 'express-a2a')]),
      );
    }
    expect(service.calls).toHaveLength(1);
    expect(handler.reports).toEqual([]);
  });

  it('starts nothing for a call that was waiting for the storage', async () => {
    const service = fakeService();
    let come: () => void = () => undefined;
    const handler = fakeHandler(service, { ready: () => new Promise((resolve) => (come = resolve)) });
    served = await serve((app) => app.use('/a2a', handler.handle));
    const answer = exchange(served.port, post('/a2a', CALL), CALL);
    while (handler.active() === 0) await new Promise(setImmediate);
    await new Promise(setImmediate);
    const closed = handler.close();
    come();
    await closed;
    expect(await answer).toMatchObject({ status: 503 });
    expect(service.calls).toEqual([]);
  });

  it('does not wait for a body that never ends', async () => {
    const handler = fakeHandler(fakeService());
    served = await serve((app) => app.use('/a2a', handler.handle));
    const answer = exchange(served.port, post('/a2a', CALL), CALL.slice(0, 5));
    while (handler.active() === 0) await new Promise(setImmediate);
    await handler.close();
    expect(await answer).toMatchObject({ status: 503 });
    expect(handler.active()).toBe(0);
  });
});

describe('a client that has gone', () => {
  it('ends its own call without a report', async () => {
    let seen: AbortSignal | undefined;
    const service = fakeService(({ caller }) => {
      seen = caller.signal;
      return new Promise((_, reject) => {
        caller.signal.addEventListener('abort', () => {
          reject(new Error('gone'));
        });
      });
    });
    const handler = fakeHandler(service);
    served = await serve((app) => app.use('/a2a', handler.handle));
    const control = new AbortController();
    const call = fetch(`${served.origin}/a2a`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: CALL,
      signal: control.signal,
    });
    while (seen === undefined) await new Promise(setImmediate);
    control.abort();
    await expect(call).rejects.toThrow('abort');
    while (handler.active() > 0) await new Promise(setImmediate);
    expect(seen.aborted).toBe(true);
    expect(handler.reports).toEqual([]);
  });

  it.each([
    ['parsed before', express.json()],
    ['not parsed', []],
  ])('while earlier middleware waited has started nothing, its body %s', async (_, parser) => {
    const service = fakeService();
    const handler = fakeHandler(service);
    let pass: () => void = () => undefined;
    const passed = new Promise<void>((resolve) => (pass = resolve));
    served = await serve((app) =>
      app.use('/a2a', parser, (req: express.Request, res: express.Response, next: express.NextFunction) => {
        res.once('close', () => {
          handler.handle(req, res, next);
          pass();
        });
        socket.destroy();
      }),
    );
    const socket = connect(served.port, '127.0.0.1');
    socket.write(post('/a2a', CALL) + CALL);
    await passed;
    while (handler.active() > 0) await new Promise(setImmediate);
    expect(service.calls).toEqual([]);
    expect(handler.reports).toEqual([]);
  });

  it('ends all the calls that it had sent ahead on its connection', async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error) => warnings.push(name);
    process.on('warning', note);
    const service = fakeService(
      ({ caller }) =>
        new Promise((_, reject) => {
          caller.signal.addEventListener('abort', () => {
            reject(new Error('gone'));
          });
        }),
    );
    const handler = fakeHandler(service);
    served = await serve((app) => app.use('/a2a', handler.handle));
    const socket = connect(served.port, '127.0.0.1');
    socket.write((post('/a2a', CALL, { Connection: 'keep-alive' }) + CALL).repeat(20));
    while (service.calls.length < 20) await new Promise(setImmediate);
    socket.destroy();
    while (handler.active() > 0) await new Promise(setImmediate);
    process.off('warning', note);
    expect(service.calls.every(({ caller }) => caller.signal.aborted)).toBe(true);
    expect(warnings).toEqual([]);
  });
});

describe('parse', () => {
  it('is not fooled by a body without a length', () => {
    expect(parse(Buffer.from('HTTP/1.1 200 OK\r\nA: b\r\n\r\nhi'))).toEqual({
      status: 200,
      headers: { a: 'b' },
      body: 'hi',
    });
  });
});
