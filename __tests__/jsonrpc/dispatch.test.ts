import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeHandler, type FakeService, fakeService } from '../helpers/fake-service.ts';
import { exchange, post } from '../helpers/raw-http.ts';
import { serve, type Served } from '../helpers/serve.ts';

let service: FakeService;
let served: Served;

beforeEach(async () => {
  service = fakeService();
  const handler = fakeHandler(service);
  served = await serve((app) => app.use('/a2a', handler.handle));
});

afterEach(async () => {
  await served.close();
});

async function ask(
  body: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown }> {
  const { status, body: text } = await exchange(served.port, post('/a2a', body, headers), body);
  return { status, body: JSON.parse(text) as unknown };
}

function refusal(status: number, id: unknown, code: number, message: unknown): unknown {
  return { status, body: { jsonrpc: '2.0', id, error: { code, message } } };
}

const NO_JSON = 'Invalid JSON payload: ';
const INVALID = 'Request payload validation error: ';
const BAD_ID = `${INVALID}id must be a string, a whole number up to 2^53 - 1, or null`;

describe('the envelope', () => {
  it.each([
    [
      'an empty body',
      '',
      400,
      null,
      -32700,
      `${NO_JSON}the body is empty, send a JSON-RPC 2.0 request object`,
    ],
    [
      'half a body',
      '{"jsonrpc":"2.0","id":1',
      400,
      null,
      -32700,
      `${NO_JSON}send one JSON-RPC 2.0 request object`,
    ],
    [
      'a byte order mark',
      '\uFEFF{}',
      400,
      null,
      -32700,
      `${NO_JSON}the body begins with a byte order mark, leave it out`,
    ],
    [
      'an empty batch',
      '[]',
      200,
      null,
      -32600,
      `${INVALID}send one request per call, batches are not supported`,
    ],
    [
      'a batch',
      '[{"jsonrpc":"2.0","id":1,"method":"GetTask"}]',
      200,
      null,
      -32600,
      `${INVALID}send one request per call, batches are not supported`,
    ],
    ['a number', '7', 200, null, -32600, `${INVALID}send a JSON-RPC 2.0 request object`],
    ['a string', '"GetTask"', 200, null, -32600, `${INVALID}send a JSON-RPC 2.0 request object`],
    ['null', 'null', 200, null, -32600, `${INVALID}send a JSON-RPC 2.0 request object`],
    ['no jsonrpc', '{"id":1,"method":"GetTask"}', 200, 1, -32600, `${INVALID}jsonrpc must be "2.0"`],
    [
      'jsonrpc as a number',
      '{"jsonrpc":2.0,"id":"a","method":"GetTask"}',
      200,
      'a',
      -32600,
      `${INVALID}jsonrpc must be "2.0"`,
    ],
    [
      'no jsonrpc and a bad id',
      '{"id":{},"method":"GetTask"}',
      200,
      null,
      -32600,
      `${INVALID}jsonrpc must be "2.0"`,
    ],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"GetTask"}', 200, null, -32600, BAD_ID],
    ['an id that is a list', '{"jsonrpc":"2.0","id":[1],"method":"GetTask"}', 200, null, -32600, BAD_ID],
    ['an id that is true', '{"jsonrpc":"2.0","id":true,"method":"GetTask"}', 200, null, -32600, BAD_ID],
    ['a fractional id', '{"jsonrpc":"2.0","id":1.5,"method":"GetTask"}', 200, null, -32600, BAD_ID],
    ['an infinite id', '{"jsonrpc":"2.0","id":1e999,"method":"GetTask"}', 200, null, -32600, BAD_ID],
    [
      'an id beyond 2^53',
      '{"jsonrpc":"2.0","id":9007199254740993,"method":"GetTask"}',
      200,
      null,
      -32600,
      BAD_ID,
    ],
    [
      'no id',
      '{"jsonrpc":"2.0","method":"GetTask"}',
      200,
      null,
      -32600,
      `${INVALID}id is required, notifications are not supported`,
    ],
    [
      'no method',
      '{"jsonrpc":"2.0","id":5}',
      200,
      5,
      -32600,
      `${INVALID}method must be the name of an operation, such as SendMessage`,
    ],
    [
      'an empty method',
      '{"jsonrpc":"2.0","id":5,"method":""}',
      200,
      5,
      -32600,
      `${INVALID}method must be the name of an operation, such as SendMessage`,
    ],
    [
      'a method that is a number',
      '{"jsonrpc":"2.0","id":5,"method":5}',
      200,
      5,
      -32600,
      `${INVALID}method must be the name of an operation, such as SendMessage`,
    ],
    [
      'an unknown method',
      '{"jsonrpc":"2.0","id":0,"method":"toString"}',
      200,
      0,
      -32601,
      expect.stringContaining('GetTask'),
    ],
  ])('refuses %s', async (_, body, status, id, code, message) => {
    expect(await ask(body)).toEqual(refusal(status, id, code, message));
    expect(service.calls).toEqual([]);
  });

  it.each([['null'], ['0'], ['""'], ['-1'], ['"a\\u0000b"'], ['9007199254740991']])(
    'echoes the id %s',
    async (id) => {
      const answer = await ask(`{"jsonrpc":"2.0","id":${id},"method":"GetTask"}`);
      expect(answer).toEqual({
        status: 200,
        body: { jsonrpc: '2.0', id: JSON.parse(id) as unknown, result: { ok: true } },
      });
    },
  );

  it.each([
    ['absent', ''],
    ['null', ',"params":null'],
    ['a list', ',"params":[1]'],
    ['text', ',"params":"x"'],
  ])('leaves parameters that are %s to the service', async (_, params) => {
    await ask(`{"jsonrpc":"2.0","id":1,"method":"ListTasks"${params}}`);
    expect(service.calls.map(({ method }) => method)).toEqual(['ListTasks']);
  });

  it('does not let keys named like those of objects through', async () => {
    await ask('{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"__proto__":{"id":"x"}}}');
    expect({}).not.toHaveProperty('id');
  });
});

