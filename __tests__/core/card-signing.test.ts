import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { emptyPaths } from '../../lib/core/empty-paths.ts';
import { withoutDefaults } from '../../lib/protocol/card-canonical.ts';
import { createCardSigner } from '../../lib/core/card-signing.ts';
import type { CardKey } from '../../lib/core/signing-key.ts';
import type { AgentCard } from '../../lib/protocol/v1.ts';
import { verifies } from '../requirements.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const secret = pem.split('\n')[1] ?? '';
const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
const key = privateKey;
const kid = 'k1';

describe('a key that can not sign is refused', () => {
  it.each<[string, unknown, string]>([
    ['none', [], 'Option `signCard` must have a key, { key, kid }, or a list of them'],
    ['a text', ['x'], 'Option `signCard` must be an object, { key, kid }'],
    ['no kid', { key }, 'Option `signCard.kid` must be the name of the key'],
    ['an empty kid', { key, kid: '' }, 'Option `signCard.kid` must be the name of the key'],
    [
      'no key',
      { kid },
      'Option `signCard.key` must be a private key: a KeyObject, a CryptoKey, a JWK or PEM',
    ],
    ['a public key', { key: publicKey, kid }, 'Option `signCard.key` must be a private key'],
    [
      'a public JWK',
      { key: publicKey.export({ format: 'jwk' }), kid },
      'Option `signCard.key` must be a private key',
    ],
    [
      'a shared secret',
      { key: createSecretKey(Buffer.alloc(32)), kid },
      'Option `signCard.key` must be a private key',
    ],
    ['half a PEM', { key: pem.slice(0, 80), kid }, 'Option `signCard.key` must be a private key'],
    [
      'a short RSA key',
      { key: small, kid },
      'Option `signCard.key` is of a kind that JWS has no safe algorithm for',
    ],
    [
      'a curve without an algorithm',
      { key: generateKeyPairSync('ec', { namedCurve: 'secp224r1' }).privateKey, kid },
      'Option `signCard.key` is of a kind that JWS has no safe algorithm for',
    ],
    [
      'a key that only agrees on keys',
      { key: generateKeyPairSync('x25519').privateKey, kid },
      'Option `signCard.key` is of a kind that JWS has no safe algorithm for',
    ],
    [
      'an algorithm of other keys',
      { key, kid, alg: 'RS256' },
      'Option `signCard.alg` must be one that fits the key: ES256',
    ],
    ['no algorithm', { key, kid, alg: 'none' }, 'Option `signCard.alg` must be one that fits the key: ES256'],
    [
      'a jku that is no URL',
      { key, kid, jku: '/jwks.json' },
      'Option `signCard.jku` must be an absolute http or https URL',
    ],
    [
      'a jku with another protocol',
      { key, kid, jku: 'file:///k' },
      'Option `signCard.jku` must be an absolute',
    ],
    [
      'the second',
      [
        { key, kid },
        { key, kid: 7 },
      ],
      'Option `signCard[1].kid` must be the name of the key',
    ],
    [
      'a name twice',
      [
        { key, kid },
        { key, kid },
      ],
      'Option `signCard` has two keys with one `kid`',
    ],
  ])('%s', (_, given, words) => {
    const make = () => createCardSigner(given as CardKey);
    expect(make).toThrow(
      expect.objectContaining({ code: 'ERR_A2A_SIGN_CARD', message: expect.stringContaining(words) }),
    );
    expect(make).not.toThrow(new RegExp(secret.replace(/[+/]/g, '\\$&')));
  });
});

const FULL: AgentCard = {
  ...{ name: 'N', description: '', version: '1' },
  supportedInterfaces: [
    { url: 'https://x.test', protocolBinding: 'JSONRPC', protocolVersion: '1.0', tenant: '' },
  ],
  capabilities: { streaming: false, extensions: [] },
  ...{ defaultInputModes: ['text/plain'], defaultOutputModes: ['text/plain'] },
  skills: [],
};

describe('the card that is signed (§8.4.1)', () => {
  const reduced = {
    ...FULL,
    capabilities: { streaming: false },
    supportedInterfaces: [{ url: 'https://x.test', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  };

  it.each<[string, object, object]>([
    ['keeps what is required or optional, and drops other defaults', {}, {}],
    ['drops signatures', { signatures: [{ protected: 'a', signature: 'b' }] }, {}],
    [
      'drops unknown fields',
      { more: 1, provider: { organization: 'O', url: 'u', more: 1 } },
      { provider: { organization: 'O', url: 'u' } },
    ],
    [
      'keeps an optional field that is empty',
      { iconUrl: '', documentationUrl: '' },
      { iconUrl: '', documentationUrl: '' },
    ],
    ['drops empty lists and maps', { securitySchemes: {}, securityRequirements: [] }, {}],
    [
      'keeps messages that are empty',
      {
        securitySchemes: { tls: { mtlsSecurityScheme: {} } },
        securityRequirements: [{ schemes: { tls: { list: [] } } }, {}],
      },
      {
        securitySchemes: { tls: { mtlsSecurityScheme: {} } },
        securityRequirements: [{ schemes: { tls: {} } }, {}],
      },
    ],
    [
      'keeps free-form values as they are',
      { capabilities: { extensions: [{ uri: 'u', params: { a: '', b: [], c: {}, d: false, e: null } }] } },
      { capabilities: { extensions: [{ uri: 'u', params: { a: '', b: [], c: {}, d: false, e: null } }] } },
    ],
    [
      'keeps names that objects have',
      { securitySchemes: { constructor: { mtlsSecurityScheme: {} } } },
      { securitySchemes: { constructor: { mtlsSecurityScheme: {} } } },
    ],
  ])('%s', (_, given, kept) => {
    verifies('8.4.1-presence');
    const card = { ...FULL, ...given };
    const before = structuredClone(card);
    expect(withoutDefaults(card)).toEqual({ ...reduced, ...kept });
    expect(card).toEqual(before);
  });

  it('tells what is empty and signed nonetheless', () => {
    const card = withoutDefaults({ ...FULL, securityRequirements: [{ schemes: { bearer: { list: [] } } }] });
    expect(emptyPaths(card)).toEqual(['description', 'skills', 'securityRequirements[0].schemes.bearer']);
  });
});

describe('signing', () => {
  it('is done once for a card, and again when the last hundred were others', async () => {
    const sign = createCardSigner({ key, kid });
    const at = async (name: string) => (await sign({ ...FULL, name })).signatures;
    const first = await at('a');
    expect(await at('a')).toEqual(first);
    for (let n = 0; n < 100; n += 1) await at(String(n));
    expect(await at('a')).not.toEqual(first);
  });

  it('does not change the card that it is given', async () => {
    const card = structuredClone(FULL);
    await createCardSigner({ key, kid })(card);
    expect(card).toEqual(FULL);
  });
});
