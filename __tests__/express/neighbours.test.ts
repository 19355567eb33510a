import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import compression from 'compression';
import cors from 'cors';
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import session from 'express-session';
import helmet from 'helmet';
import multer from 'multer';
import type { A2AOptions } from '../../lib/express/options.ts';
import { a2aRouter, type A2ARouter } from '../../lib/express/router.ts';
import { errorBody, errorInfo } from '../helpers/ask.ts';
import { type Gate, gate, until } from '../helpers/gate.ts';
import { message } from '../helpers/make-app.ts';
import { exchange, post, type RawResponse } from '../helpers/raw-http.ts';
import { serve, type Served } from '../helpers/serve.ts';

// NEEDS rows 6, 14, 16, 37 and 38, and risk 5 of the design: every mount, with every kind of middleware before and
// behind it. Run on both majors of Express.

/** Middleware that applications put around agents, and a header by which its work is seen. */
const MIDDLEWARE: Record<string, { make: () => express.RequestHandler; mark?: string }> = {
  'express.json': { make: () => express.json() },
  'express.text': { make: () => express.text({ type: '*/*' }) },
  'express.raw': { make: () => express.raw({ type: '*/*' }) },
  'express.urlencoded': { make: () => express.urlencoded({ extended: true }) },
  multer: { make: () => multer().any() },
  compression: { make: () => compression({ threshold: 0 }) },
  helmet: { make: () => helmet(), mark: 'x-content-type-options' },
  cors: { make: () => cors(), mark: 'access-control-allow-origin' },
  'express-session': {
    make: () => session({ secret: 's', resave: false, saveUninitialized: true }),
    mark: 'set-cookie',
  },
  'express-rate-limit': {
    make: () => rateLimit({ limit: 1000, legacyHeaders: true, validate: false }),
    mark: 'x-ratelimit-limit',
  },
};

interface Mount {
  readonly use: (app: express.Express, a2a: A2ARouter) => unknown;
  readonly path: string;
  readonly url: string;
}

const AT_PATH = { path: '/a2a', url: 'http://agent.test/a2a' };

const MOUNTS: Record<string, Mount> = {
  'at the origin': { use: (app, a2a) => app.use(a2a), path: '/', url: 'http://agent.test' },
  'at a path': { use: (app, a2a) => app.use('/a2a', a2a), ...AT_PATH },
  'at a path, with a slash': { use: (app, a2a) => app.use('/a2a/', a2a), ...AT_PATH },
  'below a parameter': {
    use: (app, a2a) => app.use('/agents/:name', a2a),
    ...{ path: '/agents/ada', url: 'http://agent.test/agents/ada' },
  },
  'beside another agent': { use: (app, a2a) => app.use('/other', agent()).use('/a2a', a2a), ...AT_PATH },
  twice: { use: (app, a2a) => app.use('/first', a2a).use('/a2a', a2a), ...AT_PATH },
  'in a router': {
    use: (app, a2a) => app.use('/outer', express.Router().use('/inner', a2a)),
    ...{ path: '/outer/inner', url: 'http://agent.test/outer/inner' },
  },
  'behind a proxy': {
    use: (app, a2a) => app.set('trust proxy', true).use('/a2a', a2a),
    ...{ path: '/a2a', url: 'https://agents.example:8443/a2a' },
  },
};

const PROXIED = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'agents.example:8443' };

type Place = 'alone' | 'behind' | 'before';

const ROWS = Object.keys(MOUNTS).flatMap((mount): [string, Place, string][] => [
  [mount, 'alone', ''],
  ...Object.keys(MIDDLEWARE).flatMap((name): [string, Place, string][] => [
    [mount, 'behind', name],
    [mount, 'before', name],
  ]),
]);

const open: (Served | A2ARouter)[] = [];
let gates: Gate[] = [];

afterEach(async () => {
  for (const each of gates) each.open();
  for (const each of open.splice(0)) await each.close();
});

function agent(options: Partial<A2AOptions> = {}): A2ARouter {
  const router = a2aRouter({ card: { name: 'N', description: 'D', version: '1' }, agent: speak, ...options });
  open.push(router);
  return router;
}

/** Repeats what it hears; asked for steps, it takes each when the test lets it. */
const speak: NonNullable<A2AOptions['agent']> = async function* (turn) {
  if (turn.text !== 'steps') yield `you said ${turn.text}`;
  else {
    for (const [step, { opened }] of gates.entries()) {
      yield `step ${String(step)}`;
      await opened;
    }
  }
};