const USER_MESSAGE = '"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"x"}]}';

describe('the methods', () => {
  it.each([
    ['SendMessage', 'message/send'],
    ['GetTask', 'tasks/get'],
    ['ListTasks', undefined],
    ['CancelTask', 'tasks/cancel'],
    ['CreateTaskPushNotificationConfig', 'tasks/pushNotificationConfig/set'],
    ['GetTaskPushNotificationConfig', 'tasks/pushNotificationConfig/get'],
    ['ListTaskPushNotificationConfigs', 'tasks/pushNotificationConfig/list'],
    ['DeleteTaskPushNotificationConfig', 'tasks/pushNotificationConfig/delete'],
    ['GetExtendedAgentCard', 'agent/getAuthenticatedExtendedCard'],
  ])('has %s, and its older name as an alias under 1.0', async (method, older) => {
    for (const name of [method, ...(older === undefined ? [] : [older])]) {
      const body = `{"jsonrpc":"2.0","id":1,"method":"${name}","params":{}}`;
      expect(await ask(body, { 'A2A-Version': '1.0' })).toEqual({
        status: 200,
        body: { jsonrpc: '2.0', id: 1, result: { ok: true } },
      });
    }
    expect(new Set(service.calls.map((call) => call.method))).toEqual(new Set([method]));
  });

  it.each([
    ['an older name without a version', '"method":"tasks/get"', {}],
    [
      'an older send with a message of 0.3',
      '"method":"message/send","params":{"message":{"role":"user"}}',
      {},
    ],
    ['an explicit 0.3', '"method":"tasks/get"', { 'A2A-Version': '0.3' }],
  ])('answers %s with the header to send', async (_, call, headers) => {
    const { status, body } = await ask(`{"jsonrpc":"2.0","id":1,${call}}`, headers);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: 1,
      error: {
        code: -32009,
        message: expect.stringContaining('send the header A2A-Version: 1.0'),
        data: [{ reason: 'VERSION_NOT_SUPPORTED', metadata: { supportedVersions: '1.0' } }],
      },
    });
    expect(service.calls).toEqual([]);
  });

  it('lifts an older send whose message is of 1.0', async () => {
    await ask(`{"jsonrpc":"2.0","id":1,"method":"message/send","params":{${USER_MESSAGE}}}`);
    expect(service.calls.map(({ method }) => method)).toEqual(['SendMessage']);
  });
});
