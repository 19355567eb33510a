import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type express from 'express';
import pino from 'pino';
import type { A2AOptions } from '../../lib/express/options.ts';
import { a2aRouter, type A2ARouter } from '../../lib/express/router.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { inFrontOf, message } from '../helpers/make-app.ts';
import { exchange, post } from '../helpers/raw-http.ts';
import { serve, type Served } from '../helpers/serve.ts';

const { NODE_ENV } = process.env;
const open: (Served | A2ARouter)[] = [];

afterEach(async () => {
  process.env['NODE_ENV'] = NODE_ENV;
  for (const each of open.splice(0)) await each.close();
});

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly code?: string;
  readonly err?: { readonly message: string; readonly stack: string };
}

/** What a pino logger wrote. */
function log() {
  const lines: Line[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line) as Line) });
  return { logger, lines, codes: () => lines.flatMap(({ code }) => code ?? []) };
}

const CARD = '/a2a/.well-known/agent-card.json';
const LIST = '{"jsonrpc":"2.0","id":1,"method":"ListTasks"}';
const secured = {
  name: 'N',
  description: 'D',
  version: '1',
  securitySchemes: {
    bearer: { httpAuthSecurityScheme: { scheme: 'Bearer' } },
    key: { apiKeySecurityScheme: { location: 'header', name: 'X-Key' } },
  },
  securityRequirements: [{ schemes: { bearer: { list: [] } } }],
};
const card = { name: 'N', description: 'D', version: '1' };

interface Given {
  readonly env?: string;
  readonly options?: Partial<A2AOptions>;
  readonly setup?: (app: express.Express) => void;
  readonly headers?: Record<string, string>;
  readonly path?: string;
  /** Puts the agent in front of the app. */
  readonly isBefore?: boolean;
}

/** Makes a router and asks twice: for the card, or with a call. Gives the codes of what was logged. */
async function codesOf({
  env = 'test',
  options,
  setup,
  headers = {},
  path = CARD,
  isBefore = false,
}: Given): Promise<string[]> {
  process.env['NODE_ENV'] = env;
  const { logger, codes } = log();
  const router = a2aRouter({ card, agent: () => 'x', logger, ...options });
  open.push(router);
  const served = await serve(
    (app) => {
      setup?.(app);
      if (!isBefore) app.use('/a2a', router);
    },
    (app) => (isBefore ? inFrontOf(app, router) : app),
  );
  open.unshift(served);
  for (let i = 0; i < 2; i++) {
    if (path === CARD) {
      const head = post(CARD, '', headers).replace('POST', 'GET').replace('Content-Length: 0\r\n', '');
      expect((await exchange(served.port, head)).status).toBe(200);
    } else await exchange(served.port, post(path, LIST, headers), LIST);
  }
  return codes();
}

// NEEDS 28 and 42
describe('what is probably not meant is warned of once', () => {
  const memory = memoryBackend();
  const forwarded = { 'X-Forwarded-Host': 'agents.example.com', 'X-Forwarded-Proto': 'https' };
  const signedIn = { Authorization: 'Bearer x' };

  it.each<[string, Given, string[]]>([
    ['nothing in development', { headers: { Host: 'localhost:3000' } }, []],
    ['memory in production', { env: 'production' }, ['ERR_A2A_MEMORY_STORAGE']],
    ['memory that was chosen', { env: 'production', options: { ...memory, storage: memory.storage } }, []],
    [
      'a public URL on this machine',
      { env: 'production', options: { ...memoryBackend(), publicUrl: 'http://localhost:3000/a2a' } },
      ['ERR_A2A_LOCAL_CARD'],
    ],
    [
      'a card that names this machine',
      { env: 'production', options: memoryBackend(), headers: { Host: '127.0.0.1:3000' } },
      ['ERR_A2A_LOCAL_CARD'],
    ],
    [
      'a function that gives a URL of this machine',
      {
        env: 'production',
        options: { ...memoryBackend(), publicUrl: () => 'http://localhost:3000/a2a' },
        headers: { Host: 'a.example.com' },
      },
      ['ERR_A2A_LOCAL_CARD'],
    ],
    [
      'a card with a public URL',
      {
        env: 'production',
        options: { ...memoryBackend(), publicUrl: 'https://a.example.com/a2a' },
        headers: { Host: 'localhost', ...forwarded },
      },
      [],
    ],
    ['a proxy that is not trusted', { headers: forwarded }, ['ERR_A2A_TRUST_PROXY']],
    [
      'a prefix of a proxy that is not trusted',
      { headers: { 'X-Forwarded-Prefix': '/x' } },
      ['ERR_A2A_TRUST_PROXY'],
    ],
    [
      'a proxy that the app behind does not trust',
      { isBefore: true, headers: forwarded },
      ['ERR_A2A_TRUST_PROXY'],
    ],
    [
      'a proxy that the app behind trusts',
      { isBefore: true, headers: forwarded, setup: (app) => app.set('trust proxy', 1) },
      [],
    ],
    [
      'a card in front of the app that names this machine',
      { isBefore: true, env: 'production', options: memoryBackend(), headers: { Host: '127.0.0.1:3000' } },
      ['ERR_A2A_LOCAL_CARD'],
    ],
    [
      'credentials that nobody looked at in front of the app',
      { isBefore: true, options: { card: secured }, headers: signedIn, path: '/a2a' },
      ['ERR_A2A_NO_IDENTITY'],
    ],
    ['a proxy that is trusted', { headers: forwarded, setup: (app) => app.set('trust proxy', 1) }, []],
    [
      'a proxy that is not trusted, in front of a public URL',
      { headers: forwarded, options: { publicUrl: 'https://a.example.com' } },
      [],
    ],
    [
      'credentials that nobody looked at',
      { options: { card: secured }, headers: signedIn, path: '/a2a' },
      ['ERR_A2A_NO_IDENTITY'],
    ],
    [
      'a key that nobody looked at',
      { options: { card: secured }, headers: { 'X-Key': 'k' }, path: '/a2a' },
      ['ERR_A2A_NO_IDENTITY'],
    ],
    ['no credentials', { options: { card: secured }, path: '/a2a' }, []],
    [
      'credentials that somebody looked at',
      {
        options: { card: secured },
        headers: signedIn,
        path: '/a2a',
        setup: (app) =>
          app.use((req, _res, next) => {
            Object.assign(req, { user: { id: 'ada' } });
            next();
          }),
      },
      [],
    ],
    [
      'credentials that an owner function refuses',
      { options: { card: secured, owner: () => null }, headers: signedIn, path: '/a2a' },
      [],
    ],
    ['credentials where none are declared', { headers: signedIn, path: '/a2a' }, []],
  ])('%s', async (_, given, codes) => {
    expect(await codesOf(given)).toEqual(codes);
  });
});

