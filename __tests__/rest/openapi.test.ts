import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { A2AOptions } from '../../lib/express/options.ts';
import { a2aV1Routes } from '../../lib/protocol/v1.routes.ts';
import { formats } from '../../lib/protocol/formats.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';

interface OpenApi {
  openapi: string;
  servers: unknown;
  paths: Record<string, Record<string, { operationId: string; parameters: object[] }>>;
  security?: object[];
  components: { schemas: Record<string, object>; securitySchemes?: Record<string, object> };
}

// the validator is an ES module, which jest does not load
const VALIDATE = `
  import { text } from 'node:stream/consumers';
  import { Validator } from '@seriousme/openapi-schema-validator';
  const validator = new Validator();
  const result = await validator.validate(JSON.parse(await text(process.stdin)));
  console.log(JSON.stringify({ ...result, version: validator.version }));
`;

const SCOPES = { read: 'Read' };
const TOKEN_URL = 'https://id.test/token';
const SIGNED_IN = {
  ...{ name: 'N', description: 'D', version: '1' },
  securitySchemes: {
    key: { apiKeySecurityScheme: { location: 'header', name: 'X-Key', description: 'Ask us' } },
    b: { httpAuthSecurityScheme: { scheme: 'Bearer', bearerFormat: 'JWT' } },
    code: {
      oauth2SecurityScheme: {
        oauth2MetadataUrl: 'https://id.test/.well-known/oauth-authorization-server',
        flows: {
          authorizationCode: {
            ...{ authorizationUrl: 'https://id.test/auth', tokenUrl: TOKEN_URL, scopes: SCOPES },
            pkceRequired: true,
          },
        },
      },
    },
    'the device / ü': {
      oauth2SecurityScheme: {
        flows: {
          deviceCode: {
            ...{ deviceAuthorizationUrl: 'https://id.test/device', tokenUrl: TOKEN_URL, scopes: SCOPES },
          },
        },
      },
    },
    old: { oauth2SecurityScheme: { flows: { implicit: {} } } },
    oidc: { openIdConnectSecurityScheme: { openIdConnectUrl: 'https://id.test/oidc' } },
    mtls: { mtlsSecurityScheme: {} },
  },
  securityRequirements: [
    { schemes: { b: { list: [] }, key: {} } },
    { schemes: { code: { list: ['read'] } } },
    { schemes: { 'the device / ü': { list: ['read'] } } },
  ],
};

let app: AgentApp;
afterEach(() => app.close());

async function read(): Promise<OpenApi> {
  const response = await fetch(`${app.url}/openapi.json`);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
  expect(response.headers.get('etag')).toEqual(expect.any(String));
  return (await response.json()) as OpenApi; // which the tests check
}

