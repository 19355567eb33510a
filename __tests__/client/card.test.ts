import { afterEach, describe, expect, it } from '@jest/globals';
import { A2AClient, type CachedCard, type ClientOptions } from '../../lib/client/index.ts';
import { type AgentApp, makeApp } from '../helpers/make-app.ts';
import {
  card,
  failure,
  json,
  result,
  scriptedFetch,
  type ScriptedFetch,
  task,
} from '../helpers/scripted-fetch.ts';

let app: AgentApp | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

/** A site with these paths. */
function site(paths: Readonly<Record<string, () => Response>>): ScriptedFetch {
  return scriptedFetch({
    card: [({ url }) => paths[new URL(url).pathname]?.() ?? new Response('no', { status: 404 })],
  });
}
const found = () => Response.json(card());
const WELL_KNOWN = '/.well-known/agent-card.json';

describe('the card', () => {
  it.each(['', '/', '/a2a', '/a2a/', '/a2a/.well-known/agent-card.json', '/elsewhere'])(
    'of our server is found from its origin%s',
    async (path) => {
      app = await makeApp();
      const client = await A2AClient.connect(`${app.origin}${path}`);
      expect([client.card.name, client.interface]).toEqual([
        'Test',
        { url: app.url, version: '1.0', binding: 'JSONRPC', tenant: undefined },
      ]);
    },
  );

  it.each([
    ['http://a.test/x', [`/x${WELL_KNOWN}`, WELL_KNOWN]],
    ['http://a.test/x/?q=1#h', [`/x${WELL_KNOWN}`, WELL_KNOWN]],
    ['http://a.test', [WELL_KNOWN]],
    ['http://a.test/my/card.json?v=1', ['/my/card.json']],
  ])('of %s is looked for at %j', async (url, paths) => {
    const wire = site({});
    await expect(A2AClient.connect(url, { fetch: wire.fetch })).rejects.toMatchObject({
      code: 'ERR_A2A_CARD',
    });
    expect(wire.asked.map((each) => new URL(each.url).pathname)).toEqual(paths);
  });

  it('below the path counts before that of the origin, and a page is no card', async () => {
    const other = () => Response.json(card({ name: 'Other' }));
    const both = site({ [`/x${WELL_KNOWN}`]: found, [WELL_KNOWN]: other });
    expect((await A2AClient.connect('http://a.test/x', { fetch: both.fetch })).card.name).toBe('Scripted');
    const page = site({ [`/x${WELL_KNOWN}`]: () => new Response('<html>'), [WELL_KNOWN]: other });
    expect((await A2AClient.connect(new URL('http://a.test/x'), { fetch: page.fetch })).card.name).toBe(
      'Other',
    );
  });

  it.each([
    ['no URL', 'agent', 'ERR_A2A_CARD'],
    ['another protocol', 'ftp://a.test', 'ERR_A2A_CARD'],
    ['nothing', '', 'ERR_A2A_CARD'],
  ])('is not looked for at %s', async (_, url, code) => {
    await expect(A2AClient.connect(url)).rejects.toMatchObject({ code });
  });

  it.each([
    ['no JSON', () => new Response('{')],
    ['a list', () => Response.json([])],
    ['nameless', () => Response.json({ supportedInterfaces: [] })],
    ['without an interface', () => Response.json({ name: 'x' })],
  ])('that is %s is refused, with where it is', async (_, answer) => {
    const { fetch } = site({ [WELL_KNOWN]: answer });
    await expect(A2AClient.connect('http://a.test', { fetch })).rejects.toMatchObject({
      code: 'ERR_A2A_CARD',
      message: expect.stringContaining('http://a.test/.well-known/agent-card.json'),
    });
  });

  it.each([401, 403, 500, 503])('that is answered with %i is not looked for elsewhere', async (status) => {
    const wire = site({ [`/x${WELL_KNOWN}`]: () => new Response('no', { status }), [WELL_KNOWN]: found });
    await expect(A2AClient.connect('http://a.test/x', { fetch: wire.fetch })).rejects.toMatchObject({
      status,
    });
  });

  it('may take only so long, and a signal ends the wait', async () => {
    const never: typeof fetch = (_, init) =>
      new Promise((__, reject) =>
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error)),
      );
    await expect(
      A2AClient.connect('http://a.test', { fetch: never, timeouts: { cardMs: 10 } }),
    ).rejects.toMatchObject({
      code: 'ERR_A2A_TIMEOUT',
      phase: 'card',
    });
    const reason = new Error('enough');
    await expect(
      A2AClient.connect('http://a.test', { fetch: never, signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
  });

  it('that nobody serves says what was tried', async () => {
    const gone = await makeApp();
    await gone.close();
    await expect(A2AClient.connect(gone.origin)).rejects.toMatchObject({
      code: 'ERR_A2A_CONNECTION',
      mayHaveArrived: false,
      message: expect.stringContaining(gone.origin),
    });
  });
});

describe('a cache of cards', () => {
  async function read(headers: Record<string, string>, times = 2): Promise<ScriptedFetch> {
    const wire = scriptedFetch({
      card: [
        ({ headers: asked }) =>
          asked.has('if-none-match') || asked.has('if-modified-since')
            ? new Response(null, { status: 304, headers })
            : Response.json(card(), { headers }),
      ],
    });
    const options: ClientOptions = { fetch: wire.fetch, cardCache: new Map<string, CachedCard>() };
    for (let time = 0; time < times; time++)
      expect((await A2AClient.connect('http://a.test', options)).card.name).toBe('Scripted');
    return wire;
  }

  it.each([
    ['max-age', { 'Cache-Control': 'public, max-age=60', Vary: 'A2A-Version, Host' }, 1],
    ['Expires', { Date: 'Thu, 01 Jan 2026 00:00:00 GMT', Expires: 'Thu, 01 Jan 2026 01:00:00 GMT' }, 1],
    ['an Age', { 'Cache-Control': 'max-age=60', Age: '60' }, 2],
    ['nothing', {}, 2],
    ['no-cache', { 'Cache-Control': 'no-cache, max-age=60' }, 2],
    ['no-store', { 'Cache-Control': 'no-store, max-age=60' }, 2],
    ['Vary: *', { 'Cache-Control': 'max-age=60', Vary: '*' }, 2],
    ['Vary: Authorization', { 'Cache-Control': 'max-age=60', Vary: 'Authorization' }, 2],
  ])('asks again as %s says', async (_, headers, requests) => {
    expect((await read(headers)).asked).toHaveLength(requests);
  });

  it.each([
    ['If-None-Match', { ETag: '"v1"' }, '"v1"'],
    [
      'If-Modified-Since',
      { 'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT' },
      'Thu, 01 Jan 2026 00:00:00 GMT',
    ],
  ])('asks with %s whether the card is still right', async (name, headers, value) => {
    const wire = await read(headers, 3);
    expect(wire.asked.map((each) => each.headers.get(name))).toEqual([null, value, value]);
  });

  it('keeps what our server sends, and takes its 304', async () => {
    app = await makeApp({ publicUrl: 'http://agent.test/a2a' });
    const statuses: number[] = [];
    const counting: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      statuses.push(response.status);
      return response;
    };
    const cardCache = new Map<string, CachedCard>();
    const client = await A2AClient.connect(app.origin, { fetch: counting, cardCache });
    await client.refreshCard();
    expect(statuses).toEqual([200]);
    for (const [key, kept] of cardCache) cardCache.set(key, { ...kept, freshUntil: 0 });
    expect(await client.refreshCard()).toEqual(client.card);
    await client.refreshCard();
    expect(statuses).toEqual([200, 304]);
  });
});

