import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import express, { type Request } from 'express';
import { ConfigError } from '../../lib/core/config-error.ts';
import { a2aRouter, type A2ARouter } from '../../lib/express/router.ts';

const card = { name: 'Test', description: 'For tests', version: '1.0.0' };
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** The agent before an app that says what it saw of each request. */
async function listen(
  mount: string,
  options: { app?: RequestListener; setup?: (app: express.Express) => void } = {},
) {
  const owners: string[] = [];
  const a2a = a2aRouter<IncomingMessage>({
    card,
    agent: () => 'hello',
    owner: (req) => {
      owners.push(`${String(req.url)} ${String(Reflect.get(req, 'baseUrl'))}`);
      return null;
    },
  });
  const app = express();
  options.setup?.(app);
  app.use((req, res) => {
    res.json({ url: req.url, baseUrl: req.baseUrl, originalUrl: req.originalUrl, method: req.method });
  });
  const server = createServer(a2a.before(options.app ?? app, mount)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
    await a2a.close({ drainMs: 0 });
  });

  /** Sends a request exactly as it is written, and gives status and body. */
  async function raw(
    line: string,
    headers: readonly string[] = [],
    body = '',
  ): Promise<{ status: number; body: string }> {
    const socket = connect(port, '127.0.0.1');
    const head = [`${line} HTTP/1.1`, 'Host: agents.test', 'Connection: close', ...headers];
    socket.end(`${head.join('\r\n')}\r\nContent-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`);
    let text = '';
    for await (const piece of socket) text += String(piece);
    const [top = '', ...rest] = text.split('\r\n\r\n');
    return { status: Number(top.split(' ')[1]), body: rest.join('\r\n\r\n') };
  }

  const params = { message: { messageId: 'm1', role: 'ROLE_USER', parts: [{ text: 'hi' }] } };
  const call = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params });
  const post = (target: string) =>
    raw(`POST ${target}`, ['Content-Type: application/json', 'A2A-Version: 1.0'], call);
  return { raw, post, owners, port };
}

const COMPLETED: unknown = expect.stringContaining('"TASK_STATE_COMPLETED"');

