import { request } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import type { A2AOptions } from '../../lib/express/options.ts';
import { a2aRouter, type A2ARouter } from '../../lib/express/router.ts';
import { message } from '../helpers/make-app.ts';
import { exchange } from '../helpers/raw-http.ts';
import { serve, type Served } from '../helpers/serve.ts';

const CARD_PATH = '/.well-known/agent-card.json';
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function agent(options: Partial<A2AOptions> = {}): A2ARouter {
  const card = { name: 'Test', description: 'For tests', version: '1' };
  const router = a2aRouter({ card, agent: () => 'hello', ...options });
  closers.unshift(() => router.close({ drainMs: 0 }));
  return router;
}

async function app(setup: (app: express.Express) => void): Promise<Served> {
  const served = await serve(setup);
  closers.unshift(served.close);
  return served;
}

/** A proxy as nginx is configured: it takes `prefix` off, and says what it knows in headers. */
async function proxy(
  to: Served,
  prefix: string,
  headers: (host: string) => Record<string, string>,
): Promise<Served> {
  return app((it) => {
    it.use(prefix === '' ? '/' : prefix, (req, res) => {
      const given = { ...req.headers, ...headers(String(req.headers.host)) };
      const { method, url: path } = req;
      const onward = request({ host: '127.0.0.1', port: to.port, method, path, headers: given }, (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
      });
      req.pipe(onward);
    });
  });
}

async function urlIn(cardUrl: string): Promise<string> {
  const card = (await (await fetch(cardUrl)).json()) as { supportedInterfaces: { url: string }[] }; // a card has interfaces
  return card.supportedInterfaces[0]?.url ?? '';
}

/** What a client does: reads the card, and sends a message to where it points. */
async function answerAt(cardUrl: string): Promise<[url: string, answer: unknown]> {
  const url = await urlIn(cardUrl);
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params: message('hi') });
  const sent = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  return [url, await sent.json()];
}

const ANSWERED = { result: { task: { artifacts: [{ parts: [{ text: 'hello' }] }] } } };

describe('a client that follows the card gets an answer (NEEDS 15)', () => {
  it.each<[string, string, (it: express.Express, router: A2ARouter) => void]>([
    ['at the origin', '', (it, router) => it.use(router)],
    ['below a path', '/a2a', (it, router) => it.use('/a2a', router)],
    ['below a path with a slash at its end', '/a2a', (it, router) => it.use('/a2a/', router)],
    ['below an encoded path', '/%C3%A4/b%20c', (it, router) => it.use('/%C3%A4/b%20c', router)],
    ['in a Router', '/v1/a2a', (it, router) => it.use('/v1', express.Router().use('/a2a', router))],
    [
      'in a Router in a Router with parameters',
      '/orgs/acme/agents/haiku',
      (it, router) =>
        it.use('/orgs/:org', express.Router().use('/agents', express.Router().use('/:name', router))),
    ],
    ['in an app in an app', '/sub/a2a', (it, router) => it.use('/sub', express().use('/a2a', router))],
    ['under two paths, the first', '/one', (it, router) => it.use('/one', router).use('/two', router)],
    ['under two paths, the second', '/two', (it, router) => it.use('/one', router).use('/two', router)],
    ['under a list of paths', '/two', (it, router) => it.use(['/one', '/two'], router)],
  ])('%s', async (_, mount, setup) => {
    const { origin } = await app((it) => {
      setup(it, agent());
    });
    const [url, answer] = await answerAt(`${origin}${mount}${CARD_PATH}`);
    expect(url).toBe(`${origin}${mount}`);
    expect(answer).toMatchObject(ANSWERED);
  });

  it.each([
    ['as it is', '', '/a2a', {}],
    [
      'with a path that the proxy takes off',
      '/apps/one',
      '/apps/one/a2a',
      { 'X-Forwarded-Prefix': '/apps/one' },
    ],
    ['with a slash too many', '/apps', '/apps/a2a', { 'X-Forwarded-Prefix': '/apps/' }],
  ])('behind a proxy that is trusted: %s', async (_, prefix, path, more) => {
    const inner = await app((it) => {
      const router = agent();
      it.set('trust proxy', 'loopback').use('/a2a', router).use(router.wellKnown('/a2a'));
    });
    const outer = await proxy(inner, prefix, (host) => ({
      ...{ host: 'inner.test', 'X-Forwarded-Host': host, 'X-Forwarded-Proto': 'http' },
      ...more,
    }));
    for (const at of [path, prefix]) {
      const [url, answer] = await answerAt(`${outer.origin}${at}${CARD_PATH}`);
      expect(url).toBe(`${outer.origin}${path}`);
      expect(answer).toMatchObject(ANSWERED);
    }
  });

  it('behind a proxy, with a fixed URL, whatever the headers say', async () => {
    const inner = await app((it) => it.use('/a2a', (req, res, next) => router(req, res, next)));
    const outer = await proxy(inner, '/x', () => ({ host: 'inner.test', 'X-Forwarded-Host': 'evil.test' }));
    const router = agent({ publicUrl: `${outer.origin}/x/a2a` });
    const [url, answer] = await answerAt(`${outer.origin}/x/a2a${CARD_PATH}`);
    expect(url).toBe(`${outer.origin}/x/a2a`);
    expect(answer).toMatchObject(ANSWERED);
  });
});

