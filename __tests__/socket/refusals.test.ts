import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cancelTask, sendText, start } from '../helpers/calls.ts';
import { gate } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';
import { exchange, post } from '../helpers/raw-http.ts';

// NEEDS 3, 42 and 46: whatever is refused, the answer says what to send instead
let app: AgentApp;
const ids = { done: '', canceling: '', busy: '' };
const held = gate();

beforeAll(async () => {
  app = await makeApp({
    limits: { bodyBytes: 5000 },
    cancelGraceMs: 60_000,
    async agent(turn) {
      if (turn.text === 'hold') await held.opened;
    },
  });
  ids.done = (await sendText(app, 'hi', { contextId: 'c1' })).id;
  ids.busy = (await start(app, 'hold')).id;
  ids.canceling = (await start(app, 'hold')).id;
  void cancelTask(app, ids.canceling).catch(() => undefined);
  let isCanceling = false;
  while (!isCanceling) {
    const params = {
      ...message('more', { taskId: ids.canceling }),
      configuration: { returnImmediately: true },
    };
    const answer = await app.call('SendMessage', params);
    isCanceling = JSON.stringify(answer).includes('being canceled');
  }
});
afterAll(async () => {
  held.open();
  await app.close();
});

const info = (reason: string, metadata?: object, domain = 'a2a-protocol.org') => [
  { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain, ...(metadata && { metadata }) },
];
const fields = (...fieldViolations: [field: string, description: string][]) => [
  {
    '@type': 'type.googleapis.com/google.rpc.BadRequest',
    fieldViolations: fieldViolations.map(([field, description]) => ({ field, description })),
  },
];
const answer = (code: number, text: string, data?: unknown[], id: unknown = 1) => ({
  jsonrpc: '2.0',
  id,
  error: { code, message: text, ...(data && { data }) },
});
const call = (method: string, params: unknown = {}) =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });

describe('a request that is no call', () => {
  const BODY = 'Invalid JSON payload: ';
  const CALL = 'Request payload validation error: ';
  const TYPE = 'Send the header Content-Type: application/json';
  const list = call('ListTasks');
  const IDS = 'id must be a string, a whole number up to 2^53 - 1, or null';
  const media = info('CONTENT_TYPE_NOT_SUPPORTED');
  const version = info('VERSION_NOT_SUPPORTED', { supportedVersions: '1.0, 0.3' });

  it.each<[string, string, Record<string, string>, number, object]>([
    ['no content type', list, { 'Content-Type': '' }, 415, answer(-32005, TYPE, media, null)],
    ['a form', 'a=b', { 'Content-Type': 'text/plain' }, 415, answer(-32005, TYPE, media, null)],
    [
      'another charset',
      list,
      { 'Content-Type': 'application/json; charset=latin1' },
      415,
      answer(-32005, `The body must be UTF-8: ${TYPE.replace('Send', 'send')}`, media, null),
    ],
    [
      'an unknown coding',
      list,
      { 'Content-Encoding': 'zstd' },
      415,
      answer(-32005, 'Send the body plain, or with Content-Encoding: gzip, deflate or br', media, null),
    ],
    [
      'no gzip',
      list,
      { 'Content-Encoding': 'gzip' },
      400,
      answer(
        -32700,
        'The body does not match its Content-Encoding: send it encoded so, or leave the header out',
        undefined,
        null,
      ),
    ],
    [
      'too much',
      `"${'x'.repeat(5000)}"`,
      {},
      413,
      answer(
        -32600,
        'The body is larger than 5000 bytes: send large files as parts with a url',
        undefined,
        null,
      ),
    ],
    [
      'nothing',
      '',
      {},
      400,
      answer(-32700, `${BODY}the body is empty, send a JSON-RPC 2.0 request object`, undefined, null),
    ],
    [
      'a byte order mark',
      `\ufeff${list}`,
      {},
      400,
      answer(-32700, `${BODY}the body begins with a byte order mark, leave it out`, undefined, null),
    ],
    [
      'half a call',
      '{"jsonrpc"',
      {},
      400,
      answer(-32700, `${BODY}send one JSON-RPC 2.0 request object`, undefined, null),
    ],
    [
      'a batch',
      `[${list}]`,
      {},
      200,
      answer(-32600, `${CALL}send one request per call, batches are not supported`, undefined, null),
    ],
    ['a text', '"hi"', {}, 200, answer(-32600, `${CALL}send a JSON-RPC 2.0 request object`, undefined, null)],
    [
      'a message without an envelope',
      '{"message":{}}',
      {},
      200,
      answer(-32600, `${CALL}jsonrpc must be "2.0"`, undefined, null),
    ],
    [
      'a notification',
      '{"jsonrpc":"2.0","method":"ListTasks"}',
      {},
      200,
      answer(-32600, `${CALL}id is required, notifications are not supported`, undefined, null),
    ],
    [
      'an id that is none',
      '{"jsonrpc":"2.0","id":{},"method":"ListTasks"}',
      {},
      200,
      answer(-32600, `${CALL}${IDS}`, undefined, null),
    ],
    [
      'no method',
      '{"jsonrpc":"2.0","id":1}',
      {},
      200,
      answer(-32600, `${CALL}method must be the name of an operation, such as SendMessage`),
    ],
    [
      'another version',
      list,
      { 'A2A-Version': '2.0' },
      200,
      answer(
        -32009,
        'This version of A2A is not served: send the header A2A-Version: 1.0 or A2A-Version: 0.3',
        version,
      ),
    ],
  ])('is answered with what to send: %s', async (_, body, headers, status, json) => {
    const sent = await exchange(app.port, post('/a2a', body, headers), body);
    expect(sent.headers['content-type']).toBe('application/json');
    expect({ status: sent.status, json: JSON.parse(sent.body) as unknown }).toEqual({ status, json });
  });

  it.each(['GET', 'PUT', 'DELETE'])('is answered with the method of HTTP to use: %s', async (method) => {
    const response = await fetch(app.url, { method });
    const text = 'Calls are sent with POST; the agent card is at .well-known/agent-card.json below this path';
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
    expect(await response.json()).toEqual(answer(-32600, text, undefined, null));
  });
});