describe('a stream that is compressed', () => {
  const squeeze =
    (withFlush: boolean): express.RequestHandler =>
    (_req, res, next) => {
      const writeHead = res.writeHead.bind(res);
      Object.assign(res, {
        ...(withFlush && { flush: () => undefined }),
        // what such middleware does when the head goes out
        writeHead: (...head: Parameters<typeof writeHead>) => {
          res.setHeader('Content-Encoding', 'identity');
          return writeHead(...head);
        },
      });
      next();
    };

  it.each([
    ['by middleware that can not flush', squeeze(false), ['ERR_A2A_COMPRESSED_STREAM']],
    ['by middleware that can', squeeze(true), []],
  ])('%s', async (_, middleware, codes) => {
    const { logger, codes: seen } = log();
    const router = a2aRouter({ card, agent: () => 'x', logger });
    open.push(router);
    const served = await serve((app) => app.use(middleware).use('/a2a', router));
    open.unshift(served);
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'SendStreamingMessage',
      params: message('hi'),
    });
    for (let i = 0; i < 2; i++) await exchange(served.port, post('/a2a', body), body);
    expect(seen()).toEqual(codes);
  });
});

describe('the logger', () => {
  async function failing(logger: NonNullable<A2AOptions['logger']> | undefined): Promise<unknown> {
    const agent = () => Promise.reject(new Error('hunter2'));
    const router = a2aRouter({ card, agent, ...(logger && { logger }) });
    open.push(router);
    const served = await serve((app) => app.use('/a2a', router));
    open.unshift(served);
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params: message('hi') });
    return JSON.parse((await exchange(served.port, post('/a2a', body), body)).body);
  }
  const failed = { result: { task: { status: { state: 'TASK_STATE_FAILED' } } } };

  it('of pino gets errors with their stack, and the ids that find them', async () => {
    const { logger, lines } = log();
    expect(await failing(logger)).toMatchObject(failed);
    expect(lines).toEqual([
      expect.objectContaining({
        level: 50,
        msg: 'the agent failed',
        errorId: expect.any(String),
        taskId: expect.any(String),
        contextId: expect.any(String),
        err: expect.objectContaining({
          message: 'hunter2',
          stack: expect.stringContaining('checks.test.ts'),
        }),
      }),
    ]);
  });

  it('that throws hurts nobody', async () => {
    const broken = () => {
      throw new Error('the disk is full');
    };
    const logger = { debug: broken, info: broken, warn: broken, error: broken };
    expect(await failing(logger)).toMatchObject(failed);
  });

  it('that is not given is silent', async () => {
    const spies = [
      ...(['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => jest.spyOn(console, name)),
      jest.spyOn(process.stdout, 'write'),
      jest.spyOn(process.stderr, 'write'),
      jest.spyOn(process, 'emitWarning'),
    ];
    process.env['NODE_ENV'] = 'production';
    expect(await failing(undefined)).toMatchObject(failed);
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });
});
