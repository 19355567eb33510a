import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createPushVerifier, memoryReplayStore, type PushVerifierOptions } from 'express-a2a/push';
import { fakeClock } from 'express-a2a/testing';
import { CompactSign } from 'jose';
import { createPushSigner } from '../../lib/push/sign.ts';

const AUDIENCE = 'https://app.example/hooks/a2a';
const ID = 'task-1/3';
const BODY = '{"statusUpdate":{"taskId":"größe"}}';

const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const first = { key: ec(), kid: 'first' };
const second = { key: generateKeyPairSync('ed25519').privateKey, kid: 'second' };
const rsa = { key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, kid: 'rsa' };

const clock = fakeClock();
const sign = createPushSigner(first, clock);

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function verifier(options: Partial<PushVerifierOptions> = {}) {
  return createPushVerifier({ jwks: sign.keySet, audience: AUDIENCE, now: clock.now, ...options });
}

interface Sent {
  headers: Record<string, string>;
  body: string;
}

async function sent(by = sign, url = AUDIENCE): Promise<Sent> {
  const headers = await by({ url, body: BODY, id: ID });
  return { headers: { ...headers, 'A2A-Notification-Id': ID }, body: BODY };
}

const signatureOf = ({ headers }: Sent) => headers['A2A-Notification-Signature'] ?? '';
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decoded = (part = '') =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>; // written by the signer

async function withSignature(
  make: (header: string, payload: string, signature: string) => string | Promise<string>,
) {
  const good = await sent();
  const [header = '', payload = '', signature = ''] = signatureOf(good).split('.');
  return {
    ...good,
    headers: { ...good.headers, 'A2A-Notification-Signature': await make(header, payload, signature) },
  };
}

/** Signed with the agent's own key, so that only the claims or the header are at fault. */
async function signedAs(claims: unknown, header: Record<string, unknown> = {}): Promise<Sent> {
  return withSignature((_header, payload) =>
    new CompactSign(
      Buffer.from(
        typeof claims === 'string' ? claims : JSON.stringify({ ...decoded(payload), ...(claims as object) }),
      ),
    )
      .setProtectedHeader({ alg: 'ES256', kid: 'first', typ: 'a2a-push+jwt', ...header })
      .sign(first.key),
  );
}

const fault = (code: string, status = 401) => expect.objectContaining({ name: 'PushError', code, status });

describe('a notification that is good', () => {
  it('is signed as documented', async () => {
    const [header, payload] = signatureOf(await sent())
      .split('.')
      .slice(0, 2)
      .map((part) => decoded(part));
    expect(header).toEqual({ alg: 'ES256', kid: 'first', typ: 'a2a-push+jwt' });
    expect(payload).toEqual({
      iat: Math.floor(clock.now() / 1000),
      jti: expect.stringMatching(/^[\da-f-]{36}$/),
      aud: AUDIENCE,
      notification_id: ID,
      request_body_sha256: expect.stringMatching(/^[\da-f]{64}$/),
    });
  });

  it.each<readonly [string, (push: Sent) => Parameters<ReturnType<typeof verifier>>[0]]>([
    ['text', (push) => push],
    [
      'a Buffer and headers in lower case',
      ({ headers, body }) => ({ headers: lower(headers), body: Buffer.from(body) }),
    ],
    [
      'headers in lists',
      ({ headers, body }) => ({
        headers: Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, [v]])),
        body,
      }),
    ],
    [
      'Headers',
      ({ headers, body }) => ({ headers: new Headers(headers), body: new TextEncoder().encode(body) }),
    ],
    ['a Request', ({ headers, body }) => new Request(AUDIENCE, { method: 'POST', headers, body })],
  ])('passes as %s', async (_how, received) => {
    expect(await verifier()(received(await sent()))).toEqual({
      id: ID,
      issuedAt: new Date(Math.floor(clock.now() / 1000) * 1000),
      audience: AUDIENCE,
      kid: 'first',
      body: BODY,
    });
  });

  it('leaves the body of a Request to be read', async () => {
    const { headers, body } = await sent();
    const request = new Request(AUDIENCE, { method: 'POST', headers, body });
    await verifier()(request);
    expect(await request.text()).toBe(BODY);
  });

  it('passes with each kind of key', async () => {
    for (const key of [second, rsa]) {
      const by = createPushSigner(key, clock);
      expect(await verifier({ jwks: by.keySet })(await sent(by))).toMatchObject({ kid: key.kid });
    }
  });

  it('passes again when it is sent anew', async () => {
    const verify = verifier();
    expect((await verify(await sent())).id).toBe(ID);
    expect((await verify(await sent())).id).toBe(ID);
  });

  it.each([
    [AUDIENCE, `${AUDIENCE}?task=7`],
    [`${AUDIENCE}?task=7`, `${AUDIENCE}?task=7#part`],
    ['https://APP.example:443/hooks/a2a', AUDIENCE],
    [['https://other.example/', AUDIENCE], AUDIENCE],
  ])('with the audience %j fits the URL %s', async (audience, url) => {
    expect(await verifier({ audience })(await sent(sign, url))).toMatchObject({ id: ID });
  });
});

