import { describe, expect, it } from '@jest/globals';
import {
  A2AClient,
  type ClientOptions,
  isA2AError,
  isClientError,
  TaskNotFoundError,
} from '../../lib/client/index.ts';
import {
  all,
  body,
  card,
  events,
  failure,
  json,
  result,
  scriptedFetch,
  task,
} from '../helpers/scripted-fetch.ts';

type Script = Parameters<typeof scriptedFetch>[0];

async function connect(script: Script, options: ClientOptions = {}): Promise<A2AClient> {
  return A2AClient.connect(card(), {
    fetch: scriptedFetch(script).fetch,
    resume: { firstDelayMs: 0, attempts: 1 },
    ...options,
  });
}

const text =
  (content: string, status = 200, type = 'text/html') =>
  () =>
    new Response(content, { status, headers: { 'Content-Type': type } });
const PAGE = '<html><body>Bad gateway</body></html>';

describe('an answer that is none', () => {
  const wrong: [string, Script[string][number], object][] = [
    [
      'a page of a proxy',
      text(PAGE, 502),
      { fault: 'status', status: 502, contentType: 'text/html', start: PAGE },
    ],
    ['a page with 200', text(PAGE), { fault: 'not-json', status: 200, start: PAGE }],
    ['a long page', text('x'.repeat(5000)), { fault: 'not-json', start: 'x'.repeat(200) }],
    ['nothing', text('', 200, 'application/json'), { fault: 'empty', status: 200, start: '' }],
    [
      'nothing, without a type',
      () => new Response(null, { status: 204 }),
      { fault: 'not-json', status: 204, contentType: '', start: '' },
    ],
    [
      'half of an answer',
      text('{"jsonrpc":"2.0","id":1,"resu', 200, 'application/json'),
      { fault: 'cut', start: '{"jsonrpc":"2.0","id":1,"resu' },
    ],
    ['another JSON', json({ ok: true }), { fault: 'not-json-rpc', start: '{"ok":true}' }],
    [
      'another JSON with 404',
      json({ message: 'no route' }, 404),
      { fault: 'status', status: 404, start: '{"message":"no route"}' },
    ],
    ['nothing for a result', json({ jsonrpc: '2.0', id: 1, result: null }), { fault: 'not-json-rpc' }],
    ['a text for a result', json({ jsonrpc: '2.0', id: 1, result: 'hi' }), { fault: 'not-json-rpc' }],
    ['a list', json([]), { fault: 'not-json-rpc' }],
    [
      'an answer to somebody else',
      json({ jsonrpc: '2.0', id: 'other', result: {} }),
      { fault: 'not-json-rpc' },
    ],
    ['an error without a code', json({ jsonrpc: '2.0', id: 1, error: 'no' }), { fault: 'not-json-rpc' }],
    [
      'a redirect',
      () => new Response(null, { status: 307, headers: { Location: 'https://other.test/' } }),
      { fault: 'redirect', status: 307, message: expect.stringContaining('https://other.test/') },
    ],
  ];

  it.each(wrong)('%s is an error with the status and the first bytes', async (_, answer, expected) => {
    const client = await connect({ SendMessage: [answer], SendStreamingMessage: [answer] });
    const error: unknown = await client.send('hi').catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'ERR_A2A_RESPONSE', ...expected });
    expect([isClientError(error), isA2AError(error)]).toEqual([true, false]);
    // before a byte of it is read as events
    const streamed: unknown = await all(client.stream('hi')).catch((failure: unknown) => failure);
    expect(streamed).toMatchObject({ message: expect.any(String) });
    expect(isClientError(streamed)).toBe(true);
  });

  it('a body that breaks off is one that was cut', async () => {
    const client = await connect({
      GetTask: [
        () =>
          new Response(body(['{"jsonrpc":"2.0","id"'], 'break').body, {
            headers: { 'Content-Type': 'application/json' },
          }),
      ],
    });
    await expect(client.getTask('t')).rejects.toMatchObject({
      code: 'ERR_A2A_RESPONSE',
      fault: 'cut',
      start: '{"jsonrpc":"2.0","id"',
    });
  });

  it('a result where a stream was asked for is no stream', async () => {
    const client = await connect({ SendStreamingMessage: [result(task('TASK_STATE_COMPLETED'))] });
    await expect(all(client.stream('hi'))).rejects.toMatchObject({ fault: 'not-a-stream' });
  });

  it.each([
    ['no JSON', 'data: hello\n\n', 'cut'],
    ['another JSON', 'data: {"x":1}\n\n', 'not-json-rpc'],
    ['a result that is no event', 'data: {"jsonrpc":"2.0","id":1,"result":7}\n\n', 'not-json-rpc'],
    ['an event for somebody else', 'data: {"jsonrpc":"2.0","id":99,"result":{}}\n\n', 'not-json-rpc'],
  ])('an event of a stream that is %s is an error', async (_, frame, fault) => {
    const client = await connect({
      SendStreamingMessage: [events([task('TASK_STATE_SUBMITTED'), frame], 'stay')],
      SubscribeToTask: [text(PAGE)],
    });
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const event of client.stream('hi')) seen.push(event);
    })();
    const expected = fault === 'cut' ? { fault: 'not-json' } : { fault };
    await expect(reading).rejects.toMatchObject({ code: 'ERR_A2A_RESPONSE', ...expected });
    expect(seen).toEqual([task('TASK_STATE_SUBMITTED')]);
  });

  it('too large is refused, an answer and an event', async () => {
    const large = 'x'.repeat(4000);
    const client = await connect(
      {
        GetTask: [result({ id: large })],
        SendStreamingMessage: [events([task('TASK_STATE_SUBMITTED', { metadata: { large } })], 'stay')],
      },
      { maxBytes: 2000 },
    );
    await expect(client.getTask('t')).rejects.toMatchObject({ fault: 'too-large' });
    await expect(all(client.stream('hi'))).rejects.toMatchObject({ fault: 'too-large' });
  });
});

