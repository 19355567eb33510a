import { describe, expect, it } from '@jest/globals';
import { memoryBackend } from '../../lib/memory/backend.ts';
import type { TaskPushNotificationConfig } from '../../lib/protocol/v1.ts';
import { errorOf, sendText } from '../helpers/calls.ts';
import { gate } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message, userOf } from '../helpers/make-app.ts';
import { pushApps } from '../helpers/push-apps.ts';
import { type Behave, receiver, type Received } from '../helpers/receiver.ts';
import { verifies } from '../requirements.ts';

const { serve, closing } = pushApps();

async function webhook(behave?: Behave) {
  const made = await receiver(behave);
  closing.push(made.close);
  return made;
}

async function result(app: AgentApp, method: string, params: object, headers = {}): Promise<unknown> {
  const answer = await app.call(method, params, headers);
  expect(answer).toEqual({ jsonrpc: '2.0', id: 1, result: expect.anything() });
  return (answer as { result: unknown }).result; // just checked
}

async function create(app: AgentApp, params: object, headers = {}): Promise<TaskPushNotificationConfig> {
  return (await result(
    app,
    'CreateTaskPushNotificationConfig',
    params,
    headers,
  )) as TaskPushNotificationConfig;
}

/** The states and texts of notifications, in the order in which they came. */
function told(received: readonly Received[]): string[] {
  return received.map(({ event }) => {
    if (event.statusUpdate) return event.statusUpdate.status.state;
    if (event.artifactUpdate) return event.artifactUpdate.artifact.parts.map(({ text }) => text).join();
    return Object.keys(event).join();
  });
}

const isOver = (received: readonly Received[]) => told(received).includes('TASK_STATE_COMPLETED');
const URL = 'https://93.184.215.14/hook';

