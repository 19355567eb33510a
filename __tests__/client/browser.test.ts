import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import type { RequestHandler } from 'express';
import { chromium } from 'playwright-core';
import { deferred } from '../../lib/core/promises.ts';
import { a2aRouter } from '../../lib/express/router.ts';
import { serve, type Served } from '../helpers/serve.ts';

const EXECUTABLE = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const ARGS = [
  '--no-sandbox',
  '--disable-background-networking',
  ...['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-component-update', '--disable-sync'],
];
const profile = mkdtempSync(join(tmpdir(), 'express-a2a-browser-'));
const open: Served[] = [];
afterAll(async () => {
  for (const served of open) await served.close();
  rmSync(profile, { recursive: true, force: true });
});

/** Lets pages of other origins call, with what docs/client.md says they send and read. */
const cors: RequestHandler = (req, res, next) => {
  res.setHeader('Access-Control-Allow-Origin', req.headers.origin ?? '*');
  res.setHeader('Access-Control-Expose-Headers', 'ETag, Retry-After, WWW-Authenticate, A2A-Extensions');
  if (req.method !== 'OPTIONS') {
    next();
    return;
  }
  const headers = 'Content-Type, A2A-Version, A2A-Extensions, Last-Event-ID, Idempotency-Key, Authorization';
  res.setHeader('Access-Control-Allow-Headers', headers);
  res.status(204).end();
};

/** An agent on one origin, whose first stream breaks, and a page with the bundle of the client on another. */
async function start(): Promise<{ agent: Served; page: Served }> {
  const broken = deferred<undefined>();
  const router = a2aRouter({
    card: { name: 'Browser', description: 'For pages', version: '1.0.0' },
    async *agent(turn) {
      yield 'you ';
      // what it says at once goes out in one write
      await broken.promise;
      for (const word of ['said ', turn.text]) yield word;
    },
  });
  let streams = 0;
  const breaks: RequestHandler = (req, res, next) => {
    if (req.method === 'POST' && req.headers.accept === 'text/event-stream' && ++streams === 1) {
      const write = res.write.bind(res) as (chunk: unknown) => boolean;
      res.write = ((chunk: unknown) => {
        const sent = write(chunk);
        setTimeout(() => {
          res.destroy();
          broken.resolve(undefined);
        }, 50);
        res.write = () => true;
        return sent;
      }) as typeof res.write;
    }
    next();
  };
  const agent = await serve((app) => app.use('/a2a', cors, breaks, router));
  const bundle = await build({
    entryPoints: ['lib/client/index.ts'],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  const page = await serve((app) => {
    app.get('/client.js', (_, res) => {
      res.type('text/javascript').send(bundle.outputFiles[0]?.text);
    });
    app.get('/', (_, res) => {
      res.type('text/html').send('<!doctype html><title>test</title>');
    });
  });
  open.push(agent, page);
  return { agent, page };
}

/** What the page does, as text: a function would come compiled for node. */
function pageScript(url: string): string {
  return `(async () => {
    const { A2AClient, reduce } = await import('/client.js');
    let breaks = 0;
    const client = await A2AClient.connect(${JSON.stringify(url)}, {
      headers: { Authorization: 'Bearer x' },
      resume: { firstDelayMs: 10 },
      onBreak: () => (breaks += 1),
    });
    let task;
    for await (const event of client.stream('hello', { idempotencyKey: 'k1' })) {
      task = event.task ?? (task && reduce(task, event));
    }
    const sent = await client.send('again');
    const error = await client.getTask('nobody').catch((failure) => failure.code);
    const text = task?.artifacts?.[0]?.parts.map((part) => part.text).join('');
    const { totalSize: total } = await client.listTasks();
    return { breaks, text, state: task?.status.state, sent: sent.task?.status.state, error, total };
  })()`;
}

const inCi = process.env['CI'] === 'true';
if (EXECUTABLE === undefined && !inCi)
  process.stderr.write('No chromium here: the client was not run in a browser\n');
const browserIt = EXECUTABLE === undefined && !inCi ? it.skip : it;

browserIt(
  'the client works in a browser, from another origin, and goes on with a stream that breaks',
  async () => {
    expect(EXECUTABLE).toBeDefined();
    const { agent, page } = await start();
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: EXECUTABLE ?? '',
      args: ARGS,
      headless: true,
    });
    try {
      const tab = await context.newPage();
      await tab.goto(page.origin);
      const seen = await tab.evaluate(pageScript(`${agent.origin}/a2a`));
      expect(seen).toEqual({
        ...{ breaks: 1, text: 'you said hello', state: 'TASK_STATE_COMPLETED', sent: 'TASK_STATE_COMPLETED' },
        ...{ error: -32001, total: 2 },
      });
    } finally {
      await context.close();
    }
  },
  120_000,
);
