import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { A2AOptions } from '../../lib/express/options.ts';
import { type AgentApp, makeApp } from '../helpers/make-app.ts';

let app: AgentApp | undefined;
afterEach(() => app?.close());

const PATH = '/.well-known/agent-card.json';
const OLDER_PATH = '/.well-known/agent.json';
const CARD = { name: 'Test', description: 'For tests', version: '1.0.0' };

async function ask(
  options: Partial<A2AOptions>,
  path = PATH,
  headers: Record<string, string> = {},
): Promise<{ card: Record<string, unknown>; url: string; response: Response }> {
  await app?.close();
  app = await makeApp(options);
  const response = await fetch(`${app.origin}${path}`, { headers });
  return { response, url: app.url, card: (await response.json()) as Record<string, unknown> };
}

/** What only a card of 0.3 has, and what only one of 1.0 has. */
function kindOf(card: object): string {
  if (!('supportedInterfaces' in card)) return 'older';
  return 'protocolVersion' in card ? 'hybrid' : 'pure';
}

describe('the card', () => {
  it.each<[string, Partial<A2AOptions>, string, Record<string, string>, string]>([
    ['nothing is said', {}, PATH, {}, 'hybrid'],
    [
      'nothing is said, and the author wants it pure',
      { card: { ...CARD, compat: 'pure' } },
      PATH,
      {},
      'pure',
    ],
    ['the author says hybrid', { card: { ...CARD, compat: 'hybrid' } }, PATH, {}, 'hybrid'],
    ['1.0 is asked for', {}, PATH, { 'A2A-Version': '1.0' }, 'pure'],
    ['1.0 is asked for at the older path', {}, OLDER_PATH, { 'A2A-Version': '1.0.1' }, 'pure'],
    ['0.3 is asked for', {}, PATH, { 'A2A-Version': '0.3' }, 'older'],
    ['it is asked for at the older path', {}, OLDER_PATH, {}, 'older'],
    ['it is asked for below the mount', {}, `/a2a${OLDER_PATH}`, {}, 'older'],
    ['no such version is there', {}, PATH, { 'A2A-Version': '9.9' }, 'hybrid'],
    ['every call needs a tenant, which 0.3 does not know', { tenants: ['acme'] }, PATH, {}, 'pure'],
    ['calls without a tenant are served too', { tenants: ['', 'acme'] }, PATH, {}, 'hybrid'],
    ['0.3 is not served', { versions: ['1.0'] }, PATH, { 'A2A-Version': '0.3' }, 'pure'],
    ['its URL is fixed', { publicUrl: 'https://x.test/a' }, PATH, { 'A2A-Version': '0.3' }, 'older'],
  ])('where %s', async (_, options, path, headers, kind) => {
    const { card, response } = await ask(options, path, headers);
    expect(kindOf(card)).toBe(kind);
    expect(response.headers.get('vary')).toContain('A2A-Version');
  });

  it('of 0.3 is one to the letter', async () => {
    const { card, url } = await ask({ push: false }, PATH, { 'A2A-Version': '0.3' });
    expect(card).toEqual({
      ...CARD,
      ...{ protocolVersion: '0.3.0', url, preferredTransport: 'JSONRPC' },
      additionalInterfaces: [{ url, transport: 'JSONRPC' }],
      capabilities: {
        ...{ streaming: true, pushNotifications: false },
        extensions: [expect.objectContaining({ uri: 'urn:express-a2a:resumable-stream:v1' })],
      },
      ...{ defaultInputModes: ['text/plain'], defaultOutputModes: ['text/plain'] },
      skills: [{ id: 'default', name: 'Test', description: 'For tests', tags: ['general'] }],
      supportsAuthenticatedExtendedCard: false,
    });
  });

  it('has a tag of its own for each version', async () => {
    const tags = new Set<string | null>();
    for (const headers of [{}, { 'A2A-Version': '1.0' }, { 'A2A-Version': '0.3' }] as Record<
      string,
      string
    >[])
      tags.add((await ask({ publicUrl: 'https://x.test/a' }, PATH, headers)).response.headers.get('etag'));
    expect(tags.size).toBe(3);
  });

  it.each<[string, string, 'older' | 'pure', boolean]>([
    ['agent/getAuthenticatedExtendedCard', '', 'older', false],
    ['agent/getAuthenticatedExtendedCard', '1.0', 'pure', true],
    ['GetExtendedAgentCard', '', 'pure', true],
  ])(
    'for members is signed only in the words that were signed: %s under %j',
    async (method, version, kind, isSigned) => {
      const { privateKey } = generateKeyPairSync('ed25519');
      const options: Partial<A2AOptions> = {
        ...{ publicUrl: 'https://x.test/a', signCard: { key: privateKey, kid: 'k' } },
        extendedCard: { description: 'More', public: true },
      };
      app = await makeApp(options);
      const response = await app.open(method, {}, { 'A2A-Version': version });
      const { result } = (await response.json()) as { result: Record<string, unknown> };
      expect([kindOf(result), 'signatures' in result, result['description']]).toEqual([
        kind,
        isSigned,
        'More',
      ]);
      expect([response.headers.get('cache-control'), response.headers.get('etag')]).toEqual([
        'no-store',
        null,
      ]);
    },
  );

  it('is not answered with 304 for the tag of another version', async () => {
    const { response, url } = await ask({ publicUrl: 'https://x.test/a' });
    const tag = response.headers.get('etag') ?? '';
    const again = (version: string) =>
      fetch(`${url}${PATH}`, { headers: { 'If-None-Match': tag, 'A2A-Version': version } });
    expect((await again('')).status).toBe(304);
    for (const version of ['1.0', '0.3']) {
      const other = await again(version);
      expect([other.status, other.headers.get('vary')]).toEqual([200, 'A2A-Version']);
      await other.text();
    }
  });

  it('lists the first of the versions first', async () => {
    const { card, url } = await ask({ versions: ['0.3', '1.0'] });
    expect(card['supportedInterfaces']).toEqual([
      { url, protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
      { url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      { url, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
    ]);
  });

  it.each([
    [{ compat: 'both' }, undefined, "Option `card.compat` must be 'hybrid' or 'pure'"],
    [
      { compat: 'hybrid' },
      ['1.0'],
      'Option `card.compat` is for a router that serves A2A 0.3: remove it, or add 0.3 to `versions`',
    ],
  ])('is refused with %j and %j', async (more, versions, message) => {
    const options = { card: { ...CARD, ...more }, ...(versions && { versions }) } as Partial<A2AOptions>;
    await expect(makeApp(options)).rejects.toMatchObject({ code: 'ERR_A2A_CARD', message });
  });
});
