import type { AgentCard, OAuthFlows, SecurityScheme } from '../protocol/v1.ts';

type Json = Readonly<Record<string, unknown>>;

/** The security schemes of a card, and what calls require of them, as OpenAPI 3.1 writes them. */
export function securityOf({ securitySchemes = {}, securityRequirements = [] }: AgentCard): {
  readonly schemes: Json;
  readonly requirements: readonly Json[];
} {
  const schemes = Object.entries(securitySchemes).map(([name, scheme]) => [keyOf(name), schemeOf(scheme)]);
  const requirements = securityRequirements.map(({ schemes: required = {} }) =>
    Object.fromEntries(Object.entries(required).map(([name, scopes]) => [keyOf(name), scopes.list ?? []])),
  );
  return { schemes: Object.fromEntries(schemes) as Json, requirements };
}

/** Names of components are of letters, digits and these. */
function keyOf(name: string): string {
  return encodeURIComponent(name).replaceAll(/[^\w.-]/g, '_');
}

function schemeOf(scheme: SecurityScheme): Json {
  if ('apiKeySecurityScheme' in scheme) {
    const { location, ...rest } = scheme.apiKeySecurityScheme;
    return { type: 'apiKey', in: location, ...rest };
  }
  if ('httpAuthSecurityScheme' in scheme) return { type: 'http', ...scheme.httpAuthSecurityScheme };
  if ('openIdConnectSecurityScheme' in scheme)
    return { type: 'openIdConnect', ...scheme.openIdConnectSecurityScheme };
  if ('mtlsSecurityScheme' in scheme) return { type: 'mutualTLS', ...scheme.mtlsSecurityScheme };
  const { flows, oauth2MetadataUrl, ...rest } = scheme.oauth2SecurityScheme;
  return {
    ...{ type: 'oauth2', ...rest, flows: flowsOf(flows) },
    ...(oauth2MetadataUrl !== undefined && { 'x-oauth2MetadataUrl': oauth2MetadataUrl }),
  };
}

/** What OpenAPI 3.1 has no name for is kept as an extension. */
function flowsOf(flows: OAuthFlows): Json {
  if ('deviceCode' in flows) return { 'x-deviceCode': flows.deviceCode };
  return Object.fromEntries(
    Object.entries(flows).map(([name, { pkceRequired, ...flow }]: [string, Json]) => [
      name,
      { ...NEEDED[name], ...flow, ...(pkceRequired !== undefined && { 'x-pkceRequired': pkceRequired }) },
    ]),
  );
}

/** A card may leave these out, OpenAPI does not. */
const NEEDED: Readonly<Record<string, Json>> = {
  implicit: { authorizationUrl: '', scopes: {} },
  password: { tokenUrl: '', scopes: {} },
};
