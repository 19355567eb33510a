import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Method } from '../../lib/core/call.ts';
import type { A2AOptions } from '../../lib/express/options.ts';
import { a2aV1, a2aV1Methods } from '../../lib/protocol/v1.schema.ts';
import { callBoth, withoutIds } from '../helpers/both.ts';
import { sendText, start } from '../helpers/calls.ts';
import { gate } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message, userOf } from '../helpers/make-app.ts';

// both bindings are one agent: the same results, errors, reasons and details
const held = gate();
const apps: AgentApp[] = [];
const ids = { done: '', busy: '' };
let app: AgentApp;

async function serve(options: Partial<A2AOptions> = {}): Promise<AgentApp> {
  const made = await makeApp(options);
  apps.push(made);
  return made;
}

beforeAll(async () => {
  app = await serve({
    async *agent(turn) {
      if (turn.text === 'hold') await held.opened;
      else if (turn.text === 'ask') await turn.requireInput('Who?');
      else if (turn.text === 'fail') throw new Error('hunter2');
      else yield `you said ${turn.text}`;
    },
    extendedCard: { public: true, description: 'More' },
    push: false,
  });
  ids.done = (await sendText(app, 'hi', { contextId: 'c1' })).id;
  ids.busy = (await start(app, 'hold')).id;
});
afterAll(async () => {
  held.open();
  for (const each of apps) await each.close();
});

/** Makes the call by every way, and compares. Gives the code of the error, where it is one. */
async function expectSame(
  on: AgentApp,
  method: Method,
  params: object,
  headers?: Record<string, string>,
): Promise<number | undefined> {
  const { rpc, code, rest } = await callBoth(on, method, params as Record<string, unknown>, headers);
  expect(rest.length).toBeGreaterThan(0);
  for (const each of rest) expect(withoutIds(each)).toEqual(withoutIds(rpc));
  return code;
}

const RESUMABLE = { 'A2A-Extensions': 'urn:express-a2a:resumable-stream:v1, urn:unknown' };

describe('a result is the same in both bindings', () => {
  it.each<[Method, () => object, Record<string, string>?]>([
    ['SendMessage', () => message('hi')],
    ['SendMessage', () => message('ask', { contextId: 'c2' })],
    ['SendMessage', () => message('fail')],
    ['SendMessage', () => ({ ...message('hi'), configuration: { historyLength: 0 }, metadata: { a: 1 } })],
    ['SendStreamingMessage', () => message('hi')],
    ['SendStreamingMessage', () => message('hi'), RESUMABLE],
    ['SendStreamingMessage', () => message('ask')],
    ['GetTask', () => ({ id: ids.done })],
    ['GetTask', () => ({ id: ids.done, historyLength: 0 })],
    ['GetTask', () => ({ id: ids.done, historyLength: 1 }), RESUMABLE],
    ['ListTasks', () => ({ contextId: 'c1' })],
    ['ListTasks', () => ({ contextId: 'c1', pageSize: 1, includeArtifacts: true, historyLength: 0 })],
    ['ListTasks', () => ({ status: 'TASK_STATE_WORKING', includeArtifacts: false })],
    ['ListTasks', () => ({ contextId: 'c1', statusTimestampAfter: '2020-01-01T00:00:00+01:00' })],
    ['ListTasks', () => ({ statusTimestampAfter: '9998-01-01T00:00:00.5Z' })],
    ['GetExtendedAgentCard', () => ({})],
  ])('%s %#', async (...[method, params, headers]) => {
    expect(await expectSame(app, method, params(), headers)).toBeUndefined();
  });

  it('CancelTask and SubscribeToTask, which end', async () => {
    const stopped = await serve({
      async agent(turn) {
        await once(turn.signal, 'abort');
      },
    });
    const outcomes: unknown[] = [];
    for (const way of ['rpc', 'rest']) {
      const { id } = await start(stopped, 'x');
      const subscribed =
        way === 'rpc'
          ? await stopped.open('SubscribeToTask', { id })
          : await fetch(`${stopped.url}/tasks/${id}:subscribe`);
      const canceled =
        way === 'rpc'
          ? ((await stopped.call('CancelTask', { id })) as { result: unknown }).result // compared below
          : await (await fetch(`${stopped.url}/tasks/${id}:cancel`, { method: 'POST' })).json();
      const frames = (await subscribed.text()).replaceAll(
        /"jsonrpc":"2.0","id":1,"result":(\{.*\})\}/g,
        '$1',
      );
      outcomes.push(withoutIds([canceled, frames.replaceAll('{{', '{')]));
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
  });
});

