import { createPublicKey, generateKeyPairSync, type KeyObject, webcrypto } from 'node:crypto';
import { verifyAgentCardSignature } from '@a2a-js/sdk';
import { afterEach, beforeAll, afterAll, describe, expect, it, jest } from '@jest/globals';
import canonicalize from 'canonicalize';
import { decodeProtectedHeader, flattenedVerify } from 'jose';
import type { CardKey } from '../../lib/core/signing-key.ts';
import type { A2AOptions } from '../../lib/express/options.ts';
import type { AgentCard } from '../../lib/protocol/v1.ts';
import { type AgentApp, makeApp } from '../helpers/make-app.ts';
import { verifies } from '../requirements.ts';

let app: AgentApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

// the SDK tells on the console of each signature that does not fit
const debug = console.debug;
beforeAll(() => {
  console.debug = () => undefined;
});
afterAll(() => {
  console.debug = debug;
});

// its types describe an ES module, which it is not
const rfc8785 = canonicalize as unknown as (value: unknown) => string;

const URL = 'https://agents.example.com/test';
const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ED = generateKeyPairSync('ed25519');
const CARD = {
  ...{ name: 'Täst "1"', description: 'For tests \u2028 🐪', version: '1.0.0' },
  provider: { organization: 'Example', url: 'https://example.com' },
  skills: [
    { id: 'a', name: 'A', description: 'a', tags: ['x'], examples: [], inputModes: [] },
    { id: 'b', name: 'B', description: 'b', tags: ['y'], examples: ['one'] },
  ],
  documentationUrl: 'https://example.com/docs',
  securitySchemes: {
    key: { apiKeySecurityScheme: { location: 'header', name: 'X-Key', description: '' } },
    oauth: {
      oauth2SecurityScheme: {
        flows: {
          authorizationCode: {
            ...{ authorizationUrl: 'https://id.test/auth', tokenUrl: 'https://id.test/token' },
            ...{ scopes: { read: 'Read' }, pkceRequired: false },
          },
        },
      },
    },
  },
  securityRequirements: [{ schemes: { oauth: { list: ['read'] } } }],
  capabilities: { extensions: [{ uri: 'urn:x', required: false, params: { z: 1, a: { b: 1.5e300 } } }] },
};

async function signed(
  signCard: CardKey | CardKey[],
  options: Partial<A2AOptions> = {},
): Promise<{ card: AgentCard; response: Response; agent: AgentApp }> {
  const agent = await makeApp({ card: CARD, publicUrl: URL, ...options, signCard, owner: () => 'ada' });
  app = agent;
  const response = await fetch(`${agent.url}/.well-known/agent-card.json`);
  return { agent, response, card: (await response.clone().json()) as AgentCard };
}

/** What a client of the JavaScript SDK says. */
async function sdkAccepts(card: AgentCard, keys: Record<string, KeyObject>): Promise<boolean> {
  const verify = verifyAgentCardSignature(async (kid) => {
    const key = keys[kid];
    if (key === undefined) throw new Error(`There is no key ${kid}`);
    return key;
  });
  return verify(card as never).then(
    () => true,
    () => false,
  );
}

