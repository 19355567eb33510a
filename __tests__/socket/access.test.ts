import { afterEach, describe, expect, it } from '@jest/globals';
import { admitCapability } from '../../lib/core/admission.ts';
import type { A2AOptions } from '../../lib/express/options.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { errorOf, getTask, listTasks, sendText } from '../helpers/calls.ts';
import { type AgentApp, makeApp, message, userOf } from '../helpers/make-app.ts';
import { verifies } from '../requirements.ts';

const apps: AgentApp[] = [];

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

async function serve(options: Partial<A2AOptions>): Promise<AgentApp> {
  const app = await makeApp(options);
  apps.push(app);
  return app;
}

const METHODS: [string, object][] = [
  ['SendMessage', message('hi')],
  ['SendStreamingMessage', message('hi')],
  ['GetTask', { id: 'x' }],
  ['ListTasks', {}],
  ['CancelTask', { id: 'x' }],
  ['SubscribeToTask', { id: 'x' }],
  ['CreateTaskPushNotificationConfig', { taskId: 'x', url: 'https://example.com/' }],
  ['GetTaskPushNotificationConfig', { taskId: 'x', id: 'c' }],
  ['ListTaskPushNotificationConfigs', { taskId: 'x' }],
  ['DeleteTaskPushNotificationConfig', { taskId: 'x', id: 'c' }],
  ['GetExtendedAgentCard', {}],
];

const info = (reason: string, metadata?: object) => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  ...{ reason, domain: 'a2a-protocol.org' },
  ...(metadata && { metadata }),
});

describe('what the card does not declare', () => {
  it.each(METHODS.slice(6, 10))('is refused: %s', async (method, params) => {
    verifies('3.3.4-push', '5.4-codes', '3.3.2-error-shape');
    const app = await serve({ push: false });
    const error = {
      ...{
        code: -32003,
        message:
          'This agent does not send push notifications: follow the task with SubscribeToTask, or ask with GetTask',
      },
      data: [info('PUSH_NOTIFICATION_NOT_SUPPORTED')],
    };
    expect(await errorOf(app, method, params)).toEqual(error);
    // before the parameters are looked at
    expect(await errorOf(app, method, {})).toEqual(error);
  });

  it.each(['SendMessage', 'SendStreamingMessage'])(
    'is refused inside %s, and nothing runs',
    async (method) => {
      verifies('3.3.4-push');
      let runs = 0;
      const app = await serve({ push: false, agent: () => void (runs += 1) });
      for (const name of ['taskPushNotificationConfig', 'task_push_notification_config']) {
        const configuration = { [name]: { url: 'https://example.com/' } };
        expect(await errorOf(app, method, { ...message('hi'), configuration })).toMatchObject({
          code: -32003,
        });
      }
      expect(runs).toBe(0);
      expect((await listTasks(app)).totalSize).toBe(0);
    },
  );

  it('is refused: GetExtendedAgentCard', async () => {
    verifies('3.3.4-extended-card');
    const app = await serve({});
    expect(await errorOf(app, 'GetExtendedAgentCard', {})).toEqual({
      ...{
        code: -32004,
        message: 'This agent has no extended card: its card is at .well-known/agent-card.json',
      },
      data: [info('UNSUPPORTED_OPERATION')],
    });
  });

  it.each(['SendStreamingMessage', 'SubscribeToTask'] as const)('is refused: streaming with %s', (method) => {
    verifies('3.3.4-streaming');
    const card = { name: 'Test', capabilities: { streaming: false } };
    // the router always streams, so this door can only be tried by itself
    expect(() => admitCapability(card, method, {})).toThrow(
      expect.objectContaining({
        code: -32004,
        message: 'This agent does not stream: send SendMessage, or ask with GetTask',
      }),
    );
  });

  it('is refused: tenants', async () => {
    const app = await serve({});
    const violation = [{ field: 'tenant', description: expect.any(String) }];
    for (const [method, params] of METHODS.slice(0, 6)) {
      expect(await errorOf(app, method, { ...params, tenant: 'acme' })).toMatchObject({
        code: -32602,
        data: [{ fieldViolations: violation }],
      });
    }
    expect(await app.call('ListTasks', { tenant: '' })).toMatchObject({ result: { totalSize: 0 } });
  });
});

describe('a required extension', () => {
  const uri = 'https://example.com/ext/v1';
  const card = {
    ...{ name: 'Test', description: 'For tests', version: '1.0.0' },
    capabilities: { extensions: [{ uri, required: true }] },
  };

  it.each(METHODS)('that was not asked for refuses %s', async (method, params) => {
    verifies('3.3.4-extensions');
    let runs = 0;
    const app = await serve({ card, agent: () => void (runs += 1) });
    for (const headers of [{}, { 'A2A-Extensions': 'https://example.com/ext/v2' }]) {
      expect(await errorOf(app, method, params, headers)).toMatchObject({
        code: -32008,
        data: [info('EXTENSION_SUPPORT_REQUIRED')],
      });
    }
    expect(runs).toBe(0);
  });

  it('that was asked for is active, echoed, and known to the agent', async () => {
    verifies('9.2-headers', '3.2.6-case-insensitive');
    const app = await serve({ card, agent: (turn) => String(turn.request.extensions) });
    const response = await app.open('SendMessage', message('hi'), {
      'a2a-EXTENSIONS': `https://example.com/unknown , ${uri}`,
    });
    expect(response.headers.get('a2a-extensions')).toBe(uri);
    expect(await response.json()).toMatchObject({
      result: { task: { artifacts: [{ parts: [{ text: uri }] }] } },
    });
  });
});