describe('before', () => {
  it.each([
    ['/a2a', '/a2a'],
    ['/a2a', '/a2a/'],
    ['/a2a', '/a2a?a=1'],
    ['/a2a', 'http://agents.test/a2a'],
    ['/a2a', 'http://agents.test/a2a/?a=1'],
    ['/a2a/', '/a2a'],
    ['/agents/one', '/agents/one'],
    ['/', '/'],
    ['', '/?a=1'],
    ['', 'http://agents.test'],
  ])('mounted at "%s" it answers a call of %s', async (mount, target) => {
    const { post, owners } = await listen(mount);
    expect(await post(target)).toEqual({ status: 200, body: COMPLETED });
    // the request is as it came: no router has cut its url
    expect(owners).toEqual([`${target} undefined`]);
  });

  it.each([
    '/a2ab',
    '/a2a-2',
    '/A2A',
    '/a%32a',
    '/x/../a2a',
    '//a2a',
    '/',
    '/other?next=/a2a',
    '/a2a/unknown',
    '/a2a//',
    '/a2a/%2e%2e/x?y=%20',
  ])('hands a call of %s to the app as it came', async (target) => {
    const { post, owners } = await listen('/a2a');
    const { status, body } = await post(target);
    expect({ status, seen: JSON.parse(body) as unknown }).toEqual({
      status: 200,
      seen: { url: target, baseUrl: '', originalUrl: target, method: 'POST' },
    });
    expect(owners).toEqual([]);
  });

  it('leaves the body of what it hands on to the app', async () => {
    const { post } = await listen('/a2a', {
      setup: (app) => {
        app.post('/echo', express.text({ type: '*/*' }), (req, res) => void res.send(req.body));
      },
    });
    expect(await post('/echo')).toEqual({ status: 200, body: expect.stringContaining('"SendMessage"') });
  });

  it('hands OPTIONS on, for the app to answer CORS', async () => {
    const { raw } = await listen('/a2a');
    expect((await raw('OPTIONS /a2a')).body).toContain('"method":"OPTIONS"');
  });

  it('answers another method with 405, and at the root hands it on', async () => {
    const below = await listen('/a2a');
    expect((await below.raw('GET /a2a')).status).toBe(405);
    const atRoot = await listen('/');
    expect((await atRoot.raw('GET /')).body).toContain('"method":"GET"');
  });

  it.each([
    ['', [], 'http://agents.test/a2a'],
    ['not trusted', ['X-Forwarded-Proto: https', 'X-Forwarded-Host: public.test'], 'http://agents.test/a2a'],
    [
      'trusted',
      ['X-Forwarded-Proto: https', 'X-Forwarded-Host: public.test, inner'],
      'https://public.test/a2a',
    ],
  ])('serves the card with its own address, behind a proxy that is %s', async (trust, headers, url) => {
    const { raw } = await listen('/a2a', {
      setup: (app) => {
        if (trust === 'trusted') app.set('trust proxy', true);
      },
    });
    const { body } = await raw('GET /a2a/.well-known/agent-card.json', headers);
    expect(JSON.parse(body)).toMatchObject({ supportedInterfaces: [{ url }, { url }, { url }] });
  });

  it('runs no middleware of the app for the agent', async () => {
    let runs = 0;
    const { post } = await listen('/a2a', {
      setup: (app) => {
        app.use((_req, res) => {
          runs += 1;
          res.sendStatus(401);
        });
      },
    });
    expect((await post('/a2a')).status).toBe(200);
    expect((await post('/b')).status).toBe(401);
    expect(runs).toBe(1);
  });

  it('leaves an error of the app to the app', async () => {
    const { post } = await listen('/a2a', {
      setup: (app) => {
        app.use(() => {
          throw new Error('of the app');
        });
        app.use(
          ((_error, _req, res, _next) => void res.status(418).send('teapot')) as express.ErrorRequestHandler,
        );
      },
    });
    expect(await post('/b')).toEqual({ status: 418, body: 'teapot' });
    expect((await post('/a2a')).status).toBe(200);
  });

  it('stands before any listener of node, and leaves upgrades to the server', async () => {
    const { post, raw, port } = await listen('/a2a', { app: (_req, res) => void res.end('plain') });
    expect(await post('/b')).toEqual({ status: 200, body: 'plain' });
    // with no listener for upgrades, node reads such a request as any other
    const asked = await raw('GET /a2a', ['Upgrade: websocket']);
    expect(asked.status).toBe(405);
    const socket = connect(port, '127.0.0.1').end(
      'CONNECT agents.test:80 HTTP/1.1\r\nHost: agents.test\r\n\r\n',
    );
    let text = '';
    for await (const piece of socket) text += String(piece);
    expect(text).toBe('');
  });

  it.each([undefined, 'a2a', '/a b', '/a?b', '/a#b'])('refuses %p, which is no path', (mount) => {
    const a2a = a2aRouter<IncomingMessage>({ card, agent: () => 'hello' });
    closers.push(() => a2a.close());
    expect(() => a2a.before(express(), mount as string)).toThrow(ConfigError);
  });

  it('can be called only where any request will do', () => {
    type Callable<T> = T extends (...args: never) => unknown ? true : false;
    const plain: Callable<A2ARouter<IncomingMessage>['before']> = true;
    const forExpress: Callable<A2ARouter['before']> = false;
    const forUsers: Callable<A2ARouter<Request & { user: string }>['before']> = false;
    // @ts-expect-error -- an Express request is more than node's
    const call = (router: A2ARouter): unknown => router.before(express(), '/a2a');
    expect([plain, forExpress, forUsers, typeof call]).toEqual([true, false, false, 'function']);
  });
});
