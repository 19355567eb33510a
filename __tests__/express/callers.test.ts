import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { A2AOptions } from '../../lib/express/options.ts';
import { errorInfo } from '../helpers/ask.ts';
import { listTasks, start } from '../helpers/calls.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';
import { verifies } from '../requirements.ts';

const apps: AgentApp[] = [];

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

async function serve(options: Partial<A2AOptions>): Promise<AgentApp> {
  const app = await makeApp(options);
  apps.push(app);
  return app;
}

const SECRET = 'ldap://root:hunter2@internal';

function thrown(fields: object, text = SECRET): () => never {
  return () => {
    throw Object.assign(new Error(text), fields);
  };
}

const REASONS = {
  401: ['UNAUTHENTICATED', 'Authentication is required'],
  403: ['PERMISSION_DENIED', 'This caller is not allowed to do that'],
  429: ['RATE_LIMITED', 'Too many calls; try again later'],
  503: ['UNAVAILABLE', 'The server can not tell now who calls; try again later'],
} as const;

/** What `owner` throws; the status, the reason and the headers that the client gets. */
const REFUSALS: [string, () => unknown, number, keyof typeof REASONS, Record<string, string | null>][] = [
  ['a bare 401', thrown({ status: 401 }), 401, 401, { 'www-authenticate': 'A2A realm="agent"' }],
  [
    'a 401 with a challenge',
    thrown({ status: 401, headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } }),
    ...([401, 401, { 'www-authenticate': 'Bearer error="invalid_token"' }] as const),
  ],
  [
    'a 401 with two challenges in one lower-case header',
    thrown({ statusCode: 401, headers: { 'www-authenticate': ['Bearer', 'Basic realm="x"'] } }),
    ...([401, 401, { 'www-authenticate': 'Bearer, Basic realm="x"' }] as const),
  ],
  [
    'a 401 with Headers',
    thrown({ status: 401, headers: new Headers({ 'www-authenticate': 'Negotiate' }) }),
    ...([401, 401, { 'www-authenticate': 'Negotiate' }] as const),
  ],
  [
    'an object that is no Error',
    () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- applications throw what they like
      throw { status: 401 };
    },
    ...([401, 401, { 'www-authenticate': 'A2A realm="agent"' }] as const),
  ],
  ['a 403', thrown({ status: 403 }), 403, 403, { 'www-authenticate': null }],
  ['a rejection', () => Promise.reject(Object.assign(new Error(SECRET), { status: 403 })), 403, 403, {}],
  ['a 400', thrown({ status: 400, headers: { 'WWW-Authenticate': 'Bearer' } }), 400, 403, {}],
  ['a 418', thrown({ statusCode: 418 }), 418, 403, {}],
  ['a bare 429', thrown({ status: 429 }), 429, 429, { 'retry-after': '5' }],
  [
    'a 429 with a time',
    thrown({ status: 429, headers: { 'Retry-After': 60 } }),
    429,
    429,
    { 'retry-after': '60' },
  ],
  ['a 503', thrown({ status: 503 }), 503, 503, { 'retry-after': '5' }],
  ['a 500', thrown({ status: 500 }), 500, 503, { 'retry-after': null }],
  [
    'headers that would break the answer',
    thrown({
      status: 403,
      headers: {
        'Content-Length': '3',
        'content-type': 'text/html',
        'Transfer-Encoding': 'chunked',
        Connection: 'close',
        'X-Fine': 'yes',
        'X-Split': 'a\r\nSet-Cookie: b=c',
        'not a name': 'x',
        'X-Absent': undefined,
      },
    }),
    ...([403, 403, { 'x-fine': 'yes', 'x-split': null, 'set-cookie': null, 'x-absent': null }] as const),
  ],
  ['headers that are none', thrown({ status: 403, headers: 'WWW-Authenticate' }), 403, 403, {}],
];

