import { describe, expect, it } from '@jest/globals';
import { cardToV03, cardToV1, hybridCard } from '../../lib/compat/v03/card.ts';
import { readV03 } from '../../lib/compat/v03/check.ts';
import { schemesToV03, schemesToV1 } from '../../lib/compat/v03/security.ts';
import type * as v03 from '../../lib/compat/v03/types.ts';
import type * as v1 from '../../lib/protocol/v1.ts';
import { readDefinition } from '../../lib/protocol/validate.ts';

const about = {
  ...{ name: 'N', description: 'D', version: '1.2.3', iconUrl: 'https://x.test/i', documentationUrl: 'u' },
  provider: { organization: 'O', url: 'https://o.test' },
  ...{ defaultInputModes: ['text/plain'], defaultOutputModes: ['text/plain'] },
};
const extensions = [{ uri: 'urn:x', description: 'd', required: true, params: { x: 1 } }];
const skill = { id: 's', name: 'S', description: 'd', tags: ['t'], examples: ['e'], inputModes: ['i'] };
const url = 'https://agent.test/a2a';

const newer: v1.AgentCard = {
  ...about,
  supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: '0.3' }],
  capabilities: { streaming: true, pushNotifications: false, extensions, extendedAgentCard: true },
  securitySchemes: { key: { apiKeySecurityScheme: { location: 'header', name: 'X-Key' } } },
  securityRequirements: [{ schemes: { key: { list: ['a', 'b'] } } }],
  skills: [{ ...skill, securityRequirements: [{ schemes: { key: { list: [] } } }] }],
  signatures: [{ protected: 'p', signature: 's', header: { kid: 'k' } }],
};

const older: v03.AgentCard = {
  ...about,
  ...{ protocolVersion: '0.3.0', url, preferredTransport: 'JSONRPC' },
  additionalInterfaces: [{ url, transport: 'JSONRPC' }],
  capabilities: { streaming: true, pushNotifications: false, extensions },
  securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Key' } },
  security: [{ key: ['a', 'b'] }],
  skills: [{ ...skill, security: [{ key: [] }] }],
  supportsAuthenticatedExtendedCard: true,
  signatures: [{ protected: 'p', signature: 's', header: { kid: 'k' } }],
};