describe('an unknown method', () => {
  const ALL =
    'The methods of A2A 1.0 are SendMessage, SendStreamingMessage, GetTask, ListTasks, CancelTask, SubscribeToTask, CreateTaskPushNotificationConfig, GetTaskPushNotificationConfig, ListTaskPushNotificationConfigs, DeleteTaskPushNotificationConfig, GetExtendedAgentCard';

  it.each([
    ['sendMessage', ' Did you mean SendMessage?'],
    ['message/sent', ' Did you mean SendMessage?'],
    ['tasks/list', ' Did you mean ListTasks?'],
    ['get_task', ' Did you mean GetTask?'],
    ['ResubscribeToTask', ' Did you mean SubscribeToTask?'],
    ['tasks/subscribe', ' Did you mean SubscribeToTask?'],
    ['Frobnicate', ''],
  ])('is answered with the nearest one: %s', async (method, hint) => {
    expect(await app.call(method)).toEqual(answer(-32601, `No such method.${hint} ${ALL}`));
  });
});

describe('a call of A2A 1.0', () => {
  const INVALID = 'Invalid parameters';
  const STARTS = 'send a message without taskId to start another one';

  it.each<[string, string, () => unknown, number, string, (() => unknown[])?]>([
    [
      'for an unknown task',
      'GetTask',
      () => ({ id: 'x' }),
      -32001,
      'Task not found: check the id; a message without taskId starts another task',
      () => info('TASK_NOT_FOUND', { taskId: 'x' }),
    ],
    [
      'to an unknown task',
      'SendMessage',
      () => message('hi', { taskId: 'x', contextId: 'c1' }),
      -32001,
      'Task not found: check the id; a message without taskId starts another task',
      () => info('TASK_NOT_FOUND', { taskId: 'x' }),
    ],
    [
      'with a context that is not that of its task',
      'SendMessage',
      () => message('hi', { taskId: ids.busy, contextId: 'c1' }),
      -32602,
      INVALID,
      () =>
        fields([
          'message.contextId',
          `is not the context of task ${ids.busy}: leave it out, or send the one of the task`,
        ]),
    ],
    [
      'to a task that has ended',
      'SendMessage',
      () => message('hi', { taskId: ids.done }),
      -32004,
      `The task has ended (TASK_STATE_COMPLETED); ${STARTS}`,
      () => info('UNSUPPORTED_OPERATION'),
    ],
    [
      'to a task that is being canceled',
      'SendMessage',
      () => message('hi', { taskId: ids.canceling }),
      -32004,
      `The task is being canceled; ${STARTS}`,
      () => info('UNSUPPORTED_OPERATION'),
    ],
    [
      'to subscribe to a task that has ended',
      'SubscribeToTask',
      () => ({ id: ids.done }),
      -32004,
      'The task has ended (TASK_STATE_COMPLETED); GetTask tells how',
      () => info('UNSUPPORTED_OPERATION'),
    ],
    [
      'to cancel a task that has ended',
      'CancelTask',
      () => ({ id: ids.done }),
      -32002,
      'The task can not be canceled: it has ended as TASK_STATE_COMPLETED; GetTask tells how',
      () => info('TASK_NOT_CANCELABLE'),
    ],
    [
      'for a page that is none',
      'ListTasks',
      () => ({ pageToken: 'x' }),
      -32602,
      INVALID,
      () =>
        fields([
          'pageToken',
          'is not a token of this listing: send the nextPageToken of the page before, with the same filters',
        ]),
    ],
    [
      'for a tenant',
      'ListTasks',
      () => ({ tenant: 'acme' }),
      -32602,
      INVALID,
      () => fields(['tenant', 'is not known here: this agent has no tenants, leave it out']),
    ],
    [
      'for parameters in a list',
      'GetTask',
      () => ['x'],
      -32602,
      INVALID,
      () => fields(['params', 'must be an object with the parameters by name']),
    ],
    [
      'for the extended card',
      'GetExtendedAgentCard',
      () => ({}),
      -32004,
      'This agent has no extended card: its card is at .well-known/agent-card.json',
      () => info('UNSUPPORTED_OPERATION'),
    ],
  ])('is answered with what to send: %s', async (_, method, params, code, text, data) => {
    expect(await app.call(method, params())).toEqual(answer(code, text, data?.()));
  });

  it('for which there is no longer time is to be sent again', async () => {
    const other = await makeApp();
    await other.router.close();
    const response = await other.open('ListTasks');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toEqual(
      answer(
        -32000,
        'The server shuts down: send the call again',
        info('UNAVAILABLE', undefined, 'express-a2a'),
      ),
    );
    await other.close();
  });
});
