import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import { a2aRouter, type A2ARouter } from '../../lib/express/router.ts';
import { errorBody, errorInfo } from '../helpers/ask.ts';
import { exchange, post, type RawResponse } from '../helpers/raw-http.ts';
import { serve, type Served } from '../helpers/serve.ts';

// NEEDS row 16: calls are answered by the protocol whoever parses the body

const CALL = '{"jsonrpc":"2.0","id":1,"method":"ListTasks"}';
const NOT_JSON = errorBody(
  -32700,
  'Invalid JSON payload: send one JSON-RPC 2.0 request object',
  undefined,
  null,
);

const open: (Served | A2ARouter)[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

function agent(): A2ARouter {
  const router = a2aRouter({ card: { name: 'N', description: 'D', version: '1' }, agent: () => 'x' });
  open.push(router);
  return router;
}

const theirs: express.ErrorRequestHandler = (
  error: { status?: number; message: string },
  _req,
  res,
  _next,
) => {
  res.status(error.status ?? 500).send(`theirs: ${error.message}`);
};

/** Serves what `setup` mounts in front of the application's own error handler. */
async function serving(setup: (app: express.Express) => unknown): Promise<number> {
  const served = await serve((app) => {
    setup(app);
    app.use(theirs);
  });
  open.unshift(served);
  return served.port;
}

interface Given {
  path?: string;
  method?: string;
  body?: string | Uint8Array;
  headers?: Record<string, string>;
}

async function ask(port: number, { path = '/a2a', method = 'POST', body = '{', headers }: Given = {}) {
  return exchange(port, post(path, body, headers).replace('POST', method), body);
}

/** An agent at /a2a behind a parser, and its error handler. */
function behind(...parsers: express.RequestHandler[]): Promise<number> {
  const a2a = agent();
  return serving((app) => app.use(parsers).use('/a2a', a2a).use(a2a.errorHandler()));
}

function expectError(answer: RawResponse, status: number, body: unknown): void {
  expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/json' } });
  expect(JSON.parse(answer.body)).toEqual(body);
}

describe('a body that the parser of the application refuses', () => {
  const strict = express.json({ type: '*/*', limit: 200 });
  const type415 = errorBody(
    -32005,
    'Send the header Content-Type: application/json',
    [errorInfo('CONTENT_TYPE_NOT_SUPPORTED')],
    null,
  );
  const coding415 = errorBody(
    -32005,
    'Send the body without Content-Encoding',
    [errorInfo('CONTENT_TYPE_NOT_SUPPORTED')],
    null,
  );
  it.each<[string, express.RequestHandler, Given, number, unknown]>([
    ['no JSON', strict, { body: '{"jsonrpc"' }, 400, NOT_JSON],
    ['a byte order mark in the middle', strict, { body: `{\uFEFF}` }, 400, NOT_JSON],
    [
      'a bare string, which is JSON',
      strict,
      { body: '"x"' },
      200,
      errorBody(
        -32600,
        'Request payload validation error: send a JSON-RPC 2.0 request object',
        undefined,
        null,
      ),
    ],
    [
      'too large',
      strict,
      { body: `"${'x'.repeat(300)}"` },
      413,
      errorBody(
        -32600,
        'The body is larger than 200 bytes: send large files as parts with a url',
        undefined,
        null,
      ),
    ],
    [
      'too large when inflated',
      strict,
      { body: gzipSync('x'.repeat(300)), headers: { 'Content-Encoding': 'gzip' } },
      413,
      errorBody(
        -32600,
        'The body is larger than 200 bytes: send large files as parts with a url',
        undefined,
        null,
      ),
    ],
    [
      'not what its coding says',
      strict,
      { body: 'x', headers: { 'Content-Encoding': 'gzip' } },
      400,
      errorBody(
        -32700,
        'The body does not match its Content-Encoding: send it encoded so, or leave the header out',
        undefined,
        null,
      ),
    ],
    ['a coding nobody knows', strict, { headers: { 'Content-Encoding': 'rot13' } }, 415, coding415],
    [
      'a coding that is switched off',
      express.json({ inflate: false }),
      { body: gzipSync(CALL), headers: { 'Content-Encoding': 'gzip' } },
      415,
      coding415,
    ],
    [
      'in another charset',
      strict,
      { headers: { 'Content-Type': 'application/json; charset=latin1' } },
      415,
      errorBody(
        -32005,
        'The body must be UTF-8: send the header Content-Type: application/json',
        [errorInfo('CONTENT_TYPE_NOT_SUPPORTED')],
        null,
      ),
    ],
    ['of another type', strict, { headers: { 'Content-Type': 'text/plain' } }, 415, type415],
    [
      'a form with too many fields',
      express.urlencoded({ extended: false, parameterLimit: 1 }),
      { body: 'a=1&b=2', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
      415,
      type415,
    ],
  ])('is answered by the protocol: %s', async (_, parser, given, status, body) => {
    expectError(await ask(await behind(parser), given), status, body);
  });
});

describe('what is passed on', () => {
  const json = express.json();
  const failing =
    (error: object): express.RequestHandler =>
    (_req, _res, next) => {
      next(error);
    };

  it.each<[string, express.RequestHandler, Given, string]>([
    ['a route beside', json, { path: '/other' }, 'theirs: '],
    ['a path below', json, { path: '/a2a/more' }, 'theirs: '],
    ['a path that only begins the same', json, { path: '/a2ab' }, 'theirs: '],
    ['the origin', json, { path: '/' }, 'theirs: '],
    ['a path that can not be decoded', json, { path: '/%ff' }, 'theirs: '],
    ['another method', json, { method: 'PUT' }, 'theirs: '],
    [
      'a signature that is wrong',
      express.json({
        verify: () => {
          throw new Error('signature');
        },
      }),
      { body: CALL },
      'theirs: signature',
    ],
    [
      'an error of a guard',
      failing(Object.assign(new Error('no entry'), { status: 400 })),
      {},
      'theirs: no entry',
    ],
    [
      'what is no error',
      failing(Object.assign(Object.create(null) as object, { message: 'odd' })),
      {},
      'theirs: odd',
    ],
  ])('is %s', async (_, middleware, given, text) => {
    const answer = await ask(await behind(middleware), given);
    expect(answer.body.startsWith(text)).toBe(true);
  });

  it('is an error after the answer has begun', async () => {
    const answer = await ask(
      await behind((_req, res, next) => {
        res.write('begun');
        next(Object.assign(new Error('late'), { type: 'entity.parse.failed' }));
      }),
    ).catch((error: unknown) => error);
    expect(JSON.stringify(answer)).not.toContain('jsonrpc');
  });
});

describe('the mount', () => {
  const parser = express.json();

  function routers(a2a: A2ARouter): express.Router {
    const inner = express.Router().use('/inner', a2a);
    return express.Router().use('/:outer', inner);
  }

  it.each<[string, (app: express.Express, a2a: A2ARouter) => unknown, string, string]>([
    ['the origin', (app, a2a) => app.use(a2a), '/', '/x'],
    ['a path', (app, a2a) => app.use('/a2a', a2a), '/a2a', '/'],
    ['a path with a slash, in capitals, with a query', (app, a2a) => app.use('/a2a/', a2a), '/A2A/?x=1', '/'],
    ['below a parameter', (app, a2a) => app.use('/agents/:name', a2a), '/agents/ada', '/agents'],
    ['two paths', (app, a2a) => app.use('/a', a2a).use('/b', a2a), '/b', '/c'],
    ['a list of paths, behind a guard', (app, a2a) => app.use(['/a', '/b'], [parser, a2a]), '/b', '/c'],
    ['a router in a router', (app, a2a) => app.use('/r', routers(a2a)), '/r/x/inner', '/r/inner'],
  ])('is found: %s', async (_, mount, path, other) => {
    const a2a = agent();
    const port = await serving((app) => {
      app.use(parser);
      mount(app, a2a);
      app.use(a2a.errorHandler());
    });
    expectError(await ask(port, { path }), 400, NOT_JSON);
    expect((await ask(port, { path: other })).body).toMatch(/^theirs: /);
  });

  it('is found where the handler is at the path of the agent', async () => {
    const a2a = agent();
    const port = await serving((app) => app.use(parser).use('/a2a', a2a).use('/a2a', a2a.errorHandler()));
    expectError(await ask(port), 400, NOT_JSON);
  });

  it('is found in an app in an app', async () => {
    const a2a = agent();
    const sub = express().use(parser).use('/a2a', a2a).use(a2a.errorHandler());
    const port = await serving((app) => app.use('/sub', sub));
    expectError(await ask(port, { path: '/sub/a2a' }), 400, NOT_JSON);
    expect((await ask(port, { path: '/sub/other' })).body).toMatch(/^theirs: /);
  });

  it('can be named where it is not to be seen', async () => {
    const a2a = agent();
    const sub = express().use('/a2a', a2a);
    const port = await serving((app) => app.use(parser).use('/sub', sub).use(a2a.errorHandler('/sub/a2a')));
    expectError(await ask(port, { path: '/sub/a2a/' }), 400, NOT_JSON);
    expect((await ask(port, { path: '/sub' })).body).toMatch(/^theirs: /);
  });

  it('is that of its own agent only', async () => {
    const [one, two] = [agent(), agent()];
    const port = await serving((app) =>
      app.use(parser).use('/a', one).use('/b', two).use(two.errorHandler()),
    );
    expect((await ask(port, { path: '/a' })).body).toMatch(/^theirs: /);
    expectError(await ask(port, { path: '/b' }), 400, NOT_JSON);
  });

  it('is not looked for outside Express', () => {
    const passed: unknown[] = [];
    const error = Object.assign(new Error('x'), { type: 'entity.parse.failed' });
    const req = { method: 'POST', url: '/', headers: {} };
    agent().errorHandler()(error, req as never, {} as never, (it) => passed.push(it));
    expect(passed).toEqual([error]);
  });

  it.each(['a2a', '/a b', '/a?b', 7])('can not be %p', (mount) => {
    expect(() => agent().errorHandler(mount as string)).toThrow(
      expect.objectContaining({ code: 'ERR_A2A_OPTIONS' }),
    );
  });
});