/** What else the application does. */
function neighbours(app: express.Express): void {
  app
    .get(['/', '/page'], (_req, res) => {
      res.set('X-Theirs', 'yes').send('a page'.repeat(100));
    })
    .post('/webhook', express.raw({ type: '*/*' }), (req, res) => {
      const body: unknown = req.body;
      // the signature of a webhook is over the bytes as they came
      res.send(
        Buffer.isBuffer(body) ? createHash('sha256').update(body).digest('hex') : JSON.stringify(body),
      );
    })
    .post('/form', express.urlencoded({ extended: true }), (req, res) => {
      res.json(req.body);
    })
    .post('/upload', multer().any(), (req, res) => {
      res.json({ body: req.body as unknown, files: Array.isArray(req.files) ? req.files.length : 0 });
    })
    .get('/broken', () => {
      throw new Error('theirs');
    });
}

const theirs: express.ErrorRequestHandler = (error: Error, _req, res, _next) => {
  res.status(500).send(`handled ${error.message}`);
};

/** Serves an application, with the agent in it or without. */
async function serving([mount, place, name]: (typeof ROWS)[number], a2a?: A2ARouter): Promise<number> {
  const { make } = MIDDLEWARE[name] ?? {};
  const served = await serve((app) => {
    // as it is without us
    if (mount === 'behind a proxy') app.set('trust proxy', true);
    if (make && place === 'behind') app.use(make());
    if (a2a) MOUNTS[mount]?.use(app, a2a);
    if (make && place === 'before') app.use(make());
    neighbours(app);
    if (a2a) app.use(a2a.errorHandler());
    app.use(theirs);
  });
  open.unshift(served);
  return served.port;
}

const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = '--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\nhi\r\n--b--\r\n';

/** Requests that are not for the agent. */
function requests(path: string): [method: string, path: string, body: string, type: string][] {
  const below = path === '/' ? '' : path;
  return [
    ['GET', '/page', '', 'text/plain'],
    ['HEAD', '/page', '', 'text/plain'],
    ['OPTIONS', '/page', '', 'text/plain'],
    ['GET', '/', '', 'text/plain'],
    ['POST', '/webhook', '{ "spaces":  1 }', 'application/json'],
    ['POST', '/webhook', '{"not json', 'application/json'],
    ['POST', '/webhook', 'plain', 'text/plain'],
    ['POST', '/form', 'a=1&b=2', FORM],
    ['POST', '/upload', MULTIPART, 'multipart/form-data; boundary=b'],
    ['GET', '/broken', '', 'text/plain'],
    ['GET', '/missing', '', 'text/plain'],
    ['POST', '/missing', '{}', 'application/json'],
    ['OPTIONS', path, '', 'text/plain'],
    ['GET', `${below}/more`, '', 'text/plain'],
    ['POST', `${below}/.well-known/agent-card.json`, '{}', 'application/json'],
  ];
}

async function answersOf(port: number, path: string): Promise<unknown[]> {
  return Promise.all(
    requests(path).map(async ([method, target, body, type]) => {
      const head = post(target, body, { 'Content-Type': type, 'Accept-Encoding': 'gzip' });
      return [method, target, masked(await exchange(port, head.replace('POST', method), body))];
    }),
  );
}

/** Without what differs from request to request. */
function masked({ status, headers, body }: RawResponse): unknown {
  const names = Object.entries(headers).map(([name, value]) => [name, VARYING.test(name) ? '' : value]);
  return { status, headers: names, body };
}

const VARYING = /^(?:date|set-cookie|x-ratelimit-.*)$/;

