import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';
import { exchange, post } from '../helpers/raw-http.ts';
import { verifies } from '../requirements.ts';

let app: AgentApp;
let runs = 0;
const errors: unknown[] = [];

beforeAll(async () => {
  app = await makeApp({
    agent: () => {
      runs += 1;
    },
    onError: (error) => errors.push(error),
    limits: { bodyBytes: 100_000 },
  });
});
afterAll(() => app.close());
beforeEach(() => {
  runs = 0;
  errors.length = 0;
});

/** Sends bytes to the endpoint, and looks at what must hold for every answer. */
async function sendRaw(
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<{ status: number; json: unknown }> {
  const answer = await exchange(app.port, post('/a2a', body, headers), body);
  expect(answer.headers['content-type']).toBe('application/json');
  expect(answer.body).not.toMatch(/<html|<!doctype|node_modules|\.ts:\d|\bat \w+ \(/i);
  expect(errors).toEqual([]);
  expect(runs).toBe(0);
  return { status: answer.status, json: JSON.parse(answer.body) };
}

const refusal = (code: number, id: unknown = null) => ({
  jsonrpc: '2.0',
  id,
  error: expect.objectContaining({ code, message: expect.any(String) }),
});
const call = (fields: object) =>
  JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'GetTask', params: { id: 'x' }, ...fields });

