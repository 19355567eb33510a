import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import type express from 'express';
import { createCard } from '../../lib/core/card.ts';
import { fakeClock } from '../helpers/fake-clock.ts';
import { type FakeHandler, fakeHandler, fakeService } from '../helpers/fake-service.ts';
import { exchange, type RawResponse } from '../helpers/raw-http.ts';
import { serve, type Served } from '../helpers/serve.ts';

const PATH = '/.well-known/agent-card.json';
const MADE_AT = 'Fri, 02 Jan 2026 03:04:05 GMT';

let served: Served | undefined;

afterEach(async () => {
  await served?.close();
  served = undefined;
});

function cardAt(url: string): object {
  return {
    name: 'Echo',
    description: 'Says it again',
    version: '1.2.3',
    supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
    capabilities: {
      streaming: true,
      pushNotifications: false,
      extendedAgentCard: false,
      extensions: [
        {
          uri: 'urn:express-a2a:resumable-stream:v1',
          description: 'Streams carry event ids, and SubscribeToTask goes on after the one in Last-Event-ID.',
          required: false,
        },
      ],
    },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [{ id: 'default', name: 'Echo', description: 'Says it again', tags: ['general'] }],
  };
}

async function get(
  path: string,
  given: {
    headers?: Record<string, string>;
    method?: string;
    setup?: (app: express.Express, handler: FakeHandler) => void;
    publicUrl?: string;
  } = {},
): Promise<RawResponse> {
  const { headers = {}, method = 'GET', publicUrl } = given;
  const setup = given.setup ?? ((app, handler) => app.use('/a2a', handler.handle));
  // a header has no milliseconds
  const clock = { ...fakeClock(), now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678) };
  const handler = fakeHandler(fakeService(), { clock, ...(publicUrl !== undefined && { publicUrl }) });
  await served?.close();
  served = await serve((app) => {
    setup(app, handler);
  });
  const lines = Object.entries({ Host: 'agents.test', Connection: 'close', ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return exchange(served.port, `${method} ${path} HTTP/1.1\r\n${head}\r\n`);
}

function urlOf({ body }: RawResponse): unknown {
  const card = JSON.parse(body) as { supportedInterfaces: { url: string }[] }; // a card has interfaces
  return card.supportedInterfaces[0]?.url;
}

describe('the card', () => {
  it('is served below the mount, private to the host it was asked under', async () => {
    const answer = await get(`/a2a${PATH}`);
    const etag = createHash('sha256').update(answer.body).digest('base64url').slice(0, 27);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual(cardAt('http://agents.test/a2a'));
    expect(answer.headers).toEqual({
      'x-powered-by': 'Express',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(answer.body)),
      'cache-control': 'private',
      etag: `"${etag}"`,
      'last-modified': MADE_AT,
      vary: 'A2A-Version, Host',
      date: expect.any(String),
      connection: 'close',
    });
  });

  it('is public for an hour where the URL is fixed', async () => {
    const answer = await get(`/a2a${PATH}`, { publicUrl: 'https://agents.example.com/echo' });
    expect(JSON.parse(answer.body)).toEqual(cardAt('https://agents.example.com/echo'));
    expect(answer.headers).toMatchObject({ 'cache-control': 'public, max-age=3600', vary: 'A2A-Version' });
  });

  it('has a head of its own', async () => {
    const { headers, body } = await get(`/a2a${PATH}`);
    const { date: _, ...expected } = headers;
    const answer = await get(`/a2a${PATH}`, { method: 'HEAD' });
    expect(answer).toMatchObject({ status: 200, headers: expected, body: '' });
    expect(body).not.toBe('');
  });

  it.each(['1.0', '0.3', 'nonsense', ''])('is the 1.0 card for A2A-Version %p', async (version) => {
    const answer = await get(`/a2a${PATH}`, { headers: { 'A2A-Version': version } });
    expect(JSON.parse(answer.body)).toEqual(cardAt('http://agents.test/a2a'));
  });

  it('adds to the Vary of others', async () => {
    const setup = (app: express.Express, handler: FakeHandler) =>
      void app
        .use((_req, res, next) => {
          res.setHeader('Vary', 'Origin, host');
          next();
        })
        .use('/a2a', handler.handle);
    const answer = await get(`/a2a${PATH}`, { setup });
    expect(answer.headers['vary']).toBe('Origin, Host, A2A-Version');
  });
});