describe.each(ROWS)('an agent %s, %s %s', (...row) => {
  const [mountName, place, name] = row;
  const mount = MOUNTS[mountName] ?? MOUNTS['at a path'];
  const { path = '', url = '' } = mount ?? {};
  const mark = MIDDLEWARE[name]?.mark;
  const proxied = mountName === 'behind a proxy' ? PROXIED : {};

  it('leaves its neighbours as they are without it', async () => {
    const [without, withIt] = [await serving(row), await serving(row, agent())];
    expect(await answersOf(withIt, path)).toEqual(await answersOf(without, path));
  });

  it('answers', async () => {
    const port = await serving(row, agent());
    const call = (body: string, type = 'application/json') =>
      exchange(port, post(path, body, { ...proxied, 'Content-Type': type }), body);

    const cardPath = `${path === '/' ? '' : path}/.well-known/agent-card.json`;
    const card = await exchange(port, post(cardPath, '', proxied).replace('POST', 'GET'));
    expect(card.status).toBe(200);
    // one for each binding and version that is served
    expect(JSON.parse(card.body)).toMatchObject({ supportedInterfaces: [{ url }, { url }, { url }] });

    const sent = await call(rpc('SendMessage', message('hi')));
    expect(JSON.parse(sent.body)).toMatchObject({
      result: { task: { artifacts: [{ parts: [{ text: 'you said hi' }] }] } },
    });
    if (mark !== undefined) expect(mark in sent.headers).toBe(place === 'behind');

    const notJson = await call('{"jsonrpc"');
    expect(notJson.status).toBe(400);
    expect(JSON.parse(notJson.body)).toEqual(
      errorBody(-32700, 'Invalid JSON payload: send one JSON-RPC 2.0 request object', undefined, null),
    );
    const unknown = await call(rpc('Nope', {}));
    expect(unknown.status).toBe(200);
    expect(JSON.parse(unknown.body)).toMatchObject({ id: 1, error: { code: -32601 } });
    const base = path === '/' ? '' : path;
    const rest = (at: string, body: string) => exchange(port, post(`${base}${at}`, body, proxied), body);
    const restSent = await rest('/message:send', JSON.stringify(message('hi')));
    expect(restSent).toMatchObject({ status: 200, headers: { 'content-type': 'application/a2a+json' } });
    expect(JSON.parse(restSent.body)).toMatchObject({
      task: { artifacts: [{ parts: [{ text: 'you said hi' }] }] },
    });
    const restBroken = await rest('/message:send', '{"message"');
    expect(restBroken.status).toBe(400);
    expect(JSON.parse(restBroken.body)).toEqual({
      error: {
        ...{ code: 400, status: 'INVALID_ARGUMENT' },
        message: 'Invalid JSON payload: send one JSON object with the parameters',
      },
    });
    const canceled = await rest('/tasks/nobody:cancel', '');
    expect(canceled).toMatchObject({ status: 404, headers: { 'content-type': 'application/a2a+json' } });
    const text = await call(rpc('ListTasks', {}), 'text/plain');
    expect(text.status).toBe(415);
    expect(JSON.parse(text.body)).toEqual(
      errorBody(
        -32005,
        'Send the header Content-Type: application/json',
        [errorInfo('CONTENT_TYPE_NOT_SUPPORTED')],
        null,
      ),
    );
  });

  it('streams each event before the next one is made', async () => {
    gates = [gate(), gate(), gate()];
    const stream = await openStream(await serving(row, agent()), path);
    for (const [step, each] of gates.entries()) {
      await stream.seen(`"step ${String(step)}"`);
      each.open();
    }
    await stream.seen('TASK_STATE_COMPLETED');
    await stream.ended;
    expect(stream.head()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(stream.head()).toMatch(/\r\nContent-Type: text\/event-stream\r\n/);
    expect(stream.head()).not.toMatch(/\r\nContent-Encoding:/i);
  });
});

function rpc(method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
}

/** Streams a message to a client that would take gzip, and looks at what comes on the socket. */
async function openStream(port: number, path: string) {
  const body = rpc('SendStreamingMessage', message('steps'));
  const socket = connect(port, '127.0.0.1');
  let all = '';
  socket.on('data', (chunk: Buffer) => (all += chunk.toString('latin1')));
  socket.write(post(path, body, { 'Accept-Encoding': 'gzip' }) + body);
  return {
    ended: once(socket, 'close'),
    seen: (text: string) => until(() => all.includes(text)),
    head: () => all.slice(0, all.indexOf('\r\n\r\n') + 2),
  };
}

describe('several agents', () => {
  const list = async (port: number, path: string) => {
    const { body } = await exchange(port, post(path, rpc('ListTasks', {})), rpc('ListTasks', {}));
    return JSON.parse(body) as unknown;
  };

  it('do not see the tasks of each other; one mounted twice sees its own', async () => {
    const one = agent();
    const served = await serve((app) => app.use('/a', one).use('/again', one).use('/b', agent()));
    open.unshift(served);
    const send = rpc('SendMessage', message('hi'));
    await exchange(served.port, post('/a', send), send);
    expect(await list(served.port, '/a')).toMatchObject({ result: { totalSize: 1 } });
    expect(await list(served.port, '/again')).toMatchObject({ result: { totalSize: 1 } });
    expect(await list(served.port, '/b')).toMatchObject({ result: { tasks: [], totalSize: 0 } });
  });
});

describe('earlier middleware that refuses a call', () => {
  it('has the last word', async () => {
    const limiter = rateLimit({
      limit: 1,
      message: 'theirs: too many',
      legacyHeaders: true,
      validate: false,
    });
    const served = await serve((app) => app.use('/a2a', limiter, agent()));
    open.unshift(served);
    const body = rpc('ListTasks', {});
    const ask = () => exchange(served.port, post('/a2a', body), body);
    expect(await ask()).toMatchObject({ status: 200 });
    expect(await ask()).toMatchObject({ status: 429, body: 'theirs: too many' });
  });
});