describe('a request', () => {
  it('says the version, also the one for the card, and the extensions that were asked for', async () => {
    const wire = scriptedFetch({ card: [json(card())], GetTask: [result(task('TASK_STATE_WORKING').task)] });
    const client = await A2AClient.connect('http://a.test', {
      fetch: wire.fetch,
      extensions: ['urn:x', 'urn:y'],
      headers: { 'X-Key': 'k' },
    });
    await client.getTask('t');
    expect(
      wire.asked.map(({ headers }) =>
        ['a2a-version', 'a2a-extensions', 'x-key'].map((name) => headers.get(name)),
      ),
    ).toEqual([
      ['1.0', null, 'k'],
      ['1.0', 'urn:x, urn:y', 'k'],
    ]);
  });

  it('is sent again once with new headers after a 401', async () => {
    const wire = scriptedFetch({
      GetTask: [
        ({ headers, id }) =>
          headers.get('authorization') === 'Bearer 2'
            ? Response.json({ jsonrpc: '2.0', id, result: task('TASK_STATE_WORKING').task })
            : new Response('no', { status: 401 }),
      ],
      ListTasks: [failure(-32000, 'no', undefined, 401)],
    });
    let token = 0;
    const asked: boolean[] = [];
    const client = await A2AClient.connect(card(), {
      fetch: wire.fetch,
      headers: async ({ unauthorized, url }) => {
        expect(url).toBe('http://agent.test/a2a');
        asked.push(unauthorized);
        token += 1;
        return { Authorization: `Bearer ${String(token)}` };
      },
    });
    expect((await client.getTask('t')).id).toBe('t');
    await expect(client.listTasks()).rejects.toMatchObject({ httpStatus: 401, code: -32000 });
    expect(asked).toEqual([false, true, false, true]);
    // headers that are a value can not become others
    const fixed = await A2AClient.connect(card(), {
      fetch: wire.fetch,
      headers: { Authorization: 'Bearer 1' },
    });
    await expect(fixed.getTask('t')).rejects.toMatchObject({ code: 'ERR_A2A_RESPONSE', status: 401 });
    expect(wire.asked).toHaveLength(5);
  });

  it('carries the tenant exactly as the interface has it', async () => {
    const at = (tenant?: string) =>
      card({
        supportedInterfaces: [
          {
            url: 'http://agent.test/a2a',
            protocolBinding: 'JSONRPC',
            protocolVersion: '1.0',
            ...(tenant !== undefined && { tenant }),
          },
        ],
      });
    const wire = scriptedFetch({ GetTask: [result(task('TASK_STATE_WORKING').task)] });
    for (const agent of [at('acme'), at(), at('')]) {
      const client = await A2AClient.connect(agent, { fetch: wire.fetch });
      await client.getTask({ id: 't', tenant: 'mine' });
    }
    expect(wire.asked.map(({ params }) => params)).toEqual([
      { id: 't', tenant: 'acme' },
      { id: 't' },
      { id: 't' },
    ]);
  });
});
