import { describe, expect, it } from '@jest/globals';
import { admitOwner } from '../../lib/core/admission.ts';
import type { SecurityScheme } from '../../lib/protocol/v1.ts';

function challengesOf(scheme: SecurityScheme): unknown {
  const card = {
    name: 'a',
    capabilities: {},
    securitySchemes: { one: scheme },
    securityRequirements: [{ schemes: { one: { list: [] } } }],
  };
  try {
    admitOwner(card, null);
    return 'admitted';
  } catch (error) {
    return (error as { headers: object }).headers; // only an UnauthenticatedError is thrown there
  }
}

describe('the challenge to an anonymous caller', () => {
  it.each<[string, SecurityScheme, string]>([
    ['Bearer', { httpAuthSecurityScheme: { scheme: 'Bearer' } }, 'Bearer'],
    ['Basic', { httpAuthSecurityScheme: { scheme: 'basic' } }, 'Basic realm="agent", charset="UTF-8"'],
    [
      'an API key',
      { apiKeySecurityScheme: { location: 'header', name: 'X-"Key' } },
      'ApiKey in="header", name="X-Key"',
    ],
    ['OpenID Connect', { openIdConnectSecurityScheme: { openIdConnectUrl: 'https://id' } }, 'Bearer'],
    [
      'OAuth 2.0',
      {
        oauth2SecurityScheme: { flows: { clientCredentials: { tokenUrl: 'https://id/token', scopes: {} } } },
      },
      'Bearer',
    ],
    [
      'a cookie',
      { apiKeySecurityScheme: { location: 'cookie', name: 'sid' } },
      'ApiKey in="cookie", name="sid"',
    ],
    ['any other word of HTTP', { httpAuthSecurityScheme: { scheme: 'Negotiate' } }, 'Negotiate'],
    ['a client certificate', { mtlsSecurityScheme: {} }, 'A2A realm="agent"'],
    ['a scheme that is no token', { httpAuthSecurityScheme: { scheme: 'no token' } }, 'A2A realm="agent"'],
  ])('names %s', (_, scheme, challenge) => {
    expect(challengesOf(scheme)).toEqual({ 'WWW-Authenticate': [challenge] });
  });

  it('is not made where an alternative asks for nothing', () => {
    const open = {
      name: 'a',
      capabilities: {},
      securityRequirements: [{ schemes: { one: { list: [] } } }, {}],
    };
    expect(() => {
      admitOwner(open, null);
    }).not.toThrow();
  });
});