describe('the webhooks of a task (§3.1.7 to §3.1.10)', () => {
  it('are declared by the card as far as they are wired', async () => {
    const on = await serve();
    const off = await serve({ push: false });
    const { push: _, ...storage } = memoryBackend().storage;
    const without = await makeApp({ storage, agent: () => 'hi' });
    closing.unshift(without.close);
    const declared = async ({ url }: AgentApp) =>
      ((await (await fetch(`${url}/.well-known/agent-card.json`)).json()) as { capabilities: object })
        .capabilities;
    expect(await declared(on)).toMatchObject({ pushNotifications: true });
    for (const app of [off, without]) {
      expect(await declared(app)).toMatchObject({ pushNotifications: false });
      expect(await errorOf(app, 'ListTaskPushNotificationConfigs', { taskId: 'x' })).toMatchObject({
        code: -32003,
        message:
          'This agent does not send push notifications: follow the task with SubscribeToTask, or ask with GetTask',
      });
      const configuration = { taskPushNotificationConfig: { url: URL } };
      expect(await errorOf(app, 'SendMessage', { ...message('x'), configuration })).toMatchObject({
        code: -32003,
      });
    }
    await expect(makeApp({ storage, push: {} })).rejects.toMatchObject({ code: 'ERR_A2A_BACKEND' });
  });

  it('are created, read, listed and deleted, also when the task has ended (NEEDS 56)', async () => {
    verifies('3.1.8-details', '3.1.8-unknown', '3.1.9-all', '3.1.10-delete');
    const app = await serve();
    const { id: taskId } = await sendText(app, 'hi');
    const authentication = { scheme: 'Bearer', credentials: 'secret' };
    const made = await create(app, { taskId, url: URL, token: 'tok', authentication });
    expect(made).toEqual({
      taskId,
      id: expect.stringMatching(/^[\w-]{36}$/),
      url: URL,
      token: 'tok',
      authentication,
    });
    const named = await create(app, { taskId, id: 'mine', url: URL });
    expect(named).toEqual({ taskId, id: 'mine', url: URL });
    expect(await result(app, 'GetTaskPushNotificationConfig', { taskId, id: made.id })).toEqual(made);
    const list = (more = {}) => result(app, 'ListTaskPushNotificationConfigs', { taskId, ...more });
    expect(await list()).toEqual({ configs: [made, named], nextPageToken: '' });
    const first = (await list({ pageSize: 1 })) as { nextPageToken: string };
    expect(first).toEqual({ configs: [made], nextPageToken: expect.stringMatching(/./) });
    expect(await list({ pageSize: 1, pageToken: first.nextPageToken })).toEqual({
      configs: [named],
      nextPageToken: '',
    });
    for (const pageToken of ['x', '1.x', `${first.nextPageToken}x`]) {
      expect(await errorOf(app, 'ListTaskPushNotificationConfigs', { taskId, pageToken })).toMatchObject({
        code: -32602,
      });
    }
    for (const _ of ['once', 'twice']) {
      expect(await result(app, 'DeleteTaskPushNotificationConfig', { taskId, id: 'mine' })).toEqual({});
    }
    expect(await errorOf(app, 'GetTaskPushNotificationConfig', { taskId, id: 'mine' })).toMatchObject({
      code: -32001,
    });
    expect(await list()).toEqual({ configs: [made], nextPageToken: '' });
  });

  it('keep their credentials back where the application wants that', async () => {
    const app = await serve({ push: { redactCredentials: true } });
    const { id: taskId } = await sendText(app, 'hi');
    const made = await create(app, {
      taskId,
      url: URL,
      token: 't',
      authentication: { scheme: 'Bearer', credentials: 's' },
    });
    expect(made).toEqual({ taskId, id: made.id, url: URL, authentication: { scheme: 'Bearer' } });
    expect(await result(app, 'ListTaskPushNotificationConfigs', { taskId })).toMatchObject({
      configs: [made],
    });
  });

  it('are at most ten for one task', async () => {
    const app = await serve();
    const { id: taskId } = await sendText(app, 'hi');
    for (let n = 0; n < 10; n += 1) await create(app, { taskId, id: String(n), url: URL });
    await create(app, { taskId, id: '3', url: `${URL}/other` });
    expect(await errorOf(app, 'CreateTaskPushNotificationConfig', { taskId, url: URL })).toMatchObject({
      code: -32602,
      data: [{ fieldViolations: [{ field: 'id', description: expect.stringContaining('delete one') }] }],
    });
  });

  it.each([
    ['url', { url: 'http://169.254.169.254/latest' }],
    ['url', { url: 'file:///etc/passwd' }],
    ['url', { url: 'x' }],
    ['url', { url: `${URL}${'x'.repeat(2048)}` }],
    ['token', { url: URL, token: 'a\r\nX-Evil: 1' }],
    ['id', { url: URL, id: 'x'.repeat(257) }],
    ['authentication.scheme', { url: URL, authentication: { scheme: 'Bearer x', credentials: 'y' } }],
    ['authentication.credentials', { url: URL, authentication: { scheme: 'Bearer', credentials: 'y\n' } }],
    ['taskId', { url: URL, taskId: 'another' }],
  ])('are refused for a bad %s, and nothing is created (%j)', async (field, config) => {
    const app = await serve({ push: {} });
    const configuration = { taskPushNotificationConfig: config };
    expect(await errorOf(app, 'SendMessage', { ...message('x'), configuration })).toMatchObject({
      code: -32602,
      data: [{ fieldViolations: [{ field: `configuration.taskPushNotificationConfig.${field}` }] }],
    });
    expect(await result(app, 'ListTasks', {})).toMatchObject({ totalSize: 0 });
    if (field === 'taskId') return;
    const { id: taskId } = await sendText(app, 'hi');
    expect(await errorOf(app, 'CreateTaskPushNotificationConfig', { ...config, taskId })).toMatchObject({
      code: -32602,
      data: [{ fieldViolations: [{ field }] }],
    });
    expect(await result(app, 'ListTaskPushNotificationConfigs', { taskId })).toMatchObject({ configs: [] });
  });

  it('need the id of a task', async () => {
    const app = await serve();
    expect(await errorOf(app, 'CreateTaskPushNotificationConfig', { url: URL })).toMatchObject({
      code: -32602,
    });
    expect(
      await errorOf(app, 'CreateTaskPushNotificationConfig', { url: URL, taskId: 'nobody' }),
    ).toMatchObject({
      code: -32001,
    });
  });
});

