import { generateKeyPairSync } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { createPushVerifier, PushError } from 'express-a2a/push';
import type { CardKey } from '../../lib/core/signing-key.ts';
import type { A2AOptions } from '../../lib/express/options.ts';
import { startPushSender } from '../../lib/express/push-sender.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { createPushSigner } from '../../lib/push/sign.ts';
import { sendText } from '../helpers/calls.ts';
import { type AgentApp, inFrontOf, makeApp } from '../helpers/make-app.ts';
import { receiver, type Received } from '../helpers/receiver.ts';

const PATH = '/.well-known/jwks.json';
const OLD: CardKey = { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, kid: 'old' };
const NEW: CardKey = { key: generateKeyPairSync('ed25519').privateKey, kid: 'new' };

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const close of closing.splice(0)) await close();
});

type Sign = NonNullable<Exclude<A2AOptions['push'], false>>['sign'];

async function serve(sign: Sign, options: Partial<A2AOptions> = {}): Promise<AgentApp> {
  const push = { allowPrivate: true, ...(sign && { sign }) };
  const app = await makeApp({ push, ...options });
  closing.unshift(app.close);
  return app;
}

/** What a webhook got, and what its verifier said of it: 'ok', or the code of the refusal. */
interface Judged {
  readonly push: Received;
  readonly code: string;
}

/** A webhook that answers as its verifier says. */
async function verifying(jwksUrl: string, onRefusal: () => unknown = () => undefined) {
  const judged: Judged[] = [];
  const waiting = new Set<() => void>();
  const hook = await receiver(async (res, push) => {
    const error: unknown = await verify(push).catch((reason: unknown) => reason);
    const isRefused = error instanceof PushError;
    judged.push({ push, code: isRefused ? error.code : 'ok' });
    if (isRefused) onRefusal();
    res.writeHead(isRefused ? error.status : 204).end();
    for (const wake of waiting) wake();
    waiting.clear();
  });
  const verify = createPushVerifier({ jwksUrl, audience: hook.url });
  closing.push(hook.close);
  return {
    url: hook.url,
    codes: () => judged.map(({ code }) => code),
    /** Waits until enough has been judged. */
    async until(isEnough: (judged: readonly Judged[]) => boolean): Promise<void> {
      while (!isEnough(judged)) await new Promise<void>((resolve) => waiting.add(resolve));
    },
    judged,
  };
}

/** Has a task whose webhook this is, and waits for its end to be taken. Gives its notifications. */
async function notify(app: AgentApp, hook: Awaited<ReturnType<typeof verifying>>): Promise<Received[]> {
  const configuration = { taskPushNotificationConfig: { url: hook.url, token: 'tok' } };
  const { id } = await sendText(app, 'hi', {}, { configuration });
  const ofTask = (all: readonly Judged[]) =>
    all.filter(({ push }) => String(push.headers['a2a-notification-id']).startsWith(`${id}/`));
  await hook.until((all) =>
    ofTask(all).some(({ push, code }) => code === 'ok' && push.body.includes('TASK_STATE_COMPLETED')),
  );
  return ofTask(hook.judged).map(({ push }) => push);
}

function post(url: string, { headers }: Received, body: string): Promise<Response> {
  const kept = Object.entries(headers).filter(([name]) => /^(?:a2a-|x-a2a-|content-type)/.test(name));
  return fetch(url, { method: 'POST', headers: Object.fromEntries(kept) as Record<string, string>, body });
}