describe('openapi.json', () => {
  it.each<[string, Partial<A2AOptions>]>([
    ['of an agent', {}],
    ['with every security scheme', { card: SIGNED_IN, owner: () => null }],
    ['with tenants', { tenants: ['', 'acme', 'a/b ü'] }],
    ['with tenants alone', { tenants: ['acme'] }],
    ['with tenants that a function knows', { tenants: () => true, card: SIGNED_IN, owner: () => 'ada' }],
  ])('is valid OpenAPI 3.1, as a public validator sees it: %s', async (_, options) => {
    app = await makeApp(options);
    const document = await read();
    const checked = execFileSync(process.execPath, ['--input-type=module', '-e', VALIDATE], {
      ...{ cwd: join(__dirname, '../..'), encoding: 'utf8' },
      input: JSON.stringify(document),
    });
    expect(JSON.parse(checked)).toEqual({ valid: true, version: '3.1' });
  });

  it('has every path, with names of its own, at the URL of the agent, whoever asks', async () => {
    app = await makeApp({ card: SIGNED_IN, owner: () => null });
    const { servers, paths } = await read();
    expect(servers).toEqual([{ url: app.url }]);
    const operations = Object.entries(paths).flatMap(([path, of]) =>
      Object.entries(of).map(([verb, { operationId }]) => ({ path, verb: verb.toUpperCase(), operationId })),
    );
    expect(operations.map(({ path, verb }) => `${verb} ${path}`).sort()).toEqual(
      a2aV1Routes.map(({ path, verb }) => `${verb} ${path}`).sort(),
    );
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    const parameters = paths['/tasks']?.['get']?.parameters;
    expect(parameters).toContainEqual({
      ...{ name: 'status', in: 'query', description: expect.stringMatching(/./) },
      schema: { $ref: '#/components/schemas/TaskState' },
    });
    expect(parameters).not.toContainEqual(expect.objectContaining({ name: 'tenant' }));
  });

  it('says how to authenticate, as the card does', async () => {
    app = await makeApp({ card: SIGNED_IN, owner: () => null });
    const { security, components } = await read();
    const device = 'the_20device_20_2F_20_C3_BC';
    expect(security).toEqual([{ b: [], key: [] }, { code: ['read'] }, { [device]: ['read'] }]);
    const { securitySchemes = {} } = components;
    expect(securitySchemes).toEqual({
      key: { type: 'apiKey', in: 'header', name: 'X-Key', description: 'Ask us' },
      b: { type: 'http', scheme: 'Bearer', bearerFormat: 'JWT' },
      code: {
        type: 'oauth2',
        flows: {
          authorizationCode: {
            ...{ authorizationUrl: 'https://id.test/auth', tokenUrl: TOKEN_URL, scopes: SCOPES },
            'x-pkceRequired': true,
          },
        },
        'x-oauth2MetadataUrl': 'https://id.test/.well-known/oauth-authorization-server',
      },
      [device]: {
        type: 'oauth2',
        flows: {
          'x-deviceCode': {
            ...{ deviceAuthorizationUrl: 'https://id.test/device', tokenUrl: TOKEN_URL, scopes: SCOPES },
          },
        },
      },
      old: { type: 'oauth2', flows: { implicit: { authorizationUrl: '', scopes: {} } } },
      oidc: { type: 'openIdConnect', openIdConnectUrl: 'https://id.test/oidc' },
      mtls: { type: 'mutualTLS' },
    });
  });

  it('asks for nothing where the card does not', async () => {
    app = await makeApp();
    const document = await read();
    expect(document).not.toHaveProperty('security');
    expect(document.components).not.toHaveProperty('securitySchemes');
  });

  it.each<[string, Partial<A2AOptions>, string[], object]>([
    ['none', {}, ['/tasks'], {}],
    ['some', { tenants: ['', 'acme'] }, ['/tasks', '/{tenant}/tasks'], { enum: ['acme'] }],
    ['nothing but some', { tenants: ['acme', 'globex'] }, ['/{tenant}/tasks'], { enum: ['acme', 'globex'] }],
    ['those that a function knows', { tenants: () => true }, ['/tasks', '/{tenant}/tasks'], {}],
  ])('has the paths of tenants where there are %s', async (_, options, expected, schema) => {
    app = await makeApp(options);
    const { paths } = await read();
    expect(Object.keys(paths).filter((path) => path.endsWith('/tasks'))).toEqual(expected);
    const ids = Object.values(paths).flatMap((of) => Object.values(of).map((it) => it.operationId));
    expect([new Set(ids).size, ids.length]).toEqual([12 * expected.length, 12 * expected.length]);
    expect(paths['/{tenant}/tasks']?.['get']?.parameters[0]).toEqual(
      expected.includes('/{tenant}/tasks')
        ? { name: 'tenant', in: 'path', required: true, schema: { type: 'string', ...schema } }
        : undefined,
    );
  });

  it('says what the fields are, and refers to nothing that is not there', async () => {
    app = await makeApp();
    const document = await read();
    expect(document.components.schemas['Task']).toMatchObject({
      description: 'A unit of work with its state, outputs and history.',
      properties: {
        contextId: { description: 'Conversation the task belongs to.', type: 'string' },
        status: { description: 'Current state.', $ref: '#/components/schemas/TaskStatus' },
      },
    });
    const refs = JSON.stringify(document).match(/#\/\$defs|(?<="#\/components\/schemas\/)\w+/g);
    for (const name of refs ?? []) expect(Object.keys(document.components.schemas)).toContain(name);
  });

  it('describes what is answered', async () => {
    app = await makeApp();
    const { components } = await read();
    const ajv = new Ajv2020({ strict: false, formats });
    ajv.addSchema({ $id: 'api', components });
    const sent = await fetch(`${app.url}/message:send`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(message('hi')),
    });
    const failed = await fetch(`${app.url}/tasks/nobody`);
    const refused = await fetch(`${app.url}/tasks?pageSize=x`);
    for (const [name, response] of [
      ['SendMessageResponse', sent],
      ['Error', failed],
      ['Error', refused],
    ] as const) {
      const validate = ajv.getSchema(`api#/components/schemas/${name}`);
      expect([validate?.(await response.json()), validate?.errors]).toEqual([true, null]);
    }
  });

  it('is not there without the binding', async () => {
    app = await makeApp({ bindings: ['JSONRPC'] });
    expect((await fetch(`${app.url}/openapi.json`)).status).toBe(404);
  });
});