describe('a signed card (NEEDS 39)', () => {
  it.each<[string, CardKey['key'], KeyObject, string, string | undefined]>([
    ['a P-256 key', P256.privateKey, P256.publicKey, 'ES256', undefined],
    ['a P-384 key', ...pair('ec', { namedCurve: 'P-384' }), 'ES384', undefined],
    ['a P-521 key', ...pair('ec', { namedCurve: 'P-521' }), 'ES512', undefined],
    ['an Ed25519 key', ED.privateKey, ED.publicKey, 'EdDSA', undefined],
    ['an RSA key', ...pair('rsa', { modulusLength: 2048 }), 'RS256', undefined],
    ['an RSA key with another algorithm', ...pair('rsa', { modulusLength: 2048 }), 'PS384', 'PS384'],
    [
      'PEM',
      P256.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      P256.publicKey,
      'ES256',
      undefined,
    ],
    [
      'PEM of SEC 1',
      P256.privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
      P256.publicKey,
      'ES256',
      undefined,
    ],
    ['a JWK', P256.privateKey.export({ format: 'jwk' }), P256.publicKey, 'ES256', undefined],
  ])('by %s is one for verifyAgentCardSignature of @a2a-js/sdk', async (_, key, publicKey, alg, wanted) => {
    verifies('8.4.2-header');
    const { card } = await signed({ key, kid: 'k1', ...(wanted !== undefined && { alg: wanted }) });
    expect(card).toMatchObject({
      name: CARD.name,
      supportedInterfaces: [{ url: URL }, { url: URL }, { url: URL }],
    });
    expect(card.signatures).toHaveLength(1);
    expect(decodeProtectedHeader(card.signatures?.[0] as never)).toEqual({ alg, kid: 'k1', typ: 'JOSE' });
    expect(await sdkAccepts(card, { k1: publicKey })).toBe(true);
    for (const change of [
      { name: 'Other' },
      { skills: card.skills.slice(1) },
      { iconUrl: 'https://x.test' },
    ]) {
      expect(await sdkAccepts({ ...card, ...change }, { k1: publicKey })).toBe(false);
    }
    expect(await sdkAccepts(card, { k1: generateKeyPairSync('ed25519').publicKey })).toBe(false);
  });

  it('takes a key of WebCrypto', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
    const pair = await webcrypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
    const spki = Buffer.from(await webcrypto.subtle.exportKey('spki', pair.publicKey));
    const { card } = await signed({ key: pair.privateKey, kid: 'k1' });
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(await sdkAccepts(card, { k1: publicKey })).toBe(true);
  });

  it('has a signature of each key, and names where the public keys are', async () => {
    const jku = 'https://agents.example.com/.well-known/jwks.json';
    const { card } = await signed([
      { key: P256.privateKey, kid: 'old' },
      { key: ED.privateKey, kid: 'new', jku },
    ]);
    expect(card.signatures?.map((one) => decodeProtectedHeader(one as never))).toEqual([
      { alg: 'ES256', kid: 'old', typ: 'JOSE' },
      { alg: 'EdDSA', kid: 'new', typ: 'JOSE', jku },
    ]);
    expect(await sdkAccepts(card, { old: P256.publicKey })).toBe(true);
    expect(await sdkAccepts(card, { new: ED.publicKey })).toBe(true);
    expect(await sdkAccepts(card, { new: P256.publicKey })).toBe(false);
  });

  it('is signed as it is sent: nothing in it has to be left out before it is verified (§8.4.1)', async () => {
    verifies('8.4.1-canonical', '8.4.1-no-signatures');
    const { card } = await signed({ key: ED.privateKey, kid: 'k1' });
    const { signatures = [], ...rest } = card;
    const payload = Buffer.from(rfc8785(rest)).toString('base64url');
    const [signature] = signatures;
    await flattenedVerify(
      { ...(signature as { protected: string; signature: string }), payload },
      ED.publicKey,
    );
    expect(rest).toMatchObject({
      capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: false },
    });
    expect(rest.skills[0]).toEqual({ id: 'a', name: 'A', description: 'a', tags: ['x'] });
    expect(rest.capabilities.extensions?.[0]).toEqual({ uri: 'urn:x', params: { z: 1, a: { b: 1.5e300 } } });
    expect(JSON.stringify(rest)).not.toContain('pkceRequired');
  });

  it('keeps its signature and its tag from request to request', async () => {
    const { response, agent } = await signed({ key: P256.privateKey, kid: 'k1' });
    expect(response.headers.get('cache-control')).toBe('public, max-age=3600');
    const etag = response.headers.get('etag') ?? '';
    const first = await response.text();
    const again = await fetch(`${agent.origin}/.well-known/agent-card.json`);
    expect([again.headers.get('etag'), await again.text()]).toEqual([etag, first]);
    const cached = await fetch(`${agent.url}/.well-known/agent-card.json`, {
      headers: { 'If-None-Match': etag },
    });
    expect(cached.status).toBe(304);
    // twice at once is one signature, too
    const both = await Promise.all(
      [0, 1].map(async () => (await fetch(`${agent.url}/.well-known/agent-card.json`)).text()),
    );
    expect(both).toEqual([first, first]);
  });

  it('is signed for each URL that a function gives', async () => {
    const { agent } = await signed(
      { key: P256.privateKey, kid: 'k1' },
      { publicUrl: (req) => `https://${String(req.headers['x-site'])}.example.com/a2a` },
    );
    for (const site of ['one', 'two']) {
      const response = await fetch(`${agent.url}/.well-known/agent-card.json`, {
        headers: { 'x-site': site },
      });
      const card = (await response.json()) as AgentCard;
      expect(card.supportedInterfaces[0]?.url).toBe(`https://${site}.example.com/a2a`);
      expect(await sdkAccepts(card, { k1: P256.publicKey })).toBe(true);
      expect(response.headers.get('cache-control')).toBe('private');
    }
  });

  it('is signed as extended card too, for each caller', async () => {
    const { agent, card } = await signed(
      { key: P256.privateKey, kid: 'k1' },
      { extendedCard: ({ owner }) => ({ description: `For ${String(owner)}` }) },
    );
    const { result } = (await agent.call('GetExtendedAgentCard')) as { result: AgentCard };
    expect(result).toMatchObject({
      name: CARD.name,
      description: 'For ada',
      supportedInterfaces: [{ url: URL }, { url: URL }, { url: URL }],
    });
    expect(result.signatures).not.toEqual(card.signatures);
    expect(await sdkAccepts(result, { k1: P256.publicKey })).toBe(true);
  });

  it('warns of empty values, which some clients can not verify', async () => {
    const bearer = { httpAuthSecurityScheme: { scheme: 'Bearer' } };
    const warn = jest.fn();
    const quiet = () => undefined;
    await signed(
      { key: P256.privateKey, kid: 'k1' },
      {
        card: {
          ...{ name: 'N', description: '', version: '1' },
          securitySchemes: { bearer },
          securityRequirements: [{ schemes: { bearer: { list: [] } } }],
        },
        logger: { debug: quiet, info: quiet, error: quiet, warn },
      },
    );
    expect(warn.mock.calls).toContainEqual([
      { code: 'ERR_A2A_SIGNED_EMPTY' },
      'the signed card has empty values (description, skills[0].description, securityRequirements[0].schemes.bearer), and some clients can not verify it with them',
    ]);
  });
});

function pair(type: 'ec' | 'rsa', options: object): [KeyObject, KeyObject] {
  const { privateKey, publicKey } = generateKeyPairSync(type as 'rsa', options as { modulusLength: number });
  return [privateKey, publicKey];
}
