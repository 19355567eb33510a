import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAddressPolicy } from '../../lib/push/address-policy.ts';
import { createPost, type PushOutcome } from '../../lib/push/post.ts';
import { createPushSigner } from '../../lib/push/sign.ts';
import { type Example, startExample } from '../helpers/example.ts';

const AUDIENCE = 'https://app.example/hooks/a2a';
const TOKEN = 'secret-token';

const key = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const sign = createPushSigner({ key: key(), kid: 'agent' });
const forge = createPushSigner({ key: key(), kid: 'agent' });
const post = createPost(createAddressPolicy({ allowPrivate: true, allowHttp: true }));

let keyServer: Server;
let example: Example;

beforeAll(async () => {
  keyServer = createServer((_req, res) => res.end(JSON.stringify(sign.keySet)));
  await new Promise<void>((resolve) => keyServer.listen(0, '127.0.0.1', resolve));
  const { port } = keyServer.address() as AddressInfo; // listening on a port
  example = await startExample('push-receiver.mjs', {
    JWKS_URL: `http://127.0.0.1:${port}/jwks.json`,
    AUDIENCE,
    TOKEN,
  });
}, 240_000);

afterAll(async () => {
  post.close();
  await example.stop();
  keyServer.closeAllConnections();
  keyServer.close();
});

interface Notification {
  readonly id?: string;
  readonly body?: string;
  readonly sent?: string;
  readonly token?: string;
  readonly by?: typeof sign;
  readonly url?: string;
}

async function send(
  notification: Notification,
  headers?: Readonly<Record<string, string>>,
): Promise<PushOutcome> {
  const { id = 'task-1/1', body = '{}', token = TOKEN, by = sign, url = AUDIENCE } = notification;
  const signed = headers ?? (await by({ url, body, id }));
  return post({
    url: `${example.origin}/hooks/a2a`,
    headers: {
      'Content-Type': 'application/a2a+json',
      'X-A2A-Notification-Token': token,
      'A2A-Notification-Id': id,
      ...signed,
    },
    body: notification.sent ?? body,
    timeoutMs: 20_000,
    signal: new AbortController().signal,
  });
}

describe('examples/push-receiver.mjs', () => {
  it('takes each notification once', async () => {
    const body = '{"task":{"id":"task-1"}}';
    expect(await send({ body })).toEqual({ ok: true, status: 204 });
    expect(await send({ body })).toEqual({ ok: true, status: 204 });
    expect(await send({ id: 'task-1/2' })).toEqual({ ok: true, status: 204 });
    const received: unknown = await (await fetch(`${example.origin}/received`)).json();
    expect(received).toEqual([
      { id: 'task-1/1', event: { task: { id: 'task-1' } } },
      { id: 'task-1/2', event: {} },
    ]);
  });

  it.each<readonly [string, Notification, number]>([
    ['another body', { sent: '{"x":1}' }, 401],
    ['the key of somebody else', { by: forge }, 401],
    ['another webhook', { url: 'https://other.example/hooks/a2a' }, 401],
    ['another token', { token: 'x' }, 403],
  ])('refuses %s', async (_what, notification, status) => {
    const before = await (await fetch(`${example.origin}/received`)).text();
    expect(await send({ id: 'task-9/1', ...notification })).toMatchObject({ ok: false, status });
    expect(await (await fetch(`${example.origin}/received`)).text()).toBe(before);
  });

  it('refuses what is not signed, and what was sent before', async () => {
    expect(await send({}, {})).toMatchObject({ ok: false, status: 401 });
    const headers = await sign({ url: AUDIENCE, body: '{}', id: 'task-1/1' });
    expect(await send({}, headers)).toEqual({ ok: true, status: 204 });
    expect(await send({}, headers)).toMatchObject({ ok: false, status: 401 });
  });
});