describe('a card that the client has', () => {
  it.each([
    ['by its tag', { 'If-None-Match': 'TAG' }],
    ['by a list of tags', { 'If-None-Match': '"x", W/TAG' }],
    ['by any tag', { 'If-None-Match': '*' }],
    ['by its time', { 'If-Modified-Since': MADE_AT }],
    ['by a later time', { 'If-Modified-Since': 'Sat, 03 Jan 2026 03:04:05 GMT' }],
  ])('is not sent again: %s', async (_, headers) => {
    const { etag = '' } = (await get(`/a2a${PATH}`)).headers;
    const conditions = Object.entries(headers).map(([name, value]) => [name, value.replace('TAG', etag)]);
    const answer = await get(`/a2a${PATH}`, {
      headers: Object.fromEntries(conditions) as Record<string, string>,
    });
    expect(answer).toEqual({
      status: 304,
      headers: {
        'x-powered-by': 'Express',
        'cache-control': 'private',
        etag,
        'last-modified': MADE_AT,
        vary: 'A2A-Version, Host',
        date: expect.any(String),
        connection: 'close',
      },
      body: '',
    });
  });

  it.each([
    ['another tag', { 'If-None-Match': '"x"' }],
    ['another tag, whatever the time', { 'If-None-Match': '"x"', 'If-Modified-Since': MADE_AT }],
    ['an earlier time', { 'If-Modified-Since': 'Thu, 01 Jan 2026 03:04:05 GMT' }],
    ['no time', { 'If-Modified-Since': 'yesterday' }],
  ])('is sent where it may be another: %s', async (_, headers) => {
    expect((await get(`/a2a${PATH}`, { headers })).status).toBe(200);
  });

  it('is another one under another host', async () => {
    const { etag = '' } = (await get(`/a2a${PATH}`)).headers;
    const answer = await get(`/a2a${PATH}`, { headers: { Host: 'other.test', 'If-None-Match': etag } });
    expect(answer.status).toBe(200);
    expect(urlOf(answer)).toBe('http://other.test/a2a');
  });
});

describe('the URL in the card', () => {
  const mounted = (path: string) => (app: express.Express, handler: FakeHandler) =>
    void app.use(path, handler.handle);

  it.each([
    ['at the origin', '/', PATH, 'http://agents.test'],
    ['at a path', '/a/b', `/a/b${PATH}`, 'http://agents.test/a/b'],
    ['below a parameter', '/agents/:name', `/agents/ada${PATH}`, 'http://agents.test/agents/ada'],
  ])('is where the agent is mounted: %s', async (_, mount, path, url) => {
    expect(urlOf(await get(path, { setup: mounted(mount) }))).toBe(url);
  });

  it('has the port that was asked', async () => {
    expect(urlOf(await get(`/a2a${PATH}`, { headers: { Host: 'agents.test:8080' } }))).toBe(
      'http://agents.test:8080/a2a',
    );
  });

  const forwarded = { 'X-Forwarded-Host': 'public.test:8443, inner.test', 'X-Forwarded-Proto': 'https' };

  it('does not believe a proxy that the app does not trust', async () => {
    expect(urlOf(await get(`/a2a${PATH}`, { headers: forwarded }))).toBe('http://agents.test/a2a');
  });

  it('is that of the proxy where the app trusts it', async () => {
    const setup = (app: express.Express, handler: FakeHandler) =>
      void app.set('trust proxy', 'loopback').use('/a2a', handler.handle);
    expect(urlOf(await get(`/a2a${PATH}`, { headers: forwarded, setup }))).toBe(
      'https://public.test:8443/a2a',
    );
  });

  it.each([
    ['with blanks', 'a b<script>'],
    ['that is empty', ''],
    ['with a path', 'agents.test/'],
    ['with a query', 'agents.test?'],
    ['with a user', 'ada:secret@agents.test'],
  ])('is not made of a host that is none: one %s', async (_, host) => {
    const answer = await get(`/a2a${PATH}`, { headers: { Host: host } });
    expect(answer).toMatchObject({ status: 400, headers: { 'content-type': 'application/json' } });
    expect(JSON.parse(answer.body)).toEqual({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32600, message: 'The Host header is not valid: send the name of this host' },
    });
  });

  it.each(['javascript', 'ftp', 'a b'])(
    'is not made of a protocol that is not of the web: %s',
    async (protocol) => {
      const setup = (app: express.Express, handler: FakeHandler) =>
        void app.set('trust proxy', 'loopback').use('/a2a', handler.handle);
      const answer = await get(`/a2a${PATH}`, { headers: { 'X-Forwarded-Proto': protocol }, setup });
      expect(answer).toMatchObject({ status: 400, headers: { 'content-type': 'application/json' } });
      expect(JSON.parse(answer.body)).toEqual({
        jsonrpc: '2.0',
        id: null,
        error: { code: -32600, message: 'X-Forwarded-Proto must be http or https' },
      });
    },
  );
});