function lower(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]));
}

describe('a notification that is not', () => {
  it.each<readonly [string, string, () => Promise<{ headers: Record<string, string>; body?: unknown }>]>([
    ['has no signature', 'UNSIGNED', async () => ({ headers: {}, body: BODY })],
    ['has an empty signature', 'UNSIGNED', () => withSignature(() => '')],
    ['is no JWS', 'MALFORMED', () => withSignature(() => 'x')],
    [
      'has two signatures',
      'MALFORMED',
      () => withSignature((...parts) => `${parts.join('.')}, ${parts.join('.')}`),
    ],
    ['is endless', 'MALFORMED', () => withSignature((...parts) => parts.join('.') + 'A'.repeat(20_000))],
    [
      'is alg none',
      'ALGORITHM',
      () => withSignature((_, payload) => `${encoded({ alg: 'none', typ: 'a2a-push+jwt' })}.${payload}.`),
    ],
    [
      'is alg None',
      'ALGORITHM',
      () => withSignature((_, payload, it) => `${encoded({ alg: 'None' })}.${payload}.${it}`),
    ],
    [
      'is signed with the public key as a secret',
      'ALGORITHM',
      () =>
        withSignature((_, payload) => {
          const input = `${encoded({ alg: 'HS256', kid: 'first', typ: 'a2a-push+jwt' })}.${payload}`;
          const secret = JSON.stringify(sign.keySet.keys[0]);
          return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
        }),
    ],
    ['is by an unknown key', 'KEY', async () => sent(createPushSigner({ key: ec(), kid: 'other' }, clock))],
    [
      'names a key of another kind',
      'KEY',
      async () => sent(createPushSigner({ ...rsa, kid: 'first' }, clock)),
    ],
    [
      'brings its key along',
      'KEY',
      () => signedAs({}, { kid: 'mine', jwk: { kty: 'EC' }, jku: 'https://evil.example/' }),
    ],
    [
      'is by another key of that name',
      'SIGNATURE',
      async () => sent(createPushSigner({ key: ec(), kid: 'first' }, clock)),
    ],
    [
      'has another claim',
      'SIGNATURE',
      () =>
        withSignature(
          (header, payload, it) => `${header}.${encoded({ ...decoded(payload), aud: 'x' })}.${it}`,
        ),
    ],
    ['has another body', 'BODY', async () => ({ ...(await sent()), body: `${BODY} ` })],
    ['has an empty body', 'BODY', async () => ({ ...(await sent()), body: '' })],
    ['is for another path', 'AUDIENCE', () => sent(sign, 'https://app.example/hooks/other')],
    ['is for another host', 'AUDIENCE', () => sent(sign, 'https://evil.example/hooks/a2a')],
    ['is for a host below', 'AUDIENCE', () => sent(sign, 'https://app.example.evil.example/hooks/a2a')],
    [
      'has another id',
      'ID',
      async () => ({
        ...(await sent()),
        headers: { ...(await sent()).headers, 'A2A-Notification-Id': 'task-1/4' },
      }),
    ],
    ['is a card or a token', 'MALFORMED', () => signedAs({}, { typ: 'JOSE' })],
    ['signs no JSON', 'MALFORMED', () => signedAs('x')],
    ['signs null', 'MALFORMED', () => signedAs('null')],
    ['has no time', 'MALFORMED', () => signedAs({ iat: '1' })],
    ['has no jti', 'MALFORMED', () => signedAs({ jti: undefined })],
    ['has a huge jti', 'MALFORMED', () => signedAs({ jti: 'x'.repeat(257) })],
    ['has several audiences', 'MALFORMED', () => signedAs({ aud: [AUDIENCE, 'https://evil.example/'] })],
    ['has no hash', 'MALFORMED', () => signedAs({ request_body_sha256: undefined })],
  ])('%s: ERR_A2A_PUSH_%s', async (_why, code, make) => {
    await expect(verifier()(await make())).rejects.toEqual(fault(`ERR_A2A_PUSH_${code}`));
  });

  it.each([undefined, null, {}, { parsed: true }, 7])('has a body that was parsed: %j', async (body) => {
    const { headers } = await sent();
    await expect(verifier()({ headers, body })).rejects.toEqual(fault('ERR_A2A_PUSH_RAW_BODY', 500));
  });

  it('is too old, or of the future', async () => {
    const time = fakeClock();
    const by = createPushSigner(first, time);
    const verify = verifier({ now: time.now });
    const early = await sent(by);
    const edge = await sent(by);
    time.advance(300_000);
    expect(await verify(edge)).toMatchObject({ id: ID });
    time.advance(1);
    await expect(verify(early)).rejects.toEqual(fault('ERR_A2A_PUSH_TOO_OLD'));
    const late = await sent(by);
    time.setWall(time.now() - 61_000);
    await expect(verify(late)).rejects.toEqual(fault('ERR_A2A_PUSH_TOO_NEW'));
  });

  it('comes twice, one after the other and at once', async () => {
    const verify = verifier();
    const push = await sent();
    await verify(push);
    await expect(verify(push)).rejects.toEqual(fault('ERR_A2A_PUSH_REPLAYED'));
    const other = await sent();
    const outcomes = await Promise.allSettled([verify(other), verify(other), verify(other)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
  });

  it('does not use its id up when it is forged', async () => {
    const verify = verifier();
    const push = await sent();
    await expect(verify({ ...push, body: 'x' })).rejects.toEqual(fault('ERR_A2A_PUSH_BODY'));
    expect(await verify(push)).toMatchObject({ id: ID });
  });
});

describe('the memory of signatures', () => {
  it('forgets what is too old to count, and refuses more than it can hold', async () => {
    let time = 0;
    const store = memoryReplayStore({ entries: 2, now: () => time });
    expect([store.add('a', 10), store.add('b', 20), store.add('a', 10)]).toEqual([true, true, false]);
    const full = { code: 'ERR_A2A_PUSH_MEMORY_FULL', status: 503 };
    expect(() => store.add('c', 20)).toThrow(expect.objectContaining(full));
    const verify = verifier({ replay: store });
    await expect(verify(await sent())).rejects.toMatchObject(full);
    time = 11;
    expect(store.add('c', 20)).toBe(true);
    expect(store.add('b', 20)).toBe(false);
  });

  it('may be somewhere else, and its failure comes out', async () => {
    const added: unknown[][] = [];
    const add = async (...args: [string, number]) => added.push(args) === 1;
    const verify = verifier({ replay: { add } });
    await verify(await sent());
    await expect(verify(await sent())).rejects.toEqual(fault('ERR_A2A_PUSH_REPLAYED'));
    const issued = Math.floor(clock.now() / 1000) * 1000;
    expect(added[0]).toEqual([expect.any(String), issued + 300_000]);
    const down = verifier({ replay: { add: () => Promise.reject(new Error('no store')) } });
    await expect(down(await sent())).rejects.toThrow('no store');
  });
});

describe('keys', () => {
  it('publishes public halves only, of all keys', () => {
    const { keySet } = createPushSigner([second, first, rsa]);
    expect(keySet).toEqual({
      keys: [
        { kty: 'OKP', crv: 'Ed25519', x: expect.any(String), kid: 'second', alg: 'EdDSA', use: 'sig' },
        {
          kty: 'EC',
          crv: 'P-256',
          x: expect.any(String),
          y: expect.any(String),
          kid: 'first',
          alg: 'ES256',
          use: 'sig',
        },
        { kty: 'RSA', n: expect.any(String), e: 'AQAB', kid: 'rsa', alg: 'RS256', use: 'sig' },
      ],
    });
  });

  it('takes both keys while they change', async () => {
    const [before, after] = [
      createPushSigner([first, second], clock),
      createPushSigner([second, first], clock),
    ];
    const verify = verifier({ jwks: after.keySet });
    expect(await verify(await sent(before))).toMatchObject({ kid: 'first' });
    expect(await verify(await sent(after))).toMatchObject({ kid: 'second' });
    const only = createPushSigner(second, clock);
    await expect(verifier({ jwks: only.keySet })(await sent(before))).rejects.toEqual(
      fault('ERR_A2A_PUSH_KEY'),
    );
  });

  it('loads them from a URL once, and says when it can not', async () => {
    let asked = 0;
    let isUp = false;
    const server = createServer((_req, res) => {
      asked += 1;
      res.writeHead(isUp ? 200 : 500).end(JSON.stringify(sign.keySet));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo; // listening on a port
    const verify = verifier({ jwksUrl: `http://127.0.0.1:${port}/jwks.json`, ...withoutJwks() });
    const push = await sent();
    await expect(verify(push)).rejects.toEqual(fault('ERR_A2A_PUSH_KEYS_UNREACHABLE', 503));
    isUp = true;
    expect(await verify(push)).toMatchObject({ id: ID });
    await verify(await sent());
    expect(asked).toBe(2);
  });

  it.each<readonly [string, unknown]>([
    ['neither keys nor their URL', {}],
    ['both', { jwks: sign.keySet, jwksUrl: 'https://agent.example/jwks.json' }],
    ['a URL that is none', { jwksUrl: 'file:///etc/passwd' }],
    ['a set that is none', { jwks: {} }],
    ['no audience', { jwks: sign.keySet, audience: [] }],
    ['an audience that is no URL', { jwks: sign.keySet, audience: 'app' }],
  ])('throws for %s', (_why, options) => {
    const all = { audience: AUDIENCE, ...(options as object) };
    expect(() => createPushVerifier(all)).toThrow(TypeError);
  });

  it('refuses what can not sign, under the name of its option', () => {
    const refused = expect.objectContaining({ code: 'ERR_A2A_SIGN_PUSH' });
    expect(() => createPushSigner([])).toThrow(refused);
    expect(() => createPushSigner({ key: randomUUID(), kid: 'x' })).toThrow(/Option `push.sign.key` must be/);
    expect(() => createPushSigner([first, first])).toThrow(/Option `push.sign` has two keys with one `kid`/);
  });
});

function withoutJwks(): object {
  return { jwks: undefined };
}
