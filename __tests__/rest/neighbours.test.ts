import { afterEach, describe, expect, it } from '@jest/globals';
import compression from 'compression';
import express from 'express';
import { allowedHosts } from '../../lib/express/allowed-hosts.ts';
import type { A2AOptions } from '../../lib/express/options.ts';
import { a2aRouter } from '../../lib/express/router.ts';
import { gate } from '../helpers/gate.ts';
import { message } from '../helpers/make-app.ts';
import { exchange, post } from '../helpers/raw-http.ts';
import { serve, type Served } from '../helpers/serve.ts';
import { dataOf, readEvents } from '../helpers/sse.ts';

// HTTP+JSON among the middleware that applications have
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function behind(before: express.RequestHandler, options: Partial<A2AOptions> = {}): Promise<Served> {
  const a2a = a2aRouter({
    card: { name: 'N', description: 'D', version: '1' },
    agent: () => 'hello',
    ...options,
  });
  const served = await serve((app) => app.use(before).use('/a2a', a2a).use(a2a.errorHandler()));
  closing.push(served.close, () => a2a.close({ drainMs: 0 }));
  return served;
}

function sendTo(path: string, { origin }: Served, body: string, type = 'application/json') {
  return fetch(`${origin}/a2a${path}`, { method: 'POST', headers: { 'Content-Type': type }, body });
}

const SENT = JSON.stringify(message('hi'));

describe('compression()', () => {
  it('holds no event of a stream back', async () => {
    const held = gate();
    const served = await behind(compression({ threshold: 0 }), {
      async *agent() {
        yield 'first';
        await held.opened;
        yield 'second';
      },
    });
    const response = await sendTo('/message:stream', served, SENT);
    const events = readEvents(response);
    let seen = '';
    // the agent goes on only when all of this has come
    while (!seen.includes('first')) seen += JSON.stringify(await events.next());
    held.open();
    const rest = JSON.stringify(dataOf(await events.rest()));
    expect([seen.includes('second'), rest.includes('second')]).toEqual([false, true]);
  });

  it('leaves whole answers readable', async () => {
    const served = await behind(compression({ threshold: 0 }));
    const response = await fetch(`${served.origin}/a2a/openapi.json`);
    expect(response.headers.get('content-encoding')).toMatch(/^(?:br|gzip)$/);
    expect(await response.json()).toMatchObject({ openapi: '3.1.0' });
    expect(await (await fetch(`${served.origin}/a2a/tasks`)).json()).toMatchObject({ totalSize: 0 });
  });
});

describe.each<[string, () => express.RequestHandler]>([
  ['none', () => (_req, _res, next) => next()],
  ['express.json', () => express.json({ type: ['application/json', 'application/a2a+json'], limit: 1000 })],
  ['express.text', () => express.text({ type: '*/*', limit: 1000 })],
  ['express.raw', () => express.raw({ type: '*/*', limit: 1000 })],
])('a body parser in front: %s', (_, make) => {
  it.each(['application/json', 'application/a2a+json'])('leaves %s to be read', async (type) => {
    const served = await behind(make());
    const response = await sendTo('/message:send', served, SENT, type);
    expect([response.status, await response.json()]).toEqual([200, { task: expect.anything() }]);
  });

  it('leaves faults to be told as HTTP+JSON does', async () => {
    const served = await behind(make(), { limits: { bodyBytes: 1000 } });
    for (const [body, status, name] of [
      ['{"message":', 400, 'INVALID_ARGUMENT'],
      ['7', 400, 'INVALID_ARGUMENT'],
      ['', 400, 'INVALID_ARGUMENT'],
      [`"${'x'.repeat(1100)}"`, 413, 'RESOURCE_EXHAUSTED'],
    ] as const) {
      const response = await sendTo('/message:send', served, body);
      expect([response.status, response.headers.get('content-type')]).toEqual([
        ...[status, 'application/a2a+json'],
      ]);
      expect(await response.json()).toMatchObject({ error: { code: status, status: name } });
    }
  });

  it('answers a JSON-RPC call without a body, too', async () => {
    const response = await sendTo('', await behind(make()), '');
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: -32700 } }]);
  });

  it('takes the empty body of an operation that needs none', async () => {
    const served = await behind(make());
    for (const more of [{}, { 'Content-Length': '0' }, { 'Content-Type': 'application/json' }]) {
      const answer = await exchange(
        served.port,
        `POST /a2a/tasks/nobody:cancel HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${Object.entries(more)
          .map(([name, value]) => `${name}: ${value}\r\n`)
          .join('')}\r\n`,
      );
      expect([answer.status, answer.headers['content-type']]).toEqual([404, 'application/a2a+json']);
    }
  });
});

describe('allowedHosts', () => {
  it('refuses calls, the card and the description of strangers', async () => {
    const served = await behind(allowedHosts());
    for (const line of ['POST /a2a/message:send', 'POST /a2a', 'GET /a2a/tasks', 'GET /a2a/openapi.json']) {
      const [verb = '', path = ''] = line.split(' ');
      const body = verb === 'POST' ? SENT : '';
      const head = post(path, body, { Host: 'evil.test' }).replace('POST', verb);
      const answer = await exchange(served.port, head, body);
      expect([line, answer.status]).toEqual([line, 403]);
      expect(answer.body).toContain('allowedHosts');
    }
  });
});