describe('wellKnown', () => {
  const setup = (app: express.Express, handler: FakeHandler) =>
    void app.use(handler.wellKnown('/a2a')).use((req, res) => {
      res.status(404).type('text').send(`neighbour ${req.method} ${req.url}`);
    });

  it.each([PATH, `http://agents.test${PATH}`])(
    'serves the card of the mount at the origin: %s',
    async (target) => {
      const answer = await get(target, { setup });
      expect(JSON.parse(answer.body)).toEqual(cardAt('http://agents.test/a2a'));
    },
  );

  it.each(['a2a', 'http://agents.test/a2a', '/a b', '/a?b', undefined])(
    'refuses what is no path of a mount when it is made: %p',
    (mount) => {
      const make = () => fakeHandler(fakeService()).wellKnown(mount as string); // what JavaScript may pass
      expect(make).toThrow(expect.objectContaining({ code: 'ERR_A2A_OPTIONS' }));
    },
  );

  it.each([
    ['/', 'http://agents.test'],
    ['', 'http://agents.test'],
    ['/a2a/', 'http://agents.test/a2a'],
  ])('takes the mount as Express does: %p', async (mount, url) => {
    const mounted = (app: express.Express, handler: FakeHandler) => void app.use(handler.wellKnown(mount));
    expect(urlOf(await get(PATH, { setup: mounted }))).toBe(url);
  });

  it.each([
    ['GET', '/', 'neighbour GET /'],
    ['POST', PATH, `neighbour POST ${PATH}`],
    ['OPTIONS', PATH, `neighbour OPTIONS ${PATH}`],
    ['GET', `${PATH}/x`, `neighbour GET ${PATH}/x`],
  ])('leaves the rest alone: %s %s', async (method, path, body) => {
    expect(await get(path, { setup, method })).toMatchObject({ status: 404, body });
  });

  it('names the fixed URL where there is one', async () => {
    const answer = await get(PATH, { setup, publicUrl: 'https://agents.example.com/echo' });
    expect(urlOf(answer)).toBe('https://agents.example.com/echo');
  });
});

describe('what the author says', () => {
  it('goes first, and is not touched by later changes', () => {
    const skills = [{ id: 's', name: 'S', description: '', tags: ['t'] }];
    const source = createCard({
      ...{ name: 'N', description: '', version: '1', skills, defaultInputModes: ['image/png'] },
      capabilities: { extensions: [{ uri: 'urn:x', required: true }] },
      provider: { organization: 'O', url: 'https://o.test' },
    });
    skills.length = 0;
    const card = source.at('https://x.test');
    expect(card).toMatchObject({
      skills: [{ id: 's', name: 'S', description: '', tags: ['t'] }],
      defaultInputModes: ['image/png'],
      defaultOutputModes: ['text/plain'],
      provider: { organization: 'O', url: 'https://o.test' },
    });
    expect(card.capabilities.extensions?.map(({ uri, required }) => [uri, required])).toEqual([
      ['urn:x', true],
      ['urn:express-a2a:resumable-stream:v1', false],
    ]);
  });
});