describe('a body that is no call', () => {
  it.each<[string, string | Uint8Array, number, number, unknown?]>([
    ['nothing', '', 400, -32700],
    ['no JSON', '{"jsonrpc":', 400, -32700],
    ['a byte order mark', '\ufeff{}', 400, -32700],
    ['bytes that are no UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 400, -32700],
    ['a form', 'a=1&b=2', 400, -32700],
    ['markup', '<html></html>', 400, -32700],
    ['a batch', '[]', 200, -32600],
    ['a batch of calls', `[${call({})}]`, 200, -32600],
    ['a number', '7', 200, -32600],
    ['null', 'null', 200, -32600],
    ['no version of JSON-RPC', call({ jsonrpc: undefined }), 200, -32600, 7],
    ['another version of JSON-RPC', call({ jsonrpc: '1.0' }), 200, -32600, 7],
    ['an id that is an object', call({ id: {} }), 200, -32600],
    ['a fractional id', call({ id: 1.5 }), 200, -32600],
    ['an id beyond 2^53', call({}).replace('"id":7', '"id":9007199254740993'), 200, -32600],
    ['no id', call({ id: undefined }), 200, -32600],
    ['no method', call({ method: undefined }), 200, -32600, 7],
    ['a method that is a number', call({ method: 1 }), 200, -32600, 7],
    ['an unknown method', call({ method: 'DropTables' }), 200, -32601, 7],
    ['a method of Object', call({ method: 'constructor' }), 200, -32601, 7],
    ['__proto__ for a method', call({ method: '__proto__' }), 200, -32601, 7],
    ['parameters in a list', call({ params: ['x'] }), 200, -32602, 7],
    ['parameters in a text', call({ params: 'x' }), 200, -32602, 7],
    ['no parameters', call({ params: undefined }), 200, -32602, 7],
    ['an older method without a header', call({ method: 'tasks/get' }), 200, -32001, 7],
    ['40,000 nested lists', `${'['.repeat(40_000)}${']'.repeat(40_000)}`, 200, -32600],
    [
      'deep metadata',
      call({ method: 'CancelTask', params: { id: 'x', metadata: 'deep' } }).replace(
        '"deep"',
        '{"a":'.repeat(5000) + '1' + '}'.repeat(5000),
      ),
      200,
      -32602,
      7,
    ],
  ])('is refused: %s', async (_, body, status, code, id = null) => {
    verifies('9.3-jsonrpc', '3.3.2-validate');
    expect(await sendRaw(body)).toEqual({ status, json: refusal(code, id) });
  });

  it.each<[string, string | Uint8Array, Record<string, string>, number, number]>([
    ['without a content type', '{}', { 'Content-Type': '' }, 415, -32005],
    ['as text', '{}', { 'Content-Type': 'text/plain' }, 415, -32005],
    ['as a form', 'a=1', { 'Content-Type': 'application/x-www-form-urlencoded' }, 415, -32005],
    ['in another charset', '{}', { 'Content-Type': 'application/json; charset=utf-16' }, 415, -32005],
    ['in an unknown encoding', '{}', { 'Content-Encoding': 'rot13' }, 415, -32005],
    ['that is no gzip', '{}', { 'Content-Encoding': 'gzip' }, 400, -32700],
    ['that is too large', `"${'x'.repeat(100_000)}"`, {}, 413, -32600],
    [
      'that inflates to too much',
      gzipSync('x'.repeat(10_000_000)),
      { 'Content-Encoding': 'gzip' },
      413,
      -32600,
    ],
    ['for version 9', call({}), { 'A2A-Version': '9.0' }, 200, -32009],
    ['for no version', call({}), { 'A2A-Version': 'latest' }, 200, -32009],
    ['for two versions', call({}), { 'A2A-Version': '1.0, 0.3' }, 200, -32009],
    ['with a name of 1.0 for version 0.3', call({}), { 'A2A-Version': '0.3' }, 200, -32601],
  ])('is refused %s', async (_, body, headers, status, code) => {
    const answer = await sendRaw(body, headers);
    expect(answer).toEqual({ status, json: refusal(code, code === -32009 || code === -32601 ? 7 : null) });
  });

  it('that breaks off leaves nothing behind', async () => {
    const socket = connect(app.port, '127.0.0.1');
    socket.write(post('/a2a', 'x'.repeat(1000)) + '{"jsonrpc"');
    await new Promise((resolve) => socket.once('connect', resolve));
    const seen = app.router.status().calls;
    socket.destroy();
    expect(seen).toBeLessThanOrEqual(1);
    expect(await sendRaw(call({}))).toEqual({ status: 200, json: refusal(-32001, 7) });
  });
});

describe('another method of HTTP', () => {
  it.each(['GET', 'PUT', 'PATCH', 'DELETE'])('%s is answered with 405', async (method) => {
    const response = await fetch(app.url, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
    expect(await response.json()).toEqual(refusal(-32600));
  });
});

const part = (fields: object) => message('', { parts: [fields] });

describe('a call with wrong parameters', () => {
  it.each<[string, unknown, string]>([
    ['SendMessage', {}, 'message'],
    ['SendMessage', { message: null }, 'message'],
    ['SendMessage', { message: 'hi' }, 'message'],
    ['SendMessage', message('hi', { messageId: undefined }), 'message.messageId'],
    ['SendMessage', message('hi', { messageId: '' }), 'message.messageId'],
    ['SendMessage', message('hi', { messageId: 5 }), 'message.messageId'],
    ['SendMessage', message('hi', { messageId: 'x'.repeat(257) }), 'message.messageId'],
    ['SendMessage', message('hi', { messageId: 'a\u0000b' }), 'message.messageId'],
    ['SendMessage', message('hi', { contextId: 'a\nb' }), 'message.contextId'],
    ['SendMessage', message('hi', { role: undefined }), 'message.role'],
    ['SendMessage', message('hi', { role: 'user' }), 'message.role'],
    ['SendMessage', message('hi', { role: 'ROLE_AGENT' }), 'message.role'],
    ['SendMessage', message('hi', { role: 'ROLE_UNSPECIFIED' }), 'message.role'],
    ['SendMessage', message('hi', { parts: undefined }), 'message.parts'],
    ['SendMessage', message('hi', { parts: [] }), 'message.parts'],
    ['SendMessage', message('hi', { parts: 'hi' }), 'message.parts'],
    ['SendMessage', message('hi', { parts: [null] }), 'message.parts[0]'],
    ['SendMessage', message('hi', { parts: [{ text: 'a' }, 5] }), 'message.parts[1]'],
    ['SendMessage', part({}), 'message.parts[0]'],
    ['SendMessage', part({ text: 'a', data: 1 }), 'message.parts[0]'],
    ['SendMessage', part({ text: 5 }), 'message.parts[0].text'],
    ['SendMessage', part({ raw: 'not base64!' }), 'message.parts[0].raw'],
    ['SendMessage', part({ url: '/etc/passwd' }), 'message.parts[0].url'],
    ['SendMessage', part({ url: 'file:///etc/passwd' }), 'message.parts[0].url'],
    ['SendMessage', part({ text: 'a', metadata: [] }), 'message.parts[0].metadata'],
    ['SendMessage', message('hi', { metadata: 'x' }), 'message.metadata'],
    ['SendMessage', message('hi', { extensions: 'x' }), 'message.extensions'],
    ['SendMessage', message('hi', { referenceTaskIds: [5] }), 'message.referenceTaskIds[0]'],
    [
      'SendMessage',
      { ...message('hi'), configuration: { historyLength: -1 } },
      'configuration.historyLength',
    ],
    [
      'SendMessage',
      { ...message('hi'), configuration: { historyLength: 2 ** 31 } },
      'configuration.historyLength',
    ],
    [
      'SendMessage',
      { ...message('hi'), configuration: { returnImmediately: 'yes' } },
      'configuration.returnImmediately',
    ],
    [
      'SendMessage',
      { ...message('hi'), configuration: { acceptedOutputModes: [1] } },
      'configuration.acceptedOutputModes[0]',
    ],
    ['SendMessage', { ...message('hi'), tenant: 'acme' }, 'tenant'],
    ['SendStreamingMessage', { ...message('hi'), tenant: 'acme' }, 'tenant'],
    ['SendStreamingMessage', message('hi', { parts: [] }), 'message.parts'],
    ['GetTask', {}, 'id'],
    ['GetTask', { id: '' }, 'id'],
    ['GetTask', { id: 5 }, 'id'],
    ['GetTask', { id: 'x', historyLength: -1 }, 'historyLength'],
    ['GetTask', { id: 'x', tenant: 'acme' }, 'tenant'],
    ['ListTasks', { pageSize: 0 }, 'pageSize'],
    ['ListTasks', { pageSize: 101 }, 'pageSize'],
    ['ListTasks', { pageSize: -1 }, 'pageSize'],
    ['ListTasks', { pageSize: 1.5 }, 'pageSize'],
    ['ListTasks', { pageToken: 'garbage' }, 'pageToken'],
    ['ListTasks', { status: 'done' }, 'status'],
    ['ListTasks', { statusTimestampAfter: 'yesterday' }, 'statusTimestampAfter'],
    ['ListTasks', { historyLength: -5 }, 'historyLength'],
    ['ListTasks', { includeArtifacts: 'yes' }, 'includeArtifacts'],
    ['ListTasks', { tenant: 'acme' }, 'tenant'],
    ['CancelTask', {}, 'id'],
    ['CancelTask', { id: 'x', metadata: 5 }, 'metadata'],
    ['CancelTask', { id: 'x', tenant: 'acme' }, 'tenant'],
    ['SubscribeToTask', {}, 'id'],
    ['SubscribeToTask', { id: 'x', tenant: 'acme' }, 'tenant'],
    ['GetTask', [], 'params'],
    ['GetTask', 'x', 'params'],
  ])('%s %j is refused with its field named, and nothing runs', async (method, params, field) => {
    verifies('5.7-required', '3.3.2-validate', '9.5-typed-details');
    const body = JSON.stringify({ jsonrpc: '2.0', id: 'a', method, params });
    expect(await sendRaw(body)).toEqual({
      status: 200,
      json: {
        jsonrpc: '2.0',
        id: 'a',
        error: {
          code: -32602,
          message: 'Invalid parameters',
          data: [
            {
              '@type': 'type.googleapis.com/google.rpc.BadRequest',
              fieldViolations: [{ field, description: expect.any(String) }],
            },
          ],
        },
      },
    });
  });

  it('names each of several faults', async () => {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'SendMessage',
      params: { message: { parts: [{}, { text: 1 }] } },
    });
    const { json } = await sendRaw(body);
    const fields = (json as { error: { data: [{ fieldViolations: { field: string }[] }] } }).error.data[0]
      .fieldViolations; // checked below
    expect(fields.map(({ field }) => field).sort()).toEqual([
      'message.messageId',
      'message.parts[0]',
      'message.parts[1].text',
      'message.role',
    ]);
  });

  it('stores nothing', async () => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ListTasks' });
    expect((await sendRaw(body)).json).toEqual({
      ...{ jsonrpc: '2.0', id: 1 },
      result: { tasks: [], nextPageToken: '', pageSize: 50, totalSize: 0 },
    });
  });
});

describe('names that are special in JavaScript', () => {
  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    'are data: %s',
    async (name) => {
      for (const method of ['GetTask', 'CancelTask', 'SubscribeToTask']) {
        const body = `{"jsonrpc":"2.0","id":1,"method":"${method}","params":{"id":"${name}","${name}":{"polluted":1}}}`;
        expect((await sendRaw(body)).json).toEqual(refusal(-32001, 1));
      }
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );
});
