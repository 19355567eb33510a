import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Method } from '../../lib/core/call.ts';
import { a2aV1, a2aV1Methods } from '../../lib/protocol/v1.schema.ts';
import { callBoth, withoutIds } from '../helpers/both.ts';
import { sendText } from '../helpers/calls.ts';
import { type AgentApp, makeApp, message, userOf } from '../helpers/make-app.ts';
import { receiver } from '../helpers/receiver.ts';

// webhooks over HTTP+JSON: what JSON-RPC says of them, in its own form
const HOOK = 'https://93.184.215.14/hook';
const ADA = { 'x-user': 'ada' };
const BOB = { 'x-user': 'bob' };
let app: AgentApp;
let taskId: string;

beforeAll(async () => {
  app = await makeApp({ owner: userOf, push: { allowPrivate: true } });
  taskId = (await sendText(app, 'hi', {}, {}, ADA)).id;
});
afterAll(() => app.close());

async function expectSame(method: Method, params: object, headers = ADA): Promise<number | undefined> {
  const { rpc, code, rest } = await callBoth(app, method, { ...params }, headers);
  expect(rest).toHaveLength(1);
  expect(withoutIds(rest[0])).toEqual(withoutIds(rpc));
  return code;
}

function ask(verb: string, path: string, body?: object): Promise<Response> {
  return fetch(`${app.url}/tasks/${taskId}/pushNotificationConfigs${path}`, {
    method: verb,
    headers: { ...ADA, ...(body && { 'Content-Type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
}

describe('webhooks are the same in both bindings', () => {
  it.each<[Method, () => object]>([
    ['CreateTaskPushNotificationConfig', () => ({ taskId, id: 'a/b ü', url: HOOK, token: 'tok' })],
    [
      'CreateTaskPushNotificationConfig',
      () => ({ taskId, id: 'p', url: HOOK, authentication: { scheme: 'Bearer', credentials: 's' } }),
    ],
    ['CreateTaskPushNotificationConfig', () => ({ taskId, url: HOOK })],
    ['GetTaskPushNotificationConfig', () => ({ taskId, id: 'a/b ü' })],
    ['ListTaskPushNotificationConfigs', () => ({ taskId })],
    ['ListTaskPushNotificationConfigs', () => ({ taskId, pageSize: 1 })],
    ['DeleteTaskPushNotificationConfig', () => ({ taskId, id: 'a/b ü' })],
    ['DeleteTaskPushNotificationConfig', () => ({ taskId, id: 'never' })],
    [
      'SendMessage',
      () => ({ ...message('x'), configuration: { taskPushNotificationConfig: { url: HOOK, id: 'p' } } }),
    ],
  ])('%s %#', async (method, params) => {
    expect(await expectSame(method, params())).toBeUndefined();
  });

  it.each<[number, Method, () => object, typeof ADA?]>([
    [-32001, 'CreateTaskPushNotificationConfig', () => ({ taskId: 'nobody', url: HOOK })],
    [-32001, 'CreateTaskPushNotificationConfig', () => ({ taskId, url: HOOK }), BOB],
    [-32001, 'GetTaskPushNotificationConfig', () => ({ taskId, id: 'p' }), BOB],
    [-32001, 'GetTaskPushNotificationConfig', () => ({ taskId, id: 'never' })],
    [-32001, 'ListTaskPushNotificationConfigs', () => ({ taskId: 'nobody' })],
    [-32001, 'ListTaskPushNotificationConfigs', () => ({ taskId }), BOB],
    [-32001, 'DeleteTaskPushNotificationConfig', () => ({ taskId: 'nobody', id: 'p' })],
    [-32001, 'DeleteTaskPushNotificationConfig', () => ({ taskId, id: 'p' }), BOB],
    [-32602, 'CreateTaskPushNotificationConfig', () => ({ taskId, url: 'ftp://x.test' })],
    [-32602, 'CreateTaskPushNotificationConfig', () => ({ taskId, url: 'http://169.254.169.254/' })],
    [-32602, 'CreateTaskPushNotificationConfig', () => ({ taskId })],
    [-32602, 'CreateTaskPushNotificationConfig', () => ({ taskId, url: HOOK, id: 'x'.repeat(300) })],
    [-32602, 'ListTaskPushNotificationConfigs', () => ({ taskId, pageToken: 'garbage' })],
    [
      -32602,
      'SendMessage',
      () => ({ ...message('x'), configuration: { taskPushNotificationConfig: { url: 'nowhere' } } }),
    ],
  ])('%d of %s %#', async (...[code, method, params, headers]) => {
    expect(await expectSame(method, params(), headers)).toBe(code);
  });

  const rows = (Object.keys(a2aV1Methods) as Method[])
    .filter((method) => method.includes('Push'))
    .flatMap((method) =>
      Object.keys(a2aV1.$defs[a2aV1Methods[method].params].properties)
        .filter((name) => name !== 'taskId' && (name !== 'id' || method.startsWith('Create')))
        .map((name): [Method, string] => [method, name]),
    );

  it.each(rows)('refuses a wrong %s: %s', async (method, name) => {
    const values = method.startsWith('Create')
      ? [7, 'x', true, [], {}, null, -1, '\u0000', 'x'.repeat(300)]
      : ['', 'x', '-1', '1.5', '0', '99999999999', ' 1', 'ü'];
    for (const value of values) {
      const needed = method.startsWith('Create')
        ? { taskId, id: 'p', url: HOOK }
        : { taskId, ...(!method.startsWith('List') && { id: 'p' }) };
      await expectSame(method, { ...needed, [name]: value });
    }
  });

  it('knows of each which fields it has', () => {
    expect(new Set(rows.map(([method]) => method)).size).toBe(4);
  });
});

describe('webhooks by hand', () => {
  it('come, go, and are gone: DELETE answers 200 {} each time', async () => {
    const made = await ask('POST', '', { id: 'mine', url: HOOK });
    expect([made.status, await made.json()]).toEqual([200, { taskId, id: 'mine', url: HOOK }]);
    for (const _ of ['once', 'twice']) {
      const gone = await ask('DELETE', '/mine');
      expect([gone.status, gone.headers.get('content-type'), await gone.text()]).toEqual([
        ...[200, 'application/a2a+json', '{}'],
      ]);
    }
    expect((await ask('GET', '/mine')).status).toBe(404);
  });

  it.each([
    [{ taskId: 'other', url: HOOK }, 'taskId'],
    [{ task_id: 'other', url: HOOK }, 'taskId'],
  ])('a body that names another task than the path is refused: %j', async (body, field) => {
    const answer = await ask('POST', '', body);
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { error: { status: 'INVALID_ARGUMENT', details: [{ fieldViolations: [{ field }] }] } },
    ]);
  });

  it('are posted to, as of any other binding', async () => {
    const hook = await receiver();
    const configuration = { taskPushNotificationConfig: { url: hook.url, token: 'tok' } };
    const sent = await fetch(`${app.url}/message:send`, {
      method: 'POST',
      headers: { ...ADA, 'Content-Type': 'application/a2a+json' },
      body: JSON.stringify({ ...message('hi'), configuration }),
    });
    expect(sent.status).toBe(200);
    await hook.until((all) =>
      all.some(({ event }) => event.statusUpdate?.status.state === 'TASK_STATE_COMPLETED'),
    );
    expect(hook.received[0]?.headers).toMatchObject({
      'content-type': 'application/a2a+json',
      'x-a2a-notification-token': 'tok',
    });
    await hook.close();
  });
});