describe('an error is the same in both bindings', () => {
  const push = { url: 'https://example.com/hook' };

  it.each<[number, Method, () => object, Record<string, string>?]>([
    [-32001, 'GetTask', () => ({ id: 'a/b:cancel ü%2F' })],
    [-32001, 'CancelTask', () => ({ id: 'nobody' })],
    [-32001, 'SubscribeToTask', () => ({ id: 'nobody' })],
    [-32001, 'SendMessage', () => message('x', { taskId: 'nobody' })],
    [-32001, 'SendStreamingMessage', () => message('x', { taskId: 'nobody' })],
    [-32002, 'CancelTask', () => ({ id: ids.done, metadata: { why: 'so' } })],
    [-32003, 'CreateTaskPushNotificationConfig', () => ({ taskId: ids.done, ...push })],
    [-32003, 'GetTaskPushNotificationConfig', () => ({ taskId: ids.done, id: 'p' })],
    [-32003, 'ListTaskPushNotificationConfigs', () => ({ taskId: ids.done, pageSize: 5 })],
    [-32003, 'DeleteTaskPushNotificationConfig', () => ({ taskId: ids.done, id: 'p' })],
    [-32003, 'SendMessage', () => ({ ...message('x'), configuration: { taskPushNotificationConfig: push } })],
    [-32004, 'SendMessage', () => message('x', { taskId: ids.done })],
    [-32004, 'SubscribeToTask', () => ({ id: ids.done })],
    [-32602, 'SendMessage', () => message('x', { taskId: ids.done, contextId: 'other' })],
    [-32602, 'SendMessage', () => ({ ...message('x'), tenant: 'acme' })],
    [-32602, 'ListTasks', () => ({ pageToken: 'garbage' })],
    [-32602, 'ListTasks', () => ({ tenant: 'acme' })],
  ])('%d of %s %#', async (...[code, method, params, headers]) => {
    expect(await expectSame(app, method, params(), headers)).toBe(code);
  });

  it('is that of what the card does not declare', async () => {
    const plain = await serve();
    expect(await expectSame(plain, 'GetExtendedAgentCard', {})).toBe(-32004);
    const gone = await serve({ extendedCard: () => undefined, owner: () => 'ada' });
    expect(await expectSame(gone, 'GetExtendedAgentCard', {})).toBe(-32007);
  });

  it('is that of an agent that answers what can not be sent', async () => {
    const odd = await serve({ answers: 'message', agent: (turn) => turn.complete('done') });
    expect(await expectSame(odd, 'SendMessage', message('hi'))).toBe(-32006);
    expect(await expectSame(odd, 'SendStreamingMessage', message('hi'))).toBe(-32006);
  });

  it('is that of an extension, a version, a media type or a limit', async () => {
    const strict = await serve({
      ...{ versions: ['1.0'], enforceInputModes: true, limits: { messageParts: 1 } },
      card: {
        ...{ name: 'N', description: 'D', version: '1' },
        capabilities: { extensions: [{ uri: 'urn:needed', required: true }] },
      },
    });
    const named = { 'A2A-Extensions': 'urn:needed' };
    const part = { text: 'x', mediaType: 'text/html' };
    for (const method of Object.keys(a2aV1Methods) as Method[]) {
      expect(await expectSame(strict, method, minimal(method))).toBe(-32008);
      expect(await expectSame(strict, method, minimal(method), { 'A2A-Version': '2.0' })).toBe(-32009);
    }
    const odd = { message: { messageId: 'm', role: 'ROLE_USER', parts: [part] } };
    expect(await expectSame(strict, 'SendMessage', odd, named)).toBe(-32005);
    // where 0.3 is served too, JSON-RPC alone can say so
    const older = { message: { role: 'user', parts: [{ kind: 'text', text: 'x' }] } };
    expect(await expectSame(strict, 'SendMessage', older, named)).toBe(-32602);
    const many = { message: { messageId: 'm', role: 'ROLE_USER', parts: [part, part] } };
    expect(await expectSame(strict, 'SendMessage', many, named)).toBe(-32602);
  });

  it.each([
    ['who has to sign in', 401, () => null],
    ['who is not allowed', 403, () => Promise.reject(Object.assign(new Error('no'), { status: 403 }))],
    ['who called too often', 429, () => Promise.reject(Object.assign(new Error('no'), { status: 429 }))],
    ['whom nobody can tell', 503, () => Promise.reject(Object.assign(new Error('no'), { status: 503 }))],
  ])('is that of a caller %s', async (_, status, owner) => {
    const guarded = await serve({
      owner,
      card: {
        ...{ name: 'N', description: 'D', version: '1' },
        securitySchemes: { b: { httpAuthSecurityScheme: { scheme: 'Bearer' } } },
        securityRequirements: [{ schemes: { b: { list: [] } } }],
      },
    });
    for (const method of Object.keys(a2aV1Methods) as Method[]) {
      expect(await expectSame(guarded, method, minimal(method))).toBe(-32000);
      const answer = await guarded.open(method, minimal(method));
      expect(answer.status).toBe(status);
      await answer.body?.cancel();
    }
  });

  it('is that of a fault of ours, its id aside', async () => {
    const broken = await serve({ owner: () => Promise.reject(new Error('hunter2')) });
    for (const method of Object.keys(a2aV1Methods) as Method[]) {
      expect(await expectSame(broken, method, minimal(method))).toBe(-32603);
    }
  });

  it("is that of another's task", async () => {
    const owned = await serve({ owner: userOf });
    const { id } = await sendText(owned, 'hi', {}, {}, { 'x-user': 'ada' });
    expect(await expectSame(owned, 'GetTask', { id }, { 'x-user': 'ada' })).toBeUndefined();
    expect(await expectSame(owned, 'GetTask', { id }, { 'x-user': 'bob' })).toBe(-32001);
  });
});

