import type { Method } from '../core/call.ts';
import { isStreaming } from '../core/call.ts';
import type { Schema } from '../protocol/protojson.ts';
import { a2aV1Routes } from '../protocol/v1.routes.ts';
import { a2aV1, a2aV1Methods } from '../protocol/v1.schema.ts';
import type { AgentCard } from '../protocol/v1.ts';

type Json = Readonly<Record<string, unknown>>;
type Route = (typeof a2aV1Routes)[number];

/** The OpenAPI 3.1 description of the agent of this card at `url`, made from the schema and the method table. */
export function openApiOf({ name, description, version }: AgentCard, url: string): Json {
  const paths = new Map<string, Record<string, unknown>>();
  for (const route of a2aV1Routes) {
    const path = paths.get(route.path) ?? {};
    path[route.verb.toLowerCase()] = operationOf(route);
    paths.set(route.path, path);
  }
  return {
    openapi: '3.1.0',
    info: { title: name, description, version },
    servers: [{ url: url.replace(/\/+$/, '') }],
    paths: Object.fromEntries(paths),
    components: { schemas: { ...schemas(), Error: ERROR }, parameters: HEADERS },
  };
}

function operationOf({ method, verb, path }: Route): Json {
  const variables = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const isSecond = a2aV1Routes.find((route) => route.method === method)?.verb !== verb;
  const inQuery = verb === 'POST' ? [] : leftOf(method, variables);
  return {
    operationId: isSecond ? `${method}By${verb}` : method,
    parameters: [
      ...variables.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...inQuery.map(([name, schema]) => ({ name, in: 'query', schema: moved(schema) })),
      ...Object.keys(HEADERS).map((name) => ({ $ref: `#/components/parameters/${name}` })),
    ],
    ...(verb === 'POST' && { requestBody: bodyOf(method, variables) }),
    responses: {
      200: { description: 'The result.', content: resultOf(method) },
      default: { description: 'Why it failed.', content: typed(ref('Error'), 'application/a2a+json') },
    },
  };
}

/** The fields of the parameters that the path does not name. */
function leftOf(method: Method, variables: readonly string[]): [name: string, schema: Schema][] {
  const { properties }: Schema = a2aV1.$defs[a2aV1Methods[method].params];
  return Object.entries(properties).filter(([name]) => !variables.includes(name));
}

function bodyOf(method: Method, variables: readonly string[]): Json {
  const definition: Schema = a2aV1.$defs[a2aV1Methods[method].params];
  const required = (definition.required ?? []).filter((name) => !variables.includes(name));
  const properties = Object.fromEntries(leftOf(method, variables));
  const schema = moved({ type: 'object', properties, ...(required.length > 0 && { required }) });
  return {
    required: required.length > 0,
    content: typed(schema, 'application/a2a+json', 'application/json'),
  };
}

function resultOf(method: Method): Json {
  const type = isStreaming(method) ? 'text/event-stream' : 'application/a2a+json';
  return typed(ref(a2aV1Methods[method].result), type);
}

function typed(schema: unknown, ...types: string[]): Json {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

function schemas(): Json {
  return Object.fromEntries(Object.entries(a2aV1.$defs).map(([name, schema]) => [name, moved(schema)]));
}

/** The schema with its references where OpenAPI keeps them. */
function moved(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
}

function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

const HEADERS: Json = {
  'A2A-Version': { name: 'A2A-Version', in: 'header', schema: { type: 'string', examples: ['1.0'] } },
  'A2A-Extensions': { name: 'A2A-Extensions', in: 'header', schema: { type: 'string' } },
};

/** A google.rpc.Status (§11.6). */
const ERROR: Json = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'status', 'message'],
      properties: {
        code: { type: 'integer' },
        status: { type: 'string' },
        message: { type: 'string' },
        details: {
          type: 'array',
          items: { type: 'object', required: ['@type'], properties: { '@type': { type: 'string' } } },
        },
      },
    },
  },
};