describe('a card that declares security', () => {
  const card = {
    ...{ name: 'Test', description: 'For tests', version: '1.0.0' },
    securitySchemes: {
      bearer: { httpAuthSecurityScheme: { scheme: 'Bearer' } },
      key: { apiKeySecurityScheme: { location: 'header', name: 'X-Key' } },
    },
    securityRequirements: [{ schemes: { bearer: { list: [] } } }, { schemes: { key: { list: [] } } }],
  };
  const owner = userOf;

  it.each(METHODS)('answers %s of nobody with 401 and a challenge per scheme', async (method, params) => {
    verifies('7.4-authenticate', '3.3.2-authentication');
    let runs = 0;
    const app = await serve({ card, owner, agent: () => void (runs += 1) });
    const response = await app.open(method, params);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer, ApiKey in="header", name="X-Key"');
    expect(await response.json()).toEqual({
      ...{ jsonrpc: '2.0', id: 1 },
      error: {
        ...{
          code: -32000,
          message: 'Authentication is required: the agent card tells which credentials to send',
        },
        data: [{ ...info('UNAUTHENTICATED'), domain: 'express-a2a' }],
      },
    });
    expect(runs).toBe(0);
  });

  it('answers somebody', async () => {
    const app = await serve({ card, owner });
    expect(await sendText(app, 'hi', {}, {}, { 'x-user': 'ada' })).toMatchObject({
      status: { state: 'TASK_STATE_COMPLETED' },
    });
  });

  it('leaves the card to everybody', async () => {
    verifies('8.1-card', '5.2-declare-protocols', '8.3-protocols', '8.3-interfaces');
    const app = await serve({ card, owner, push: false });
    for (const url of [
      `${app.url}/.well-known/agent-card.json`,
      `${app.origin}/.well-known/agent-card.json`,
    ]) {
      expect(await (await fetch(url)).json()).toMatchObject({
        ...card,
        supportedInterfaces: [
          { url: app.url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
          { url: app.url, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
          { url: app.url, protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
        ],
        capabilities: { streaming: true, pushNotifications: false, extendedAgentCard: false },
      });
    }
  });
});

describe('agents on one backend', () => {
  it('run and see their own tasks only', async () => {
    const backend = memoryBackend();
    const one = await serve({ ...backend, agentId: 'one', agent: () => 'from one' });
    const two = await serve({ ...backend, agentId: 'two', agent: () => 'from two' });
    const [a, b] = [await sendText(one, 'hi'), await sendText(two, 'hi')];
    expect([a, b].map(({ artifacts }) => artifacts?.[0]?.parts)).toEqual([
      [{ text: 'from one' }],
      [{ text: 'from two' }],
    ]);
    expect((await listTasks(one)).tasks.map(({ id }) => id)).toEqual([a.id]);
    expect(await getTask(two, b.id)).toEqual(b);
    expect(await errorOf(two, 'GetTask', { id: a.id })).toMatchObject({ code: -32001 });
    expect(await two.router.resume(a.id)).toBe(false);
  });
});

describe('errors', () => {
  it('carry the code, the message and typed details only', async () => {
    verifies('3.3.2-errors', '3.3.2-error-shape', '3.3.2-typed-details', '9.5-typed-details', '5.4-codes');
    const app = await serve({});
    expect(await app.call('GetTask', { id: 'x' })).toEqual({
      ...{ jsonrpc: '2.0', id: 1 },
      error: {
        code: -32001,
        message: 'Task not found: check the id; a message without taskId starts another task',
        data: [info('TASK_NOT_FOUND', { taskId: 'x' })],
      },
    });
  });

  it('of versions say which are served', async () => {
    verifies('3.6.2-version-not-supported', '3.6.2-semantics', '3.6.2-empty', '3.6-patch-ignored');
    const app = await serve({ versions: ['1.0'] });
    const error = { code: -32009, data: [info('VERSION_NOT_SUPPORTED', { supportedVersions: '1.0' })] };
    expect(await errorOf(app, 'ListTasks', {}, { 'A2A-Version': '0.3' })).toMatchObject(error);
    expect(await errorOf(app, 'tasks/get', { id: 'x' }, { 'A2A-Version': '' })).toMatchObject(error);
    expect(await app.call('ListTasks', {}, { 'A2A-Version': '1.0.7' })).toMatchObject({ result: {} });
  });
});