describe('the key set of an agent', () => {
  it('is served below its mount, cacheable, with public keys only', async () => {
    const app = await serve([OLD, NEW]);
    const answer = await fetch(app.url + PATH);
    const text = await answer.text();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=600');
    expect(JSON.parse(text)).toEqual({
      keys: [
        {
          ...{ kty: 'EC', crv: 'P-256', kid: 'old', alg: 'ES256', use: 'sig' },
          ...{ x: expect.stringMatching(/^[\w-]{43}$/), y: expect.stringMatching(/^[\w-]{43}$/) },
        },
        {
          ...{ kty: 'OKP', crv: 'Ed25519', kid: 'new', alg: 'EdDSA', use: 'sig' },
          x: expect.stringMatching(/^[\w-]{43}$/),
        },
      ],
    });

    const head = await fetch(app.url + PATH, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      ...[200, String(Buffer.byteLength(text)), ''],
    ]);
    const tag = answer.headers.get('etag') ?? '';
    const again = await fetch(app.url + PATH, { headers: { 'If-None-Match': tag } });
    expect([tag.length > 10, again.status, await again.text()]).toEqual([true, 304, '']);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('is not there for %s (NEEDS 46)', async (method) => {
    const app = await serve(OLD);
    const answer = await fetch(app.url + PATH, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await answer.json()).toMatchObject({ error: { message: 'This path is for GET, HEAD' } });
  });

  it('leaves preflights, and the root of the origin, to the app', async () => {
    const app = await serve(OLD);
    expect((await fetch(app.url + PATH, { method: 'OPTIONS' })).status).toBe(404);
    expect((await fetch(app.origin + PATH)).status).toBe(404);
  });

  it.each<readonly [string, Sign]>([
    ['nothing is signed', undefined],
    ['a function signs that has no keys', () => Promise.resolve({ 'X-Signature': 'x' })],
  ])('is not there where %s', async (_why, sign) => {
    const app = await serve(sign);
    expect((await fetch(app.url + PATH)).status).toBe(404);
    expect((await fetch(app.url + PATH, { method: 'POST' })).status).toBe(404);
  });

  it('is served in front of the app, too', async () => {
    const { router } = await serve(OLD);
    const url = await listen(inFrontOf((_req, res) => res.writeHead(418).end(), router));
    expect(await (await fetch(`${url}/a2a${PATH}`)).json()).toMatchObject({ keys: [{ kid: 'old' }] });
    expect((await fetch(`${url}/a2a${PATH}`, { method: 'POST' })).status).toBe(405);
    expect((await fetch(url + PATH)).status).toBe(418);
  });
});

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`; // it listens on a port
}

describe('keys that can not sign', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  it.each<readonly [string, unknown, string, string]>([
    ['a number', 7, 'ERR_A2A_OPTIONS', 'Option `push.sign` must be a key'],
    ['null', null, 'ERR_A2A_OPTIONS', 'Option `push.sign` must be a key'],
    ['a text', 'secret', 'ERR_A2A_OPTIONS', 'Option `push.sign` must be a key'],
    ['no keys', [], 'ERR_A2A_SIGN_PUSH', 'Option `push.sign` must have a key'],
    ['no name', { key: OLD.key }, 'ERR_A2A_SIGN_PUSH', 'Option `push.sign.kid` must be'],
    ['a public key', { key: publicKey, kid: 'k' }, 'ERR_A2A_SIGN_PUSH', 'must be a private key'],
    ['a shared secret', { key: 'secret', kid: 'k' }, 'ERR_A2A_SIGN_PUSH', 'must be a private key'],
    ['a name twice', [OLD, OLD], 'ERR_A2A_SIGN_PUSH', 'two keys with one `kid`'],
  ])('are refused at the start, and not shown: %s', async (_what, sign, code, text) => {
    const given = sign as CardKey; // what a program without types may pass
    const { storage, eventBus } = memoryBackend();
    const faults = await Promise.all([
      serve(given, { push: { sign: given } }).catch((error: unknown) => error),
      startPushSender({ storage, eventBus, sign: given }).catch((error: unknown) => error),
    ]);
    const [ofRouter, ofSender] = faults.map((it) => it as Error & { code: unknown }); // checked next
    expect(ofRouter).toMatchObject({ code, message: expect.stringContaining(text) });
    expect(ofSender?.code).toBe(code);
    for (const it of [ofRouter, ofSender]) expect(String(it?.stack)).not.toContain("'secret'");
  });
});

describe('notifications that are signed (NEEDS 55)', () => {
  it.each<readonly [string, Sign]>([
    ['a key', NEW],
    ['the first of several keys', [NEW, OLD]],
    ['a signer that was made before', createPushSigner(NEW)],
  ])('are taken by a receiver that has the URL of the keys: by %s', async (_how, sign) => {
    const app = await serve(sign);
    const hook = await verifying(app.url + PATH);
    const received = await notify(app, hook);
    expect(received.length).toBeGreaterThan(1);
    expect(hook.codes()).toEqual(received.map(() => 'ok'));
  });

  it('are refused when somebody changed them, sent them again, or sent them elsewhere', async () => {
    const app = await serve(OLD);
    const hook = await verifying(app.url + PATH);
    const [first] = await notify(app, hook);
    if (first === undefined) throw new Error('nothing came');
    const taken = hook.codes().length;
    expect((await post(hook.url, first, first.body)).status).toBe(401);
    expect((await post(hook.url, first, first.body.replace('{', '{ '))).status).toBe(401);
    const renamed = { ...first, headers: { ...first.headers, 'a2a-notification-id': 'x/1' } };
    expect((await post(hook.url, renamed, first.body)).status).toBe(401);
    const other = await verifying(app.url + PATH);
    expect((await post(other.url, first, first.body)).status).toBe(401);
    expect([...hook.codes().slice(taken), ...other.codes()]).toEqual([
      'ERR_A2A_PUSH_REPLAYED',
      'ERR_A2A_PUSH_BODY',
      'ERR_A2A_PUSH_ID',
      'ERR_A2A_PUSH_AUDIENCE',
    ]);
  });

  it('come from a sender of its own, while the router publishes the keys', async () => {
    const backend = memoryBackend();
    const push = { allowPrivate: true, send: false, sign: OLD };
    const app = await serve(OLD, { ...backend, agent: () => 'hello', push });
    const sender = await startPushSender({ ...backend, allowPrivate: true, sign: OLD });
    closing.unshift(sender.stop);
    const hook = await verifying(app.url + PATH);
    const received = await notify(app, hook);
    expect(hook.codes()).toEqual(received.map(() => 'ok'));
  });

  it('are signed anew when they are sent again, and then taken', async () => {
    let count = 0;
    const hook = await receiver((res) => res.writeHead(++count === 1 ? 503 : 204).end());
    closing.push(hook.close);
    const app = await serve(OLD);
    const configuration = { taskPushNotificationConfig: { url: hook.url } };
    await sendText(app, 'hi', {}, { configuration });
    await hook.until((all) => all.length > 1);
    const [first, second] = hook.received.map(({ headers, body }) => ({ headers, body }));
    if (first === undefined || second === undefined) throw new Error('it came once');
    expect(second.headers['a2a-notification-id']).toBe(first.headers['a2a-notification-id']);
    const signature = 'a2a-notification-signature';
    expect(second.headers[signature]).not.toBe(first.headers[signature]);
    const verify = createPushVerifier({ jwksUrl: app.url + PATH, audience: hook.url });
    for (const it of [first, second]) await verify(it);
  });
});

describe('a change of keys at the URL', () => {
  /** An agent whose routers follow each other, at one URL. */
  async function changing() {
    let handle: RequestListener = () => undefined;
    const origin = await listen((req, res) => {
      handle(req, res);
    });
    return {
      jwksUrl: `${origin}/a2a${PATH}`,
      async next(sign: Sign): Promise<AgentApp> {
        const app = await serve(sign);
        handle = inFrontOf((_req, res) => res.writeHead(404).end(), app.router);
        return app;
      },
    };
  }

  const { now } = Date;
  let passed = 0;

  /** Lets the wall clock of everybody go on by this much. */
  function pass(ms: number): void {
    passed += ms;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + passed);
  }

  it('as documented refuses nothing', async () => {
    const agent = await changing();
    const hook = await verifying(agent.jwksUrl);
    await notify(await agent.next(OLD), hook);
    await notify(await agent.next([OLD, NEW]), hook);
    pass(601_000);
    await notify(await agent.next([NEW, OLD]), hook);
    await notify(await agent.next(NEW), hook);
    expect(new Set(hook.codes())).toEqual(new Set(['ok']));
    pass(601_000);
    const last = await notify(await agent.next(NEW), hook);
    const kids = last.map(({ headers }) => kidOf(String(headers['a2a-notification-signature'])));
    expect([hook.codes().at(-1), ...new Set(kids)]).toEqual(['ok', 'new']);
  });

  it('at once is refused until the keys are loaded again, and nothing is lost', async () => {
    const agent = await changing();
    let refusals = 0;
    const hook = await verifying(agent.jwksUrl, () => {
      if ((refusals += 1) === 1) pass(31_000);
    });
    await notify(await agent.next(OLD), hook);
    const all = await notify(await agent.next(NEW), hook);
    expect(hook.codes().filter((code) => code !== 'ok')).toEqual(['ERR_A2A_PUSH_KEY']);
    const ids = all.map(({ headers }) => headers['a2a-notification-id']);
    expect(ids).toEqual([ids[0], ...ids.slice(1).sort()]);
    expect(ids.length - new Set(ids).size).toBe(1);
  });

  it('ends what the old key has signed', async () => {
    const agent = await changing();
    const hook = await verifying(agent.jwksUrl);
    await notify(await agent.next(OLD), hook);
    pass(601_000);
    await notify(await agent.next(NEW), hook);
    const forged = await createPushSigner(OLD)({ url: hook.url, body: '{}', id: 'x/1' });
    const headers = { 'a2a-notification-id': 'x/1', ...forged };
    expect((await fetch(hook.url, { method: 'POST', headers, body: '{}' })).status).toBe(401);
    expect(hook.codes().at(-1)).toBe('ERR_A2A_PUSH_KEY');
  });
});

function kidOf(jws: string): unknown {
  const [header = ''] = jws.split('.');
  return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid?: unknown }).kid; // a header of ours
}
