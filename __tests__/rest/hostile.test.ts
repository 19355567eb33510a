import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sendText } from '../helpers/calls.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';
import { exchange, post, type RawResponse } from '../helpers/raw-http.ts';

// NEEDS 14: what is not an operation is left to the app, and what is one is never answered by its error page
let app: AgentApp;
let root: AgentApp;

beforeAll(async () => {
  const tenants = (tenant: string) => tenant !== 'nobody';
  app = await makeApp({ limits: { bodyBytes: 500 }, tenants });
  root = await makeApp({ bindings: ['HTTP+JSON'] });
});
afterAll(async () => {
  await app.close();
  await root.close();
});

const SENT = JSON.stringify(message('hi'));

async function ask(
  line: string,
  body = '',
  headers: Record<string, string> = {},
  on = app,
): Promise<RawResponse> {
  const [verb = '', path = ''] = line.split(' ');
  return exchange(on.port, post(`/a2a${path}`, body, headers).replace('POST', verb), body);
}

const errorOf = ({ body }: RawResponse) => (JSON.parse(body) as { error: unknown }).error;
const invalid = (...fieldViolations: [field: string, description: string][]) => ({
  ...{ code: 400, status: 'INVALID_ARGUMENT', message: 'Invalid parameters' },
  details: [
    {
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: fieldViolations.map(([field, description]) => ({ field, description })),
    },
  ],
});
const WHAT_PATH_SAYS = 'must be what the path says: leave it out';

describe('a request that is refused', () => {
  it.each<[string, string, Record<string, string>, number, string]>([
    ['POST /message:send', '', {}, 400, 'the body is empty, send a JSON object with the parameters'],
    ['POST /message:send', '{"message"', {}, 400, 'send one JSON object with the parameters'],
    ['POST /message:send', '\ufeff{}', {}, 400, 'the body begins with a byte order mark, leave it out'],
    ['POST /message:send', 'x'.repeat(501), {}, 413, 'The body is larger than 500 bytes'],
    ['POST /message:send', SENT, { 'Content-Type': 'text/plain' }, 415, 'Send the header Content-Type'],
    ['POST /message:send', SENT, { 'Content-Type': '' }, 415, 'Send the header Content-Type'],
    ['POST /tasks/x:cancel', '{', {}, 400, 'send one JSON object with the parameters'],
    ['POST /tasks/x:cancel', 'id=x', { 'Content-Type': 'text/plain' }, 415, 'Send the header Content-Type'],
    ['GET /tasks/%FF', '', {}, 400, 'The path is not percent-encoded UTF-8'],
    ['GET /tasks/%zz', '', {}, 400, 'The path is not percent-encoded UTF-8'],
    ['GET /%ff/tasks/x', '', {}, 400, 'The path is not percent-encoded UTF-8'],
    ['GET /tasks', '', { 'A2A-Version': '0.3' }, 400, 'send the header A2A-Version: 1.0'],
    ['GET /tasks?a2a-version=7.0', '', {}, 400, 'send the header A2A-Version: 1.0'],
  ])('%s %# is told why', async (line, body, headers, status, why) => {
    const answer = await ask(line, body, headers);
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/a2a+json' } });
    expect(errorOf(answer)).toMatchObject({ code: status, message: expect.stringContaining(why) });
  });

  it.each<[string, string, [string, string][]]>([
    ['POST /message:send', '[]', [['params', 'must be an object with the parameters by name']]],
    ['POST /message:send', '"hi"', [['params', 'must be an object with the parameters by name']]],
    ['POST /message:send', 'null', [['message', 'is required']]],
    ['GET /tasks?pageSize=1&pageSize=1&page_size=1', '', [['pageSize', 'must be given once']]],
    [
      'GET /tasks?pageToken=%FF&contextId=%',
      '',
      [
        ['pageToken', 'must be percent-encoded UTF-8'],
        ['contextId', 'must be percent-encoded UTF-8'],
      ],
    ],
    ['GET /tasks?includeArtifacts=1', '', [['includeArtifacts', 'must be true or false']]],
    ['GET /tasks/x?historyLength=many', '', [['historyLength', 'must be a whole number']]],
    ['GET /tasks/x?id=y', '', [['id', WHAT_PATH_SAYS]]],
    ['GET /acme/tasks?tenant=globex', '', [['tenant', WHAT_PATH_SAYS]]],
    ['POST /tasks/x:cancel', '{"id":"y"}', [['id', WHAT_PATH_SAYS]]],
    [
      'GET /nobody/tasks',
      '',
      [['tenant', 'is not known here: send the one of the interface in the agent card']],
    ],
    [
      'GET /%2e%2e/tasks',
      '',
      [['tenant', 'is not known here: send the one of the interface in the agent card']],
    ],
  ])('%s %# is told which field', async (line, body, fields) => {
    const answer = await ask(line, body);
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toEqual(invalid(...fields));
  });
});