describe('what a proxy says (NEEDS 15)', () => {
  const FORWARDED = {
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'public.test',
    'X-Forwarded-Prefix': '/apps',
  };

  async function urlWith(trust: unknown, headers: Record<string, string>): Promise<string> {
    const { port } = await app((it) => it.set('trust proxy', trust).use('/a2a', agent()));
    const lines = Object.entries({ Host: 'agents.test', Connection: 'close', ...headers });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const { body } = await exchange(port, `GET /a2a${CARD_PATH} HTTP/1.1\r\n${head}\r\n`);
    return (JSON.parse(body) as { supportedInterfaces: [{ url: string }] }).supportedInterfaces[0].url;
  }

  it.each([
    ['not at all, where no proxy is trusted', false, FORWARDED, 'http://agents.test/a2a'],
    ['not where another proxy is trusted', '10.0.0.1', FORWARDED, 'http://agents.test/a2a'],
    ['where all are trusted', true, FORWARDED, 'https://public.test/apps/a2a'],
    ['where this one is trusted', 'loopback', FORWARDED, 'https://public.test/apps/a2a'],
    ['where one hop is trusted', 1, FORWARDED, 'https://public.test/apps/a2a'],
    ['by a function', () => true, FORWARDED, 'https://public.test/apps/a2a'],
    [
      'of several proxies, the first',
      true,
      { 'X-Forwarded-Prefix': '/a/b/, /c' },
      'http://agents.test/a/b/a2a',
    ],
    ['only if it is a path', true, { 'X-Forwarded-Prefix': 'apps' }, 'http://agents.test/a2a'],
    ['not if it is another host', true, { 'X-Forwarded-Prefix': '//evil.test' }, 'http://agents.test/a2a'],
    ['not with a query', true, { 'X-Forwarded-Prefix': '/a?b=' }, 'http://agents.test/a2a'],
    ['not with markup', true, { 'X-Forwarded-Prefix': '/<script>' }, 'http://agents.test/a2a'],
    ['not if it climbs', true, { 'X-Forwarded-Prefix': '/a/../..' }, 'http://agents.test/a2a'],
    ['not if it climbs by escapes', true, { 'X-Forwarded-Prefix': '/%2E./a' }, 'http://agents.test/a2a'],
    ['with dots in names', true, { 'X-Forwarded-Prefix': '/v1..2/.a' }, 'http://agents.test/v1..2/.a/a2a'],
    ['a protocol in capitals', true, { 'X-Forwarded-Proto': 'HTTPS' }, 'HTTPS://agents.test/a2a'],
    ['not if it is a slash', true, { 'X-Forwarded-Prefix': '/' }, 'http://agents.test/a2a'],
    ['not if it is empty', true, { 'X-Forwarded-Prefix': '' }, 'http://agents.test/a2a'],
  ])('counts %s', async (_, trust, headers, url) => {
    expect(await urlWith(trust, headers)).toBe(url);
  });
});

describe('a URL that a function gives (NEEDS 15)', () => {
  it('is that of the request, below the mount and at the origin', async () => {
    const { origin } = await app((it) => {
      const router = agent({ publicUrl: (req) => `https://${req.get('x-site') ?? 'no'}.example.com/a2a` });
      it.use('/a2a', router).use(router.wellKnown('/a2a'));
    });
    for (const path of ['/a2a', '']) {
      const response = await fetch(`${origin}${path}${CARD_PATH}`, { headers: { 'x-site': 'one' } });
      expect(await response.json()).toMatchObject({
        supportedInterfaces: Array.from({ length: 3 }, () => ({ url: 'https://one.example.com/a2a' })),
      });
      expect(response.headers.get('cache-control')).toBe('private');
    }
  });

  it.each<[string, () => unknown]>([
    ['fails', () => JSON.parse('hunter2') as unknown],
    ['gives nothing', () => undefined],
    ['gives a path', () => '/a2a'],
    ['gives another protocol', () => 'ftp://hunter2.test'],
    ['gives a promise', () => Promise.resolve('https://a.test')],
  ])('is an internal error where it %s', async (_, publicUrl) => {
    const errors: unknown[] = [];
    const { origin } = await app((it) =>
      it.use('/a2a', agent({ publicUrl: publicUrl as () => string, onError: (error) => errors.push(error) })),
    );
    const response = await fetch(`${origin}/a2a${CARD_PATH}`);
    expect([response.status, response.headers.get('content-type')]).toEqual([500, 'application/json']);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32603 } });
    expect(text).not.toContain('hunter2');
    expect(errors).toHaveLength(1);
  });
});
