import type * as v1 from '../../protocol/v1.ts';
import { pick } from './fields.ts';
import type { AgentCard, OAuthFlows, SecurityScheme } from './types.ts';

type Security = NonNullable<AgentCard['security']>;

/** Alternatives of schemes and scopes in the words of 1.0. */
export function securityToV1(security: Security): v1.SecurityRequirement[] {
  return security.map((schemes) => ({ schemes: mapped(schemes, (list) => ({ list })) }));
}

/** Alternatives of schemes and scopes in the words of 0.3. */
export function securityToV03(requirements: readonly v1.SecurityRequirement[]): Security {
  return requirements.map(({ schemes = {} }) => mapped(schemes, ({ list = [] }) => list));
}

/** Schemes by name in the words of 1.0. One of 1.0 has one flow: of several the first of the order there counts. */
export function schemesToV1(schemes: Record<string, SecurityScheme>): Record<string, v1.SecurityScheme> {
  return mapped(schemes, schemeToV1);
}

/** Schemes by name in the words of 0.3. An API key in another place than 0.3 knows is left out. */
export function schemesToV03(schemes: Record<string, v1.SecurityScheme>): Record<string, SecurityScheme> {
  const known = Object.entries(schemes).flatMap(([name, scheme]) => {
    const older = schemeToV03(scheme);
    return older === undefined ? [] : [[name, older] as const];
  });
  return Object.fromEntries(known);
}

function schemeToV1(scheme: SecurityScheme): v1.SecurityScheme {
  const about = pick(scheme, 'description');
  switch (scheme.type) {
    case 'apiKey':
      return { apiKeySecurityScheme: { ...about, location: scheme.in, name: scheme.name } };
    case 'http':
      return { httpAuthSecurityScheme: { ...about, ...pick(scheme, 'scheme', 'bearerFormat') } };
    case 'oauth2':
      return {
        oauth2SecurityScheme: {
          ...about,
          flows: flowsToV1(scheme.flows),
          ...pick(scheme, 'oauth2MetadataUrl'),
        },
      };
    case 'openIdConnect':
      return { openIdConnectSecurityScheme: { ...about, ...pick(scheme, 'openIdConnectUrl') } };
    case 'mutualTLS':
      return { mtlsSecurityScheme: about };
  }
}

function schemeToV03(scheme: v1.SecurityScheme): SecurityScheme | undefined {
  const { apiKeySecurityScheme: apiKey, httpAuthSecurityScheme: http } = scheme;
  if (apiKey) {
    const place = LOCATIONS.find((each) => each === apiKey.location);
    if (place === undefined) return undefined;
    return { type: 'apiKey', ...pick(apiKey, 'description'), in: place, name: apiKey.name };
  }
  if (http) return { type: 'http', ...pick(http, 'description', 'scheme', 'bearerFormat') };
  const { oauth2SecurityScheme: oauth2, openIdConnectSecurityScheme: openId } = scheme;
  if (oauth2) {
    return {
      type: 'oauth2',
      ...pick(oauth2, 'description'),
      flows: flowsToV03(oauth2.flows),
      ...pick(oauth2, 'oauth2MetadataUrl'),
    };
  }
  if (openId) return { type: 'openIdConnect', ...pick(openId, 'description', 'openIdConnectUrl') };
  return { type: 'mutualTLS', ...pick(scheme.mtlsSecurityScheme, 'description') };
}

function flowsToV1({ authorizationCode, clientCredentials, implicit, password }: OAuthFlows): v1.OAuthFlows {
  if (authorizationCode) return { authorizationCode };
  if (clientCredentials) return { clientCredentials };
  if (implicit) return { implicit };
  return { password: password ?? {} };
}

// the device code flow came with 1.0, and so did the demand for PKCE
function flowsToV03({ authorizationCode, clientCredentials, implicit, password }: v1.OAuthFlows): OAuthFlows {
  if (authorizationCode) {
    const { pkceRequired: _, ...flow } = authorizationCode;
    return { authorizationCode: flow };
  }
  if (clientCredentials) return { clientCredentials };
  if (implicit) return { implicit: { ...implicit, ...required(implicit, 'authorizationUrl') } };
  return password ? { password: { ...password, ...required(password, 'tokenUrl') } } : {};
}

/** What 0.3 requires of a flow and 1.0 does not. */
function required<K extends 'authorizationUrl' | 'tokenUrl'>(
  flow: { readonly [P in K]?: string } & { readonly scopes?: Record<string, string> },
  url: K,
): Record<K, string> & { scopes: Record<string, string> } {
  return { [url]: flow[url] ?? '', scopes: flow.scopes ?? {} } as Record<K, string> & {
    scopes: Record<string, string>;
  };
}

function mapped<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

const LOCATIONS = ['cookie', 'header', 'query'] as const;
