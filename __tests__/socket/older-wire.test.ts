import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { A2AOptions } from '../../lib/express/options.ts';
import { type AgentApp, makeApp } from '../helpers/make-app.ts';
import { dataOf, readEvents } from '../helpers/sse.ts';
import { verifies } from '../requirements.ts';

let app: AgentApp | undefined;

async function serve(options: Partial<A2AOptions> = {}): Promise<AgentApp> {
  app = await makeApp(options);
  return app;
}

afterEach(() => app?.close());

const NONE = { 'A2A-Version': '' };
const OLDER = { 'A2A-Version': '0.3' };
const EVENTS = { ...NONE, Accept: 'text/event-stream' };
const part = { kind: 'text', text: 'hi' };
const params = { message: { messageId: 'm', role: 'user', parts: [part] } };

function errorOf(answer: unknown): unknown {
  return (answer as { error?: unknown }).error; // undefined where there is none
}

function refused(field: string, description: unknown): unknown {
  return {
    code: -32602,
    message: 'Invalid parameters',
    data: [
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [{ field, description }],
      },
    ],
  };
}

describe('a call of 0.3', () => {
  it.each([NONE, OLDER])('is answered with a bare result: %j', async (headers) => {
    verifies('3.6.2-empty');
    const { call } = await serve();
    expect(await call('message/send', params, headers)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: {
        ...{ kind: 'task', id: expect.any(String), contextId: expect.any(String) },
        status: { state: 'completed', timestamp: expect.any(String) },
        artifacts: [{ artifactId: '1-1', parts: [{ kind: 'text', text: 'hello' }] }],
        history: [
          {
            ...{ kind: 'message', messageId: 'm', role: 'user', parts: [part] },
            ...{ taskId: expect.any(String), contextId: expect.any(String) },
          },
        ],
      },
    });
  });

  it('may leave kinds out, and have the role of an agent', async () => {
    const { call } = await serve({ agent: (turn) => turn.text });
    const message = { messageId: 'm', role: 'agent', parts: [{ text: 'flat' }] };
    expect(await call('message/send', { message }, NONE)).toMatchObject({
      result: { artifacts: [{ parts: [{ kind: 'text', text: 'flat' }] }], history: [{ role: 'user' }] },
    });
  });

  it('does not wait with blocking false', async () => {
    const { call } = await serve({ agent: (turn) => once(turn.signal, 'abort').then(() => undefined) });
    const configuration = { blocking: false };
    expect(await call('message/send', { ...params, configuration }, NONE)).toMatchObject({
      result: { kind: 'task', status: { state: 'submitted' } },
    });
  });

  it('gets one bare message', async () => {
    const { call } = await serve({ answers: 'message' });
    expect(await call('message/send', params, NONE)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: {
        ...{ kind: 'message', messageId: expect.any(String), contextId: expect.any(String), role: 'agent' },
        parts: [{ kind: 'text', text: 'hello' }],
      },
    });
  });

  it('streams bare events, the last of them final', async () => {
    const { open } = await serve();
    const events = readEvents(await open('message/stream', params, EVENTS));
    const ids = { taskId: expect.any(String), contextId: expect.any(String) };
    expect(dataOf(await events.rest())).toEqual(
      [
        expect.objectContaining({
          kind: 'task',
          status: { state: 'submitted', timestamp: expect.any(String) },
        }),
        expect.objectContaining({ kind: 'artifact-update', ...ids }),
        {
          ...{ kind: 'status-update', ...ids, final: true },
          status: { state: 'completed', timestamp: expect.any(String) },
        },
      ].map((result: unknown) => ({ jsonrpc: '2.0', id: 1, result })),
    );
  });

  it('knows the end of a stream that ends with a question, and not of one that goes on', async () => {
    const { open, call } = await serve({
      async agent(turn) {
        await turn.working('on it');
        await turn.requireInput('Who?');
      },
    });
    const events = readEvents(await open('message/stream', params, EVENTS));
    const told = dataOf(await events.rest()) as {
      result: { id?: string; status: object; final?: boolean };
    }[];
    expect(told.map(({ result }) => result.final)).toEqual([undefined, false, true]);
    const { id } = told[0]?.result ?? {};
    const subscribed = readEvents(await open('tasks/resubscribe', { id }, EVENTS));
    await subscribed.next();
    await call('tasks/cancel', { id }, NONE);
    expect(dataOf(await subscribed.rest())).toMatchObject([
      { result: { status: { state: 'canceled' }, final: true } },
    ]);
  });

  it.each([
    ['set', { taskId: 't', pushNotificationConfig: { url: 'https://x.test' } }],
    ['get', { id: 't' }],
    ['list', { id: 't' }],
    ['delete', { id: 't', pushNotificationConfigId: 'w' }],
  ])('for a webhook is refused while none is sent: %s', async (name, given) => {
    const { call } = await serve({ push: false });
    const answer = await call(`tasks/pushNotificationConfig/${name}`, given, NONE);
    expect(errorOf(answer)).toMatchObject({ code: -32003, message: expect.stringContaining('tasks/get') });
  });

  it('with a webhook is refused before its parameters are looked at', async () => {
    const { call } = await serve({ push: false });
    const configuration = { pushNotificationConfig: { url: 'x' } };
    expect(errorOf(await call('message/send', { configuration }, OLDER))).toMatchObject({ code: -32003 });
  });

  it('for the fuller card is refused where there is none', async () => {
    const { call } = await serve();
    const answer = await call('agent/getAuthenticatedExtendedCard', {}, NONE);
    expect(errorOf(answer)).toMatchObject({ code: -32004 });
  });

  it('is held to the order of the checks: who calls comes before what is sent', async () => {
    const { open } = await serve({
      card: {
        ...{ name: 'N', description: 'D', version: '1' },
        securitySchemes: { key: { httpAuthSecurityScheme: { scheme: 'Bearer' } } },
        securityRequirements: [{ schemes: { key: { list: [] } } }],
      },
    });
    const response = await open('message/stream', { message: 5 }, EVENTS);
    expect([response.status, response.headers.get('content-type')]).toEqual([401, 'application/json']);
  });
});