describe('a card', () => {
  it('says the same in both versions', () => {
    expect(readDefinition('AgentCard', newer)).toEqual({ value: newer });
    expect(readV03('AgentCard', older)).toEqual({ value: older });
    expect(cardToV03(newer)).toStrictEqual(older);
    expect(cardToV1(older)).toStrictEqual(newer);
  });

  it('of 0.3 lists the interfaces that speak it', () => {
    const card = cardToV03({
      ...newer,
      supportedInterfaces: [
        { url: 'https://a.test', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
        { url: 'https://b.test', protocolBinding: 'GRPC', protocolVersion: '0.3.0', tenant: 'x' },
        { url: 'https://c.test', protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
        { url: 'https://d.test', protocolBinding: 'JSONRPC', protocolVersion: '0.30' },
      ],
    });
    expect(card).toMatchObject({ url: 'https://b.test', preferredTransport: 'GRPC' });
    expect(card.additionalInterfaces).toEqual([
      { url: 'https://b.test', transport: 'GRPC' },
      { url: 'https://c.test', transport: 'JSONRPC' },
    ]);
  });

  it('of 0.3 names each of its addresses, once, in the words of 1.0', () => {
    const { preferredTransport: _, ...card } = older;
    const additionalInterfaces = [
      { url, transport: 'JSONRPC' },
      { url, transport: 'GRPC' },
      { url: 'https://b.test', transport: 'JSONRPC' },
    ];
    expect(cardToV1({ ...card, additionalInterfaces, protocolVersion: '0.3.1' }).supportedInterfaces).toEqual(
      [
        { url, protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
        { url, protocolBinding: 'GRPC', protocolVersion: '0.3' },
        { url: 'https://b.test', protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
      ],
    );
  });

  it('of 0.3 may say little', () => {
    const least: v03.AgentCard = {
      ...{ protocolVersion: '0.3.0', name: '', description: '', url, version: '1', capabilities: {} },
      ...{ defaultInputModes: [], defaultOutputModes: [], skills: [] },
    };
    expect(readV03('AgentCard', least)).toEqual({ value: least });
    expect(cardToV1(least)).toStrictEqual({
      ...{ name: '', description: '', version: '1', capabilities: {} },
      ...{ defaultInputModes: [], defaultOutputModes: [], skills: [] },
      supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: '0.3' }],
    });
  });

  it('of 0.3 has no capability that 1.0 dropped', () => {
    const card = { ...older, capabilities: { streaming: true, stateTransitionHistory: true } };
    expect(cardToV1(card).capabilities).toStrictEqual({ streaming: true, extendedAgentCard: true });
  });

  it('of 1.0 has extensions without a URI, which are none', () => {
    const capabilities = { extensions: [{ description: 'd' }, { uri: 'urn:x' }] };
    expect(cardToV03({ ...newer, capabilities }).capabilities).toStrictEqual({
      extensions: [{ uri: 'urn:x' }],
    });
  });
});

describe('the card for both versions', () => {
  it('is the 1.0 card with what clients of 0.3 look for, and unsigned', () => {
    const { signatures: _, ...unsigned } = newer;
    expect(hybridCard(newer)).toStrictEqual({
      ...unsigned,
      ...{ protocolVersion: '0.3.0', url, preferredTransport: 'JSONRPC' },
      additionalInterfaces: [{ url, transport: 'JSONRPC' }],
      security: [{ key: ['a', 'b'] }],
      supportsAuthenticatedExtendedCard: true,
    });
  });
});

describe('a way to authenticate', () => {
  const tokenUrl = 'https://t.test';
  const scopes = { read: 'reads' };
  const description = 'd';

  it.each<[string, v03.SecurityScheme, v1.SecurityScheme]>([
    [
      'an API key',
      { type: 'apiKey', description, in: 'cookie', name: 'k' },
      { apiKeySecurityScheme: { description, location: 'cookie', name: 'k' } },
    ],
    [
      'HTTP',
      { type: 'http', description, scheme: 'Bearer', bearerFormat: 'JWT' },
      { httpAuthSecurityScheme: { description, scheme: 'Bearer', bearerFormat: 'JWT' } },
    ],
    [
      'OpenID Connect',
      { type: 'openIdConnect', description, openIdConnectUrl: 'u' },
      { openIdConnectSecurityScheme: { description, openIdConnectUrl: 'u' } },
    ],
    ['a certificate', { type: 'mutualTLS', description }, { mtlsSecurityScheme: { description } }],
    ['a certificate without words', { type: 'mutualTLS' }, { mtlsSecurityScheme: {} }],
    ...(
      [
        { authorizationCode: { authorizationUrl: 'a', tokenUrl, refreshUrl: 'r', scopes } },
        { clientCredentials: { tokenUrl, scopes } },
        { implicit: { authorizationUrl: 'a', scopes } },
        { password: { tokenUrl, refreshUrl: 'r', scopes } },
      ] as const
    ).map((flows): [string, v03.SecurityScheme, v1.SecurityScheme] => [
      `OAuth with ${Object.keys(flows).join()}`,
      { type: 'oauth2', description, flows, oauth2MetadataUrl: 'm' },
      { oauth2SecurityScheme: { description, flows, oauth2MetadataUrl: 'm' } },
    ]),
  ])('is the same in both versions: %s', (_, oldScheme, newScheme) => {
    expect(readV03('SecurityScheme', oldScheme)).toEqual({ value: oldScheme });
    expect(readDefinition('SecurityScheme', newScheme)).toEqual({ value: newScheme });
    expect(schemesToV1({ s: oldScheme })).toStrictEqual({ s: newScheme });
    expect(schemesToV03({ s: newScheme })).toStrictEqual({ s: oldScheme });
  });

  it('loses further flows on the way up, and what came with 1.0 on the way down', () => {
    const implicit = { authorizationUrl: 'a', scopes };
    const clientCredentials = { tokenUrl, scopes };
    expect(schemesToV1({ s: { type: 'oauth2', flows: { implicit, clientCredentials } } })).toStrictEqual({
      s: { oauth2SecurityScheme: { flows: { clientCredentials } } },
    });
    const deviceCode = { deviceAuthorizationUrl: 'd', tokenUrl, scopes };
    expect(schemesToV03({ s: { oauth2SecurityScheme: { flows: { deviceCode } } } })).toStrictEqual({
      s: { type: 'oauth2', flows: {} },
    });
    const flow = { authorizationUrl: 'a', tokenUrl, scopes };
    const authorizationCode = { ...flow, pkceRequired: true };
    expect(schemesToV03({ s: { oauth2SecurityScheme: { flows: { authorizationCode } } } })).toStrictEqual({
      s: { type: 'oauth2', flows: { authorizationCode: flow } },
    });
  });

  it('has all that 0.3 requires', () => {
    expect(schemesToV03({ s: { oauth2SecurityScheme: { flows: { implicit: {} } } } })).toStrictEqual({
      s: { type: 'oauth2', flows: { implicit: { authorizationUrl: '', scopes: {} } } },
    });
    expect(schemesToV03({ s: { oauth2SecurityScheme: { flows: { password: {} } } } })).toStrictEqual({
      s: { type: 'oauth2', flows: { password: { tokenUrl: '', scopes: {} } } },
    });
  });

  it('is left out where 0.3 has no word for it', () => {
    expect(schemesToV03({ s: { apiKeySecurityScheme: { location: 'body', name: 'k' } } })).toStrictEqual({});
  });
});
