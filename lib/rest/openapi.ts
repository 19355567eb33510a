import type { Method } from '../core/call.ts';
import { isStreaming } from '../core/call.ts';
import type { Tenants } from '../core/tenants.ts';
import type { Schema } from '../protocol/protojson.ts';
import { a2aV1Docs } from '../protocol/v1.docs.ts';
import { a2aV1Routes } from '../protocol/v1.routes.ts';
import { a2aV1, a2aV1Methods } from '../protocol/v1.schema.ts';
import type { AgentCard } from '../protocol/v1.ts';
import { DETAIL_SCHEMAS, ERROR_SCHEMA } from './openapi-error.ts';
import { securityOf } from './openapi-security.ts';

type Json = Readonly<Record<string, unknown>>;
type Route = (typeof a2aV1Routes)[number];

/** Describes the agent of a card at a URL. */
export type OpenApi = (card: AgentCard, url: string) => Json;

/**
 * Makes what writes the OpenAPI 3.1 description of an agent, from the schema and the method table. With `tenants` the
 * operations stand behind each of them, too.
 */
export function createOpenApi(tenants: Tenants = []): OpenApi {
  // it is long, and anybody may ask for it as often as they like
  let fixed: ReturnType<typeof fixedParts> | undefined;

  return (card, url) => {
    fixed ??= fixedParts(tenants);
    const { name, description, version } = card;
    const { schemes, requirements } = securityOf(card);
    return {
      openapi: '3.1.0',
      info: { title: name, description, version },
      servers: [{ url: url.replace(/\/+$/, '') }],
      paths: fixed.paths,
      ...(requirements.length > 0 && { security: requirements }),
      components: {
        schemas: fixed.schemas,
        parameters: HEADERS,
        ...(Object.keys(schemes).length > 0 && { securitySchemes: schemes }),
      },
    };
  };
}

function fixedParts(tenants: Tenants): { paths: Json; schemas: Json } {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const tenant of tenantsOf(tenants)) {
    for (const route of a2aV1Routes) {
      const path = `${tenant === undefined ? '' : '/{tenant}'}${route.path}`;
      (paths[path] ??= {})[route.verb.toLowerCase()] = operationOf(route, tenant);
    }
  }
  return { paths, schemas: { ...schemas(), Error: ERROR_SCHEMA, ...DETAIL_SCHEMAS } };
}

/** The schema of the tenant in a path; undefined where the path has none. */
function tenantsOf(tenants: Tenants): (Json | undefined)[] {
  if (typeof tenants === 'function') return [undefined, { type: 'string' }];
  const names = tenants.filter((tenant) => tenant !== '');
  const hasPlain = names.length < tenants.length || tenants.length === 0;
  return [...(hasPlain ? [undefined] : []), ...(names.length > 0 ? [{ type: 'string', enum: names }] : [])];
}

function operationOf({ method, verb, path }: Route, tenant: Json | undefined): Json {
  const variables = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const isSecond = a2aV1Routes.find((route) => route.method === method)?.verb !== verb;
  const inQuery = verb === 'POST' ? [] : leftOf(method, variables);
  return {
    operationId: `${method}${isSecond ? `By${verb}` : ''}${tenant ? 'OfTenant' : ''}`,
    parameters: [
      ...(tenant ? [inPath('tenant', tenant)] : []),
      ...variables.map((name) => inPath(name, { type: 'string' })),
      ...inQuery.map(([name, schema]) => ({ name, in: 'query', ...described(schema) })),
      ...Object.keys(HEADERS).map((name) => ({ $ref: `#/components/parameters/${name}` })),
    ],
    ...(verb === 'POST' && { requestBody: bodyOf(method, variables) }),
    responses: {
      200: resultOf(method),
      default: { description: 'Why it failed.', content: typed(ref('Error'), 'application/a2a+json') },
    },
  };
}

function inPath(name: string, schema: Json): Json {
  return { name, in: 'path', required: true, schema };
}

/** A description counts for the parameter, where tools look for it. */
function described({ description, ...schema }: Json): Json {
  return { ...(description !== undefined && { description }), schema };
}

/** The fields of the parameters that the path does not name. The tenant is a matter of the path alone. */
function leftOf(method: Method, variables: readonly string[]): [name: string, schema: Json][] {
  const fields = fieldsOf(a2aV1Methods[method].params);
  return Object.entries(fields).filter(([name]) => name !== 'tenant' && !variables.includes(name));
}

function bodyOf(method: Method, variables: readonly string[]): Json {
  const definition: Schema = a2aV1.$defs[a2aV1Methods[method].params];
  const required = (definition.required ?? []).filter((name) => !variables.includes(name));
  const properties = Object.fromEntries(leftOf(method, variables));
  const schema = { type: 'object', properties, ...(required.length > 0 && { required }) };
  return {
    required: required.length > 0,
    content: typed(schema, 'application/a2a+json', 'application/json'),
  };
}

function resultOf(method: Method): Json {
  const { result } = a2aV1Methods[method];
  return isStreaming(method)
    ? {
        description:
          'Events, each with a StreamResponse as its data; where the stream fails, the last has an Error.',
        content: typed(ref(result), 'text/event-stream'),
      }
    : {
        description: a2aV1Docs[result] ?? 'The result.',
        content: typed(ref(result), 'application/a2a+json'),
      };
}

function typed(schema: unknown, ...types: string[]): Json {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

function schemas(): Json {
  const names = Object.keys(a2aV1.$defs) as Definition[]; // its own keys
  return Object.fromEntries(names.map((name) => [name, documented(name)]));
}

type Definition = keyof typeof a2aV1.$defs;

/** A definition with what it is, and its references where OpenAPI keeps them. */
function documented(name: Definition): Json {
  const schema = moved(a2aV1.$defs[name]);
  return { ...withDocs(name), ...schema, ...('properties' in schema && { properties: fieldsOf(name) }) };
}

function fieldsOf(name: Definition): Readonly<Record<string, Json>> {
  const { properties = {} }: Schema = a2aV1.$defs[name];
  const fields = Object.entries(properties).map(([field, schema]): [string, Json] => [
    field,
    { ...withDocs(`${name}.${field}`), ...moved(schema) },
  ]);
  return Object.fromEntries(fields);
}

function withDocs(name: string): Json {
  const description = a2aV1Docs[name];
  return description === undefined ? {} : { description };
}

function moved(schema: Schema): Json {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json; // of an object
}

function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

const HEADERS: Json = {
  'A2A-Version': {
    ...{ name: 'A2A-Version', in: 'header', schema: { type: 'string', examples: ['1.0'] } },
    description: 'The version of A2A; none is 1.0.',
  },
  'A2A-Extensions': {
    ...{ name: 'A2A-Extensions', in: 'header', schema: { type: 'string' } },
    description: 'The URIs of the extensions that the client wants, separated by commas.',
  },
};
