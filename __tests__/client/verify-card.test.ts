import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import { CompactSign, FlattenedSign } from 'jose';
import { A2AClient, type AgentCard, type CardVerification, type PublicJwk } from '../../lib/client/index.ts';
import { type AgentApp, makeApp } from '../helpers/make-app.ts';
import { card, result, scriptedFetch } from '../helpers/scripted-fetch.ts';

let app: AgentApp | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

// its types describe an ES module, which it is not
const rfc8785 = canonicalize as unknown as (value: unknown) => string;
const ONE = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const OTHER = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = (key: KeyObject, kid?: string) =>
  ({ ...key.export({ format: 'jwk' }), ...(kid !== undefined && { kid }) }) as PublicJwk;

/** A card as §8.4.1 has it signed: what equals a default is not there. */
const UNSIGNED = card({
  skills: [{ id: 's', name: 'S', description: 's', tags: ['x'] }],
  capabilities: { streaming: false },
});

async function signed(
  header: object = {},
  key = ONE.privateKey,
  payload = rfc8785(UNSIGNED),
): Promise<AgentCard> {
  const jws = await new FlattenedSign(Buffer.from(payload))
    .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'JOSE', ...header })
    .sign(key);
  return { ...UNSIGNED, signatures: [{ protected: jws.protected ?? '', signature: jws.signature }] };
}

const connect = (agent: AgentCard, verifyCard: CardVerification, more = {}) =>
  A2AClient.connect(agent, { verifyCard, ...more });
const TRUST = { keys: [jwk(ONE.publicKey, 'k1')] };

describe('a card whose signature is checked', () => {
  it('is taken with a good one, by its own key, by a nameless key, and where defaults were filled in since', async () => {
    expect((await connect(await signed(), TRUST)).card.name).toBe('Scripted');
    await connect(await signed(), { keys: [jwk(ONE.publicKey)] });
    await connect(
      {
        ...(await signed()),
        documentationUrl: undefined as never,
        securityRequirements: [],
        securitySchemes: {},
      },
      TRUST,
    );
    const two = await signed();
    await connect(
      {
        ...two,
        signatures: [...((await signed({}, OTHER.privateKey)).signatures ?? []), ...(two.signatures ?? [])],
      },
      TRUST,
    );
  });

  it.each([
    ['no signature', async () => UNSIGNED, TRUST, 'not signed'],
    ['a changed name', async () => ({ ...(await signed()), name: 'Evil' }), TRUST, 'does not fit'],
    [
      'a changed address',
      async () => ({
        ...(await signed()),
        supportedInterfaces: [
          { url: 'https://evil.test', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
        ],
      }),
      TRUST,
      'does not fit',
    ],
    ['the key of somebody else', () => signed({}, OTHER.privateKey), TRUST, 'does not fit'],
    ['a key that nobody gave', () => signed({ kid: 'k2' }), TRUST, 'no trusted key k2'],
    [
      'an algorithm that is not allowed',
      () => signed(),
      { ...TRUST, algorithms: ['EdDSA'] },
      'algorithm ES256 is not allowed',
    ],
    [
      'garbage',
      async () => ({ ...UNSIGNED, signatures: [{ protected: '!', signature: '' }] }),
      TRUST,
      'No signature',
    ],
    [
      'nothing in it',
      async () => ({ ...UNSIGNED, signatures: [null] as never }),
      TRUST,
      'no JSON Web Signature',
    ],
  ] as [string, () => Promise<AgentCard>, CardVerification, string][])(
    'is refused with %s',
    async (_, agent, trust, why) => {
      await expect(connect(await agent(), trust)).rejects.toMatchObject({
        code: 'ERR_A2A_CARD',
        message: expect.stringContaining(why),
      });
    },
  );

  it('is refused without an algorithm, and with a secret for a key', async () => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const none = {
      ...UNSIGNED,
      signatures: [{ protected: encode({ alg: 'none', kid: 'k1' }), signature: '' }],
    };
    await expect(connect(none, TRUST)).rejects.toMatchObject({
      message: expect.stringContaining('none is not allowed'),
    });
    const secret = Buffer.from(JSON.stringify(jwk(ONE.publicKey)));
    const [header = '', , signature = ''] = (
      await new CompactSign(Buffer.from(rfc8785(UNSIGNED)))
        .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
        .sign(secret)
    ).split('.');
    await expect(
      connect({ ...UNSIGNED, signatures: [{ protected: header, signature }] }, TRUST),
    ).rejects.toMatchObject({ message: expect.stringContaining('HS256 is not allowed') });
  });

  it('takes keys from trusted hosts only, over https, and without the credentials of the client', async () => {
    const wire = scriptedFetch({
      card: [() => Response.json({ keys: [jwk(OTHER.publicKey, 'x'), jwk(ONE.publicKey, 'k1')] })],
    });
    const more = { fetch: wire.fetch, headers: { Authorization: 'Bearer secret' } };
    const trust = { trustedHosts: ['keys.test'] };
    await connect(await signed({ jku: 'https://keys.test/jwks.json' }), trust, more);
    expect(wire.asked.map(({ url, headers }) => [url, headers.get('authorization')])).toEqual([
      ['https://keys.test/jwks.json', null],
    ]);
    for (const jku of [
      'http://keys.test/jwks.json',
      'https://evil.test/jwks.json',
      'https://keys.test@evil.test/',
      'https://keys.test:444/',
      'x',
    ]) {
      await expect(connect(await signed({ jku }), trust, more)).rejects.toMatchObject({
        message: expect.stringContaining('not on a trusted host'),
      });
    }
    expect(wire.asked).toHaveLength(1);
    const empty = scriptedFetch({ card: [() => new Response('<html>', { status: 404 })] });
    await expect(
      connect(await signed({ jku: 'https://keys.test/' }), trust, { fetch: empty.fetch }),
    ).rejects.toMatchObject({ code: 'ERR_A2A_CARD' });
  });

  it('of our server is good, the extended one too', async () => {
    app = await makeApp({
      publicUrl: 'https://agent.test/a2a',
      signCard: { key: ONE.privateKey, kid: 'k1' },
    });
    const client = await A2AClient.connect(app.origin, { verifyCard: TRUST });
    expect(client.card.signatures).toHaveLength(1);
    await expect(
      A2AClient.connect(app.origin, { verifyCard: { keys: [jwk(OTHER.publicKey, 'k1')] } }),
    ).rejects.toMatchObject({ code: 'ERR_A2A_CARD' });
  });

  it('that replaces another one is checked as well', async () => {
    const extended = { ...UNSIGNED, capabilities: { extendedAgentCard: true } };
    const good = await signed({}, ONE.privateKey, rfc8785(extended));
    const wire = scriptedFetch({ GetExtendedAgentCard: [result(extended)] });
    const client = await connect({ ...extended, signatures: good.signatures ?? [] }, TRUST, {
      fetch: wire.fetch,
    });
    await expect(client.getExtendedCard()).rejects.toMatchObject({ code: 'ERR_A2A_CARD' });
    expect(client.card.signatures).toHaveLength(1);
  });

  it('needs keys or hosts to trust', async () => {
    await expect(connect(await signed(), {})).rejects.toThrow('verifyCard');
  });
});