describe('parameters of the wrong kind are refused in the same words', () => {
  const inBody: unknown[] = [7, 'x', true, [], {}, [{}], -1, 1e20, '\u0000', 'x'.repeat(300)];
  const inQuery: unknown[] = [
    '',
    'x',
    '-1',
    '1.5',
    '1e3',
    '99999999999',
    'TRUE',
    '0x1',
    ' 1',
    'null',
    'ü',
    '2020-13-01T00:00:00Z',
  ];
  const rows = (Object.keys(a2aV1Methods) as Method[]).flatMap((method): [Method, string, unknown[]][] => {
    const { properties } = a2aV1.$defs[a2aV1Methods[method].params];
    const hasBody = ['SendMessage', 'SendStreamingMessage', 'CancelTask'].includes(method);
    return Object.keys(properties)
      .filter((name) => !(name in inPath(method)) && !method.includes('Push'))
      .map((name) => [method, name, hasBody ? inBody : inQuery]);
  });

  it.each(rows)('%s %s', async (method, name, values) => {
    const codes = new Set<number | undefined>();
    for (const value of values) {
      // subscribe takes a body, and the extended card has a routing value alone
      codes.add(await expectSame(app, method, { ...minimal(method), [name]: value }));
    }
    expect(codes.size).toBeGreaterThan(0);
  });

  it('covers every operation that has parameters beside its path', () => {
    expect([...new Set(rows.map(([method]) => method))]).toHaveLength(7);
  });
});

function inPath(method: Method): object {
  const { id, taskId } = minimal(method);
  return { ...(id !== undefined && { id }), ...(taskId !== undefined && { taskId }) };
}

/** Parameters with what an operation needs. */
function minimal(method: Method): Record<string, unknown> {
  if (method.startsWith('Send')) return { ...message('hi') };
  if (method === 'CreateTaskPushNotificationConfig') return { taskId: 't', url: 'https://example.com' };
  if (method === 'ListTaskPushNotificationConfigs') return { taskId: 't' };
  if (method.includes('Push')) return { taskId: 't', id: 'p' };
  return method.endsWith('Task') ? { id: 'nobody' } : {};
}