describe('an error of `owner` that asks for a status (NEEDS 17)', () => {
  it.each(REFUSALS)('gets it, with its headers: %s', async (_, owner, status, kind, headers) => {
    verifies('3.3.2-authorization');
    const errors: unknown[] = [];
    const app = await serve({ owner: owner as () => never, onError: (error) => errors.push(error) });
    for (const method of ['SendMessage', 'SendStreamingMessage', 'ListTasks']) {
      const response = await app.open(method, message('hi'));
      const text = await response.text();
      expect(text).not.toContain('hunter2');
      const [reason, words] = REASONS[kind];
      const error = { code: -32000, message: words, data: [errorInfo(reason, 'express-a2a')] };
      expect([response.status, JSON.parse(text)]).toEqual([status, { jsonrpc: '2.0', id: 1, error }]);
      expect(response.headers.get('content-type')).toBe('application/json');
      for (const [name, value] of Object.entries(headers))
        expect([name, response.headers.get(name)]).toEqual([name, value]);
    }
    // what is the server's fault is told to it
    expect(errors).toHaveLength(status >= 500 ? 3 : 0);
  });

  it.each<[string, string, Partial<A2AOptions>]>([
    ['tenants', 'ListTasks', { tenants: thrown({ status: 403, headers: { 'X-Why': 'left' } }) }],
    [
      'extendedCard',
      'GetExtendedAgentCard',
      { owner: () => 'ada', extendedCard: thrown({ status: 403, headers: { 'X-Why': 'left' } }) },
    ],
  ])('keeps its status and headers where `%s` throws it, too', async (_, method, options) => {
    const errors: unknown[] = [];
    const app = await serve({ ...options, onError: (error) => errors.push(error) });
    const response = await app.open(method);
    expect([response.status, response.headers.get('x-why')]).toEqual([403, 'left']);
    const error = {
      code: -32000,
      message: 'This caller is not allowed to do that',
      data: [errorInfo('PERMISSION_DENIED', 'express-a2a')],
    };
    expect(await response.json()).toEqual({ jsonrpc: '2.0', id: 1, error });
    expect(errors).toEqual([]);
  });

  it.each<[string, string, Partial<A2AOptions>]>([
    ['tenants', 'ListTasks', { tenants: thrown({ status: 502 }) }],
    ['extendedCard', 'GetExtendedAgentCard', { owner: () => 'ada', extendedCard: thrown({ status: 502 }) }],
  ])('says nothing of the caller where `%s` is what fails', async (_, method, options) => {
    const errors: unknown[] = [];
    const app = await serve({ ...options, onError: (error) => errors.push(error) });
    const response = await app.open(method);
    const error = {
      code: -32000,
      message: 'The server can not answer this now; try again later',
      data: [errorInfo('UNAVAILABLE', 'express-a2a')],
    };
    expect([response.status, await response.json()]).toEqual([502, { jsonrpc: '2.0', id: 1, error }]);
    expect(errors).toEqual([expect.objectContaining({ status: 502 })]);
  });

  it('is shown in its own words where `expose` says so', async () => {
    const app = await serve({ owner: thrown({ status: 401, expose: true }, 'The token has expired') });
    const response = await app.open('ListTasks');
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { message: 'The token has expired' } });
  });

  it('is told how to authenticate by the card, where it does not say so itself', async () => {
    const app = await serve({
      card: {
        ...{ name: 'Test', description: 'For tests', version: '1.0.0' },
        securitySchemes: { bearer: { httpAuthSecurityScheme: { scheme: 'Bearer' } } },
      },
      owner: thrown({ status: 401 }),
    });
    expect((await app.open('ListTasks')).headers.get('www-authenticate')).toBe('Bearer');
  });
});

describe('any other error of `owner` or `caller` (NEEDS 17)', () => {
  it.each([
    ['none', thrown({})],
    ['a 200', thrown({ status: 200 })],
    ['a 399', thrown({ status: 399 })],
    ['a 600', thrown({ status: 600 })],
    ['a text', thrown({ status: '401' })],
    ['a fraction', thrown({ status: 401.5 })],
    ['a method', thrown({ status: () => 401 })],
  ])('is an internal one, with an error id and nothing else: a status that is %s', async (_, fail) => {
    for (const options of [{ owner: fail }, { caller: fail }]) {
      const errors: unknown[] = [];
      const app = await serve({ ...options, onError: (error) => errors.push(error) });
      const response = await app.open('SendMessage', message('hi'));
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({
        ...{ jsonrpc: '2.0', id: 1 },
        error: { code: -32603, message: expect.stringMatching(/^Internal error \(error id [\w-]{36}\)$/) },
      });
      expect(errors).toEqual([expect.objectContaining({ message: SECRET })]);
    }
  });
});

describe('`enforceAuth: false` (NEEDS 4)', () => {
  const card = {
    ...{ name: 'Test', description: 'For tests', version: '1.0.0' },
    securitySchemes: { bearer: { httpAuthSecurityScheme: { scheme: 'Bearer' } } },
    securityRequirements: [{ schemes: { bearer: { list: [] } } }],
  };
  const owner = (req: IncomingMessage) => req.headers['x-user']?.toString() ?? null;

  it('lets anonymous callers in, who can not list', async () => {
    const app = await serve({ card, owner, enforceAuth: false });
    const task = await start(app, 'hi');
    expect(await app.call('GetTask', { id: task.id })).toMatchObject({ result: { id: task.id } });
    expect(await listTasks(app, { pageSize: 7 })).toEqual({
      tasks: [],
      nextPageToken: '',
      pageSize: 7,
      totalSize: 0,
    });
    expect(await app.call('ListTasks', { pageToken: 'x' })).toMatchObject({ error: { code: -32602 } });
    await start(app, 'hi', { 'x-user': 'ada' });
    expect((await listTasks(app, {}, { 'x-user': 'ada' })).totalSize).toBe(1);
  });

  it('lists for anonymous callers where the card declares no security', async () => {
    const app = await serve({ owner, enforceAuth: false });
    await start(app, 'hi');
    expect((await listTasks(app)).totalSize).toBe(1);
  });

  it.each([
    ['once, where the card declares security', { card, enforceAuth: false }, 1],
    ['not without security', { enforceAuth: false }, 0],
    ['not where it is enforced', { card }, 0],
  ])('warns %s', async (_, options, times) => {
    const codes: unknown[] = [];
    const quiet = () => undefined;
    const logger = {
      debug: quiet,
      info: quiet,
      error: quiet,
      warn: ({ code }: { code?: string }) => codes.push(code),
    };
    const app = await serve({ ...options, owner, logger });
    await app.open('ListTasks');
    await app.open('ListTasks');
    expect(codes.filter((code) => code === 'ERR_A2A_AUTH_OFF')).toHaveLength(times);
  });
});

it.each<[string, unknown]>([
  ['an object', { code: 'E_DB' }],
  ['what has no text', Object.create(null)],
  ['nothing', undefined],
])('what `owner` throws at once is reported as it is, and the call is answered: %s', async (_, what) => {
  const errors: unknown[] = [];
  const owner = () => {
    throw what;
  };
  const app = await serve({ owner, onError: (error) => errors.push(error) });
  // the first call also waits for the start of the storage
  await app.open('ListTasks');
  const response = await app.open('ListTasks');
  expect(await response.json()).toMatchObject({ id: 1, error: { code: -32603 } });
  expect(errors).toEqual([what, what]);
});