describe('a failure in 0.3', () => {
  it('of a stream is one event for a client that takes events', async () => {
    const { open } = await serve();
    const response = await open('tasks/resubscribe', { id: 'x' }, EVENTS);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    const text = await response.text();
    expect(text).toMatch(/^data: \{.*\}\n\n$/);
    expect(errorOf(JSON.parse(text.slice('data: '.length)))).toMatchObject({ code: -32001 });
  });

  it('of a stream is JSON for everybody else, and so is that of a call', async () => {
    const { open } = await serve();
    for (const [method, headers] of [
      ['tasks/resubscribe', NONE],
      ['tasks/get', EVENTS],
      ['SubscribeToTask', { Accept: 'text/event-stream' }],
    ] as const) {
      const response = await open(method, { id: 'x' }, headers);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
      expect(errorOf(await response.json())).toMatchObject({ code: -32001 });
    }
  });

  it('names states the older way', async () => {
    const { call } = await serve();
    const sent = (await call('message/send', params, NONE)) as { result: { id: string } };
    const answer = await call('tasks/cancel', { id: sent.result.id }, NONE);
    expect(errorOf(answer)).toMatchObject({
      code: -32002,
      message: expect.stringContaining('it has ended as completed'),
    });
  });
});

describe('a body of the other version', () => {
  it('of 1.0 under 0.3 is told the field and the header', async () => {
    const { call } = await serve();
    const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hi' }] };
    expect(errorOf(await call('message/send', { message }, OLDER))).toEqual(
      refused('message.role', expect.stringContaining('send the header A2A-Version: 1.0, or write user')),
    );
  });

  it('of 0.3 under 1.0 is told the field and the header', async () => {
    const { call } = await serve();
    expect(errorOf(await call('SendMessage', params))).toMatchObject({
      data: [
        {
          fieldViolations: expect.arrayContaining([
            { field: 'message.role', description: expect.stringContaining('A2A-Version: 0.3') },
          ]),
        },
      ],
    });
  });
});

describe('extensions in 0.3', () => {
  const uri = 'urn:express-a2a:resumable-stream:v1';

  it('are asked for and answered under the older name', async () => {
    const { open } = await serve();
    const response = await open('message/stream', params, { ...EVENTS, 'X-A2A-Extensions': `urn:x, ${uri}` });
    expect(response.headers.get('x-a2a-extensions')).toBe(uri);
    expect(response.headers.get('a2a-extensions')).toBeNull();
    expect((await readEvents(response).rest()).every(({ id }) => id !== undefined)).toBe(true);
    const sent = await open('message/send', params, { ...NONE, 'X-A2A-Extensions': uri });
    expect(sent.headers.get('x-a2a-extensions')).toBe(uri);
  });

  it('may be asked for under the name of 1.0, and the older name means nothing there', async () => {
    const { open } = await serve();
    const older = await open('message/send', params, { ...NONE, 'A2A-Extensions': uri });
    expect(older.headers.get('a2a-extensions')).toBe(uri);
    const newer = await open('ListTasks', {}, { 'X-A2A-Extensions': uri });
    expect(newer.headers.get('x-a2a-extensions')).toBeNull();
  });
});

describe('extensions under both names', () => {
  const uri = 'urn:express-a2a:resumable-stream:v1';

  it.each([
    ['the same', uri, uri, uri, uri],
    ['different ones, of which the older name counts', `urn:x, ${uri}`, 'urn:x', uri, uri],
    ['different ones, and none is active', 'urn:x', uri, null, null],
    ['nothing under the older name', ' , ', uri, null, uri],
  ])('ask for %s', async (_, older, newer, olderAnswer, newerAnswer) => {
    const { open } = await serve();
    const asked = { 'X-A2A-Extensions': older, 'A2A-Extensions': newer };
    const stream = await open('message/stream', params, { ...EVENTS, ...asked });
    const isActive = (await readEvents(stream).rest()).every(({ id }) => id !== undefined);
    expect(isActive).toBe(newerAnswer !== null);
    const failed = await open('tasks/get', { id: 'x' }, { ...OLDER, ...asked });
    for (const { headers } of [stream, failed])
      expect([headers.get('x-a2a-extensions'), headers.get('a2a-extensions')]).toEqual([
        olderAnswer,
        newerAnswer,
      ]);
  });
});

describe('the versions that are served', () => {
  it('can be 1.0 alone', async () => {
    const { call, url } = await serve({ versions: ['1.0'] });
    expect(errorOf(await call('message/send', params, NONE))).toMatchObject({ code: -32009 });
    expect((await fetch(`${url}/.well-known/agent.json`)).status).toBe(404);
    const card = (await (await fetch(`${url}/.well-known/agent-card.json`)).json()) as object; // a card
    expect(card).not.toHaveProperty('protocolVersion');
  });

  it.each<[unknown, string]>([
    [[], 'ERR_A2A_OPTIONS'],
    [['0.3'], 'ERR_A2A_OPTIONS'],
    [['1.0', '1.0'], 'ERR_A2A_OPTIONS'],
    [['1.0', '0.2'], 'ERR_A2A_OPTIONS'],
    ['1.0', 'ERR_A2A_OPTIONS'],
  ])('are refused when they make no sense: %j', async (versions, code) => {
    await expect(makeApp({ versions } as Partial<A2AOptions>)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('1.0 is always served'),
    });
  });
});
