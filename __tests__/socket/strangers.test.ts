import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { A2AOptions } from '../../lib/express/options.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { a2aV1Methods } from '../../lib/protocol/v1.schema.ts';
import { start } from '../helpers/calls.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';

/** Who calls, with which tenant, which agent. All but the first are strangers to the task. */
const CALLERS = {
  owner: { user: 'ada', tenant: 'acme', agent: 'one' },
  'another owner': { user: 'bob', tenant: 'acme', agent: 'one' },
  nobody: { user: undefined, tenant: 'acme', agent: 'one' },
  'another tenant': { user: 'ada', tenant: 'globex', agent: 'one' },
  'no tenant': { user: 'ada', tenant: '', agent: 'one' },
  'another agent': { user: 'ada', tenant: 'acme', agent: 'two' },
} as const;

type CallerName = keyof typeof CALLERS;
type Method = keyof typeof a2aV1Methods;

const NAMES = Object.entries(a2aV1Methods).flatMap(([method, { older }]) =>
  [method, ...(older === null ? [] : [older])].map((name) => [name, method as Method] as const),
);
const STRANGERS = (Object.keys(CALLERS) as CallerName[]).slice(1);
const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const PUSH = /PushNotificationConfig/;

/** Parameters that name the task; none for the methods that name no task. */
function paramsFor(method: Method, id: string): object | undefined {
  switch (method) {
    case 'SendMessage':
    case 'SendStreamingMessage':
      return message('more', { taskId: id });
    case 'GetTask':
    case 'CancelTask':
    case 'SubscribeToTask':
      return { id };
    case 'CreateTaskPushNotificationConfig':
      return { taskId: id, id: 'c', url: 'https://93.184.215.14/' };
    case 'GetTaskPushNotificationConfig':
    case 'DeleteTaskPushNotificationConfig':
      return { taskId: id, id: 'c' };
    case 'ListTaskPushNotificationConfigs':
      return { taskId: id };
    case 'ListTasks':
    case 'GetExtendedAgentCard':
      return undefined;
    default:
      return method satisfies never;
  }
}

const apps: Partial<Record<'one' | 'two', AgentApp>> = {};
let taskId = '';

beforeAll(async () => {
  const backend = memoryBackend();
  const options: Partial<A2AOptions> = {
    ...backend,
    owner: (req) => req.headers['x-user']?.toString() ?? null,
    tenants: ['', 'acme', 'globex'],
    extendedCard: ({ owner }) => ({ description: `For ${String(owner)}` }),
    agent: (turn) => turn.requireInput('Well?'),
    push: { send: false },
  };
  apps.one = await makeApp({ ...options, agentId: 'one' });
  apps.two = await makeApp({ ...options, agentId: 'two' });
  const sent = await call('owner', 'SendMessage', message('hi'));
  taskId = /"id":"([\w-]{36})"/.exec(sent.text)?.[1] ?? '';
});

afterAll(async () => {
  for (const app of Object.values(apps)) await app.close();
});

/** The whole answer of a call: all that a client can tell it by. */
async function call(
  name: CallerName,
  method: string,
  params: object,
): Promise<{ status: number; type: string | null; text: string }> {
  const { user, tenant, agent } = CALLERS[name];
  const app = apps[agent];
  if (app === undefined) throw new Error(`${agent} is not served`);
  const headers = { ...(user !== undefined && { 'x-user': user }), 'A2A-Version': '1.0' };
  const response = await app.open(method, { ...params, ...(tenant !== '' && { tenant }) }, headers);
  const type = response.headers.get('content-type');
  if (type !== 'text/event-stream') return { status: response.status, type, text: await response.text() };
  const reader = response.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return { status: response.status, type, text: Buffer.from(first?.value ?? []).toString() };
}

describe('the task of somebody else (NEEDS 4, §13.1)', () => {
  const rows = NAMES.flatMap(([name, method]) =>
    paramsFor(method, '') === undefined ? [] : STRANGERS.map((caller) => [name, caller, method] as const),
  );

  it.each(rows)('is for %s by %s what a task is that there never was', async (name, caller, method) => {
    const theirs = await call(caller, name, paramsFor(method, taskId) ?? {});
    const unknown = await call(caller, name, paramsFor(method, UNKNOWN) ?? {});
    expect(theirs).toEqual({ ...unknown, text: unknown.text.replaceAll(UNKNOWN, taskId) });
    expect(JSON.parse(theirs.text)).toMatchObject({ error: { code: -32001 } });
    expect(theirs.status).toBe(200);
  });

  it.each(STRANGERS)('is not in the list of %s', async (caller) => {
    for (const filter of [{}, { status: 'TASK_STATE_INPUT_REQUIRED' }, { includeArtifacts: true }]) {
      const { text } = await call(caller, 'ListTasks', filter);
      expect(JSON.parse(text)).toMatchObject({ result: { tasks: [], totalSize: 0, nextPageToken: '' } });
    }
  });

  it.each(STRANGERS)('is not found by its context by %s', async (caller) => {
    const { text } = await call('owner', 'GetTask', { id: taskId });
    const { contextId } = (JSON.parse(text) as { result: { contextId: string } }).result; // it is the owner's
    expect(JSON.parse((await call(caller, 'ListTasks', { contextId })).text)).toMatchObject({
      result: { tasks: [], totalSize: 0 },
    });
  });

  it.each(NAMES.filter(([, method]) => method === 'GetExtendedAgentCard'))(
    'says nothing in the card of %s, which is for whoever asks',
    async (name) => {
      expect(JSON.parse((await call('another owner', name, {})).text)).toMatchObject({
        result: { description: 'For bob' },
      });
      expect((await call('nobody', name, {})).status).toBe(401);
    },
  );
});

describe('the same task', () => {
  const rows = NAMES.flatMap(([name, method]) =>
    // last what ends it
    paramsFor(method, '') === undefined || method === 'CancelTask' ? [] : [[name, method] as const],
  );

  it('has not been changed by all that', async () => {
    const { text } = await call('owner', 'GetTask', { id: taskId });
    expect(JSON.parse(text)).toMatchObject({
      result: {
        id: taskId,
        status: { state: 'TASK_STATE_INPUT_REQUIRED' },
        history: [{ role: 'ROLE_USER' }],
      },
    });
  });

  it.each(rows)('is there for its owner: %s', async (name, method) => {
    const { text } = await call('owner', name, paramsFor(method, taskId) ?? {});
    if (PUSH.test(method)) expect(text).not.toContain('"error"');
    else expect([text.includes(`"id":"${taskId}"`), text.includes('"error"')]).toEqual([true, false]);
  });

  it('is in the list of its owner', async () => {
    const { text } = await call('owner', 'ListTasks', {});
    expect(JSON.parse(text)).toMatchObject({ result: { tasks: [{ id: taskId }], totalSize: 1 } });
  });

  it.each(NAMES.filter(([, method]) => method === 'CancelTask'))(
    'can be ended by its owner: %s',
    async (name) => {
      const app = apps.one as AgentApp; // made before all
      const headers = { 'x-user': 'ada' };
      const { id } = await start(app, 'hi', headers);
      expect(id).not.toBe(taskId);
      const canceled = await app.call(name, { id }, headers);
      expect(canceled).toMatchObject({ result: { id, status: { state: 'TASK_STATE_CANCELED' } } });
    },
  );
});