describe('a notification (§4.3.3)', () => {
  it('comes for every event after the send that brought the webhook, in order, with what proves where it is from', async () => {
    const hook = await webhook();
    const app = await serve({
      async *agent(turn) {
        await turn.working();
        yield 'one';
        yield 'two';
      },
    });
    const config = {
      id: 'c',
      url: hook.url,
      token: 'tok',
      authentication: { scheme: 'Bearer', credentials: 'secret' },
    };
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const rest = { configuration: { taskPushNotificationConfig: config } };
    const { id } = await sendText(app, 'hi', {}, rest, { traceparent });
    await hook.until(isOver);
    expect(told(hook.received)).toEqual(['TASK_STATE_WORKING', 'one', 'two', '', 'TASK_STATE_COMPLETED']);
    for (const { headers, event } of hook.received) {
      expect(headers).toMatchObject({
        'content-type': 'application/a2a+json',
        authorization: 'Bearer secret',
        'x-a2a-notification-token': 'tok',
        'a2a-notification-id': expect.stringMatching(new RegExp(`^${id}/\\d+$`)),
        traceparent,
      });
      expect(Object.values(event)[0]).toMatchObject({ taskId: id });
    }
    const numbers = hook.received.map(({ headers }) =>
      Number(String(headers['a2a-notification-id']).split('/')[1]),
    );
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  it('makes a task of what would be answered with a message', async () => {
    const hook = await webhook();
    const app = await serve({ answers: 'message', agent: () => 'hi' });
    await sendText(app, 'x', {}, { configuration: { taskPushNotificationConfig: { url: hook.url } } });
    await hook.until(isOver);
  });

  it('of a follow-up comes for what the message leads to', async () => {
    verifies('3.1.7-webhook');
    const hook = await webhook();
    const app = await serve({
      agent: (turn) => (turn.text === 'go' ? turn.complete() : turn.requireInput('Well?')),
    });
    const { id: taskId } = await sendText(app, 'hi');
    const rest = { configuration: { taskPushNotificationConfig: { url: hook.url } } };
    await sendText(app, 'go', { taskId, messageId: 'm2' }, rest);
    await hook.until(isOver);
    expect(told(hook.received)).toEqual(['TASK_STATE_WORKING', 'TASK_STATE_COMPLETED']);
  });

  it('is tried again until it is taken, and what comes later waits for it', async () => {
    let count = 0;
    const hook = await webhook((res) => {
      count += 1;
      res.writeHead(count === 1 ? 503 : 204, { 'Retry-After': '1' }).end();
    });
    const app = await serve({ agent: (turn) => turn.working() });
    await sendText(app, 'x', {}, { configuration: { taskPushNotificationConfig: { url: hook.url } } });
    await hook.until(isOver);
    expect(told(hook.received)).toEqual(['TASK_STATE_WORKING', 'TASK_STATE_WORKING', 'TASK_STATE_COMPLETED']);
  });

  it('is not sent any more once its receiver is gone, and the owner can read why', async () => {
    const hook = await webhook((res) => res.writeHead(410).end());
    const seen = gate();
    const app = await serve({
      agent: (turn) => turn.working(),
      onMetric: (name) => name === 'a2a_push_disabled' && seen.open(),
    });
    const rest = { configuration: { taskPushNotificationConfig: { id: 'c', url: hook.url } } };
    const { id: taskId } = await sendText(app, 'x', {}, rest);
    await seen.opened;
    const headers = { 'A2A-Extensions': 'urn:express-a2a:push-status:v1' };
    let shown: unknown;
    while (!JSON.stringify(shown ?? '').includes('"disabled":true')) {
      shown = await result(app, 'GetTaskPushNotificationConfig', { taskId, id: 'c' }, headers);
    }
    expect(shown).toEqual({
      ...{ taskId, id: 'c', url: hook.url },
      delivery: { disabled: true, failures: 1, reason: 'the receiver answered 410' },
    });
    expect(await result(app, 'GetTaskPushNotificationConfig', { taskId, id: 'c' })).not.toHaveProperty(
      'delivery',
    );
    expect(hook.received.length).toBe(1);
  });

  it('stands for all before it as one task, where more than fifty wait', async () => {
    const held = gate();
    const told = gate();
    const hook = await webhook(async (res) => {
      await held.opened;
      res.writeHead(204).end();
    });
    const app = await serve({
      async agent(turn) {
        await turn.working('first');
        await hook.until((received) => received.length === 1);
        await Promise.all(Array.from({ length: 60 }, (_, n) => turn.working(`step ${String(n)}`)));
        told.open();
        await held.opened;
      },
    });
    const rest = { configuration: { taskPushNotificationConfig: { url: hook.url } } };
    const answered = sendText(app, 'x', {}, rest);
    await told.opened;
    held.open();
    const { id } = await answered;
    await hook.until((received) => received.some(({ event }) => event.task !== undefined));
    const [first, second] = hook.received;
    expect(Object.keys(first?.event ?? {})).toEqual(['statusUpdate']);
    expect(second?.event.task).toMatchObject({
      id,
      history: expect.arrayContaining([expect.objectContaining({ parts: [{ text: 'step 58' }] })]),
    });
    // the task stands for all but the first, and perhaps the last
    const seqs = hook.received.map(({ headers }) => String(headers['a2a-notification-id']));
    expect(seqs[0]).toBe(`${id}/3`);
    expect(Number(seqs[1]?.split('/')[1])).toBeGreaterThanOrEqual(63);
  });

  it('holds up neither agent nor stream nor close, where the receiver never answers', async () => {
    const hook = await webhook(() => undefined);
    const app = await serve({ agent: () => 'done' });
    const task = await sendText(
      app,
      'x',
      {},
      { configuration: { taskPushNotificationConfig: { url: hook.url } } },
    );
    expect(task.status.state).toBe('TASK_STATE_COMPLETED');
    await hook.until((received) => received.length > 0);
    await app.router.close({ drainMs: 0 });
    expect(hook.received.length).toBe(1);
  });

  it('is not sent to what was deleted meanwhile', async () => {
    const hook = await webhook();
    const more = gate();
    const app = await serve({
      async agent(turn) {
        await turn.working();
        await more.opened;
      },
    });
    const rest = {
      configuration: { returnImmediately: true, taskPushNotificationConfig: { id: 'c', url: hook.url } },
    };
    const { id: taskId } = await sendText(app, 'x', {}, rest);
    await hook.until((received) => received.length === 1);
    await result(app, 'DeleteTaskPushNotificationConfig', { taskId, id: 'c' });
    const other = await webhook();
    await create(app, { taskId, url: other.url });
    more.open();
    await other.until(isOver);
    expect(hook.received.length).toBe(1);
  });

  it('belongs to the owner of the task: others neither see nor place webhooks (NEEDS 56)', async () => {
    verifies('3.1.8-unknown');
    const app = await serve({ owner: userOf });
    const { id: taskId } = await sendText(app, 'hi', {}, {}, { 'x-user': 'ada' });
    await create(app, { taskId, id: 'c', url: URL }, { 'x-user': 'ada' });
    for (const user of [{ 'x-user': 'bob' }, {}] as Record<string, string>[]) {
      for (const [method, params] of [
        ['CreateTaskPushNotificationConfig', { taskId, url: URL }],
        ['GetTaskPushNotificationConfig', { taskId, id: 'c' }],
        ['ListTaskPushNotificationConfigs', { taskId }],
        ['DeleteTaskPushNotificationConfig', { taskId, id: 'c' }],
      ] as const) {
        expect(await errorOf(app, method, params, user)).toMatchObject({ code: -32001 });
      }
    }
  });
});