describe('an error of the agent', () => {
  const INFO = [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'TASK_NOT_FOUND',
      domain: 'a2a-protocol.org',
      metadata: { taskId: 't' },
    },
  ];

  it.each([200, 400, 404, 500])('is the same with HTTP %i, and in a stream', async (httpStatus) => {
    const answer = failure(-32001, 'No such task', INFO, httpStatus);
    const client = await connect({
      GetTask: [answer],
      SubscribeToTask: [answer],
      SendStreamingMessage: [
        ({ id, signal }) =>
          body(
            [
              `data: ${JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32001, message: 'No such task', data: INFO } })}\n\n`,
            ],
            'stay',
            signal,
          ),
      ],
    });
    for (const call of [client.getTask('t'), all(client.subscribe('t')), all(client.stream('hi'))]) {
      const error: unknown = await call.catch((failed: unknown) => failed);
      expect(error).toBeInstanceOf(TaskNotFoundError);
      expect(error).toMatchObject({
        code: -32001,
        reason: 'TASK_NOT_FOUND',
        message: 'No such task',
        details: INFO,
        httpStatus: 404,
      });
      expect(isA2AError(error)).toBe(true);
    }
  });

  it.each([
    [-32002, 'TASK_NOT_CANCELABLE'],
    [-32003, 'PUSH_NOTIFICATION_NOT_SUPPORTED'],
    [-32004, 'UNSUPPORTED_OPERATION'],
    [-32005, 'CONTENT_TYPE_NOT_SUPPORTED'],
    [-32006, 'INVALID_AGENT_RESPONSE'],
    [-32007, 'EXTENDED_AGENT_CARD_NOT_CONFIGURED'],
    [-32008, 'EXTENSION_SUPPORT_REQUIRED'],
    [-32009, 'VERSION_NOT_SUPPORTED'],
    [-32600, undefined],
    [-32601, undefined],
    [-32603, undefined],
    [-32700, undefined],
    [-31999, undefined],
  ])('%i has the reason %s, also where the agent does not say so', async (code, reason) => {
    const client = await connect({ GetTask: [failure(code, 'why', 'older data')] });
    await expect(client.getTask('t')).rejects.toMatchObject({
      code,
      reason,
      message: 'why',
      details: [{ '@type': 'unknown', data: 'older data' }],
    });
  });

  it('of parameters names the fields', async () => {
    const fieldViolations = [{ field: 'message.parts', description: 'is required' }];
    const client = await connect({
      SendMessage: [
        failure(-32602, 'Invalid parameters', [
          { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations },
        ]),
      ],
    });
    await expect(client.send('hi')).rejects.toMatchObject({ code: -32602, violations: fieldViolations });
  });

  it.each([
    [401, 'UNAUTHENTICATED', { 'WWW-Authenticate': 'Bearer' }],
    [403, 'PERMISSION_DENIED', {}],
    [429, 'RATE_LIMITED', { 'Retry-After': '7' }],
    [503, 'UNAVAILABLE', { 'Retry-After': '7' }],
  ])('with HTTP %i says %s, and keeps what the headers say', async (httpStatus, reason, headers) => {
    const data = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'express-a2a' }];
    const client = await connect({
      GetTask: [
        json({ jsonrpc: '2.0', id: null, error: { code: -32000, message: 'no', data } }, httpStatus, headers),
      ],
    });
    await expect(client.getTask('t')).rejects.toMatchObject({
      code: -32000,
      reason,
      httpStatus,
      headers,
      message: 'no',
    });
  });
});

describe('what the card does not declare', () => {
  it('is refused before it is sent', async () => {
    const wire = scriptedFetch({ SendMessage: [result(task('TASK_STATE_COMPLETED'))] });
    const client = await A2AClient.connect(card({ capabilities: {} }), { fetch: wire.fetch });
    const config = { taskId: 't', id: 'c', url: 'https://hook.test' };
    await expect(all(client.subscribe('t'))).rejects.toMatchObject({ code: -32004 });
    await expect(client.getExtendedCard()).rejects.toMatchObject({ code: -32004 });
    await expect(client.createPushConfig(config)).rejects.toMatchObject({ code: -32003 });
    await expect(client.getPushConfig(config)).rejects.toMatchObject({ code: -32003 });
    await expect(client.listPushConfigs({ taskId: 't' })).rejects.toMatchObject({ code: -32003 });
    await expect(client.deletePushConfig(config)).rejects.toMatchObject({ code: -32003 });
    await expect(
      client.send('hi', { configuration: { taskPushNotificationConfig: config } }),
    ).rejects.toMatchObject({ code: -32003 });
    expect(wire.asked).toEqual([]);
    // a stream becomes the one answer of a blocking send
    expect(await all(client.stream('hi'))).toEqual([task('TASK_STATE_COMPLETED')]);
    expect(wire.methods()).toEqual(['SendMessage']);
  });
});