describe('a request that works', () => {
  it.each<[string, string?, Record<string, string>?]>([
    ['POST /message:send', SENT, { 'Content-Type': 'application/a2a+json; charset=utf-8' }],
    ['POST /message:send/', SENT],
    ['POST /acme/message:send?id=1', SENT],
    ['GET /tasks/?utm_source=x&pageSize=2&pageSize2=1'],
    ['GET /tasks?page_size=2&status=TASK_STATE_UNSPECIFIED&pageToken='],
    ['GET /tasks', '{"pageSize":"no"}', { 'X-HTTP-Method-Override': 'DELETE' }],
    ['GET /t%20%C3%BC%2Fa/tasks?A2A-Version=1.0'],
  ])('%s %#', async (...[line, body, headers]) => {
    expect(await ask(line, body, headers)).toMatchObject({
      ...{ status: 200, headers: { 'content-type': 'application/a2a+json', 'cache-control': 'no-store' } },
    });
  });

  it('finds ids with colons, slashes and other scripts', async () => {
    for (const id of ['a:b', 'a/b', 'a:cancel', 'ü%2F', '日本', 'tasks', ' ', '.']) {
      const encoded = id === '.' ? '%2E' : encodeURIComponent(id);
      for (const line of [
        `GET /tasks/${encoded}`,
        `POST /tasks/${encoded}:cancel`,
        `GET /acme/tasks/${encoded}:subscribe`,
      ]) {
        const answer = await ask(line);
        expect(answer.status).toBe(404);
        expect(errorOf(answer)).toMatchObject({ details: [{ metadata: { taskId: id } }] });
      }
    }
  });

  it('HEAD is GET without its body', async () => {
    const { id } = await sendText(app, 'hi');
    const got = await ask(`GET /tasks/${id}`);
    const head = await ask(`HEAD /tasks/${id}`);
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-length']).toBe(got.headers['content-length']);
  });
});

describe('a path with another verb', () => {
  it.each([
    ['DELETE /tasks', 'GET, HEAD'],
    ['PUT /tasks/x', 'GET, HEAD'],
    ['POST /tasks/a%3Acancel', 'GET, HEAD'],
    ['GET /message:send', 'POST'],
    ['GET /tasks/x:cancel', 'POST'],
    ['HEAD /tasks/x:subscribe', 'GET, POST'],
    ['PATCH /tasks/x/pushNotificationConfigs', 'GET, HEAD, POST'],
    ['POST /tasks/x/pushNotificationConfigs/y', 'GET, HEAD, DELETE'],
    ['POST /acme/extendedAgentCard', 'GET, HEAD'],
  ])('%s is 405', async (line, allow) => {
    const answer = await ask(line, line.startsWith('HEAD') ? '' : '{}');
    expect(answer).toMatchObject({ status: 405, headers: { allow } });
  });
});

describe('a path that is none of ours is left to the app', () => {
  it.each([
    'GET /acme//tasks',
    'GET /tasks//x',
    'GET /tasks/x/',
    'GET /Tasks',
    'GET /%74asks',
    'POST /message%3Asend',
    'POST /message:sendx',
    'POST /:cancel',
    'GET /tasks/x/y',
    'GET /acme/globex/tasks',
    'GET /.well-known/tasks/x',
    'GET /message:send/tasks',
    'OPTIONS /tasks',
  ])('%s', async (line) => {
    const answer = await ask(line);
    if (line === 'GET /tasks/x/') expect(answer.headers['content-type']).toBe('application/a2a+json');
    else if (line.startsWith('OPTIONS'))
      expect(answer.headers['content-type']).not.toBe('application/a2a+json');
    else
      expect(answer).toMatchObject({ status: 404, headers: { 'content-type': 'text/html; charset=utf-8' } });
  });

  it('and so is the binding that is not served', async () => {
    expect((await ask('POST ', '{}', {}, root)).status).toBe(404);
    expect((await ask('GET /tasks', '', {}, root)).status).toBe(200);
    const rpc = await makeApp({ bindings: ['JSONRPC'] });
    expect((await ask('GET /tasks', '', {}, rpc)).status).toBe(404);
    await rpc.close();
  });
});
