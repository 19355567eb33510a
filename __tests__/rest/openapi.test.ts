import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { a2aV1Routes } from '../../lib/protocol/v1.routes.ts';
import { formats } from '../../lib/protocol/formats.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';

interface OpenApi {
  openapi: string;
  servers: unknown;
  paths: Record<string, Record<string, { operationId: string; parameters: { name?: string }[] }>>;
  components: { schemas: Record<string, object> };
}

// the validator is an ES module, which jest does not load
const VALIDATE = `
  import { text } from 'node:stream/consumers';
  import { Validator } from '@seriousme/openapi-schema-validator';
  const validator = new Validator();
  const result = await validator.validate(JSON.parse(await text(process.stdin)));
  console.log(JSON.stringify({ ...result, version: validator.version }));
`;

let app: AgentApp;
afterEach(() => app.close());

async function read(): Promise<OpenApi> {
  const response = await fetch(`${app.url}/openapi.json`);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
  expect(response.headers.get('etag')).toEqual(expect.any(String));
  return (await response.json()) as OpenApi; // which the tests check
}

describe('openapi.json', () => {
  it('is valid OpenAPI 3.1, as a public validator sees it', async () => {
    app = await makeApp();
    const document = await read();
    const checked = execFileSync(process.execPath, ['--input-type=module', '-e', VALIDATE], {
      ...{ cwd: join(__dirname, '../..'), encoding: 'utf8' },
      input: JSON.stringify(document),
    });
    expect(JSON.parse(checked)).toEqual({ valid: true, version: '3.1' });
  });

  it('has every path, with names of its own, at the URL of the agent, whoever asks', async () => {
    const card = {
      ...{ name: 'N', description: 'D', version: '1' },
      securitySchemes: { b: { httpAuthSecurityScheme: { scheme: 'Bearer' } } },
      securityRequirements: [{ schemes: { b: { list: [] } } }],
    };
    app = await makeApp({ card, owner: () => null });
    const { servers, paths } = await read();
    expect(servers).toEqual([{ url: app.url }]);
    const operations = Object.entries(paths).flatMap(([path, of]) =>
      Object.entries(of).map(([verb, { operationId }]) => ({ path, verb: verb.toUpperCase(), operationId })),
    );
    expect(operations.map(({ path, verb }) => `${verb} ${path}`).sort()).toEqual(
      a2aV1Routes.map(({ path, verb }) => `${verb} ${path}`).sort(),
    );
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    const names = paths['/tasks']?.['get']?.parameters.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['contextId', 'status', 'pageSize', 'includeArtifacts']));
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
    for (const [name, response] of [
      ['SendMessageResponse', sent],
      ['Error', failed],
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
