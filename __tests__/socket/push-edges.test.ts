import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../lib/core/clock.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { errorOf, sendText } from '../helpers/calls.ts';
import { type AgentApp, message } from '../helpers/make-app.ts';
import { pushApps } from '../helpers/push-apps.ts';
import { receiver } from '../helpers/receiver.ts';

const { serve, closing } = pushApps();

const URL = 'https://93.184.215.14/hook';
const OLDER = { 'A2A-Version': '0.3' };
const CREATE = 'CreateTaskPushNotificationConfig';
const LIST = 'ListTaskPushNotificationConfigs';

async function listed(app: AgentApp, taskId: string): Promise<{ id: string; url: string }[]> {
  const answer = (await app.call(LIST, { taskId })) as { result: { configs: { id: string; url: string }[] } };
  return answer.result.configs;
}

describe('webhooks of clients of 0.3', () => {
  const set = (app: AgentApp, taskId: string, webhook: object) =>
    app.call(
      'tasks/pushNotificationConfig/set',
      { taskId, pushNotificationConfig: { url: URL, ...webhook } },
      OLDER,
    );
  const get = (app: AgentApp, id: string, more = {}) =>
    app.call('tasks/pushNotificationConfig/get', { id, ...more }, OLDER);

  it('have the id of the task where they bring none; set again replaces', async () => {
    const app = await serve();
    const { id } = await sendText(app, 'hi');
    for (const url of [URL, `${URL}/2`]) {
      expect(await set(app, id, { url })).toMatchObject({
        result: { taskId: id, pushNotificationConfig: { id, url } },
      });
    }
    expect(await get(app, id)).toMatchObject({ result: { pushNotificationConfig: { id, url: `${URL}/2` } } });
    expect(await listed(app, id)).toHaveLength(1);
  });

  it('are found without an id: the one of the task, else the oldest, else none', async () => {
    const app = await serve();
    const { id } = await sendText(app, 'hi');
    expect(await get(app, id)).toMatchObject({ error: { code: -32001 } });
    await set(app, id, { id: 'a' });
    await set(app, id, { id: 'b' });
    expect(await get(app, id)).toMatchObject({ result: { pushNotificationConfig: { id: 'a' } } });
    await set(app, id, {});
    expect(await get(app, id)).toMatchObject({ result: { pushNotificationConfig: { id } } });
    expect(await get(app, id, { pushNotificationConfigId: 'b' })).toMatchObject({
      result: { pushNotificationConfig: { id: 'b' } },
    });
    expect(await get(app, id, { pushNotificationConfigId: 'none' })).toMatchObject({
      error: { code: -32001 },
    });
    expect(await get(app, 'nobody')).toMatchObject({ error: { code: -32001 } });
  });

  it('have tokens and credentials kept back as those of 1.0', async () => {
    const app = await serve({ push: { redactCredentials: true } });
    const { id } = await sendText(app, 'hi');
    const secret = { token: 'tok-3n', authentication: { schemes: ['Bearer'], credentials: 'cred-3n' } };
    const answers = [await set(app, id, secret), await get(app, id)];
    answers.push(
      await app.call('tasks/pushNotificationConfig/list', { id }, OLDER),
      await app.call(LIST, { taskId: id }),
    );
    for (const answer of answers) expect(answer).toHaveProperty('result');
    expect(JSON.stringify(answers)).not.toMatch(/tok-3n|cred-3n/);
  });
});

describe('webhooks that are odd', () => {
  it.each([
    ['token', { token: 'x'.repeat(65_536) }],
    ['token', { token: 'a\nX-Evil: 1' }],
    ['token', { token: 'a\u0000b' }],
    ['token', { token: 'ünï' }],
    ['token', { token: ' a' }],
    ['authentication.scheme', { authentication: { scheme: 'Bearer\r\nX-Evil: 1', credentials: 'x' } }],
    ['authentication.scheme', { authentication: { scheme: '', credentials: 'x' } }],
    ['authentication.credentials', { authentication: { scheme: 'Bearer', credentials: 'x\r\nX-Evil: 1' } }],
    ['authentication.credentials', { authentication: { scheme: 'Bearer', credentials: 'x'.repeat(65_536) } }],
    ['url', { url: 'https://user:secret@93.184.215.14/hook' }],
    ['url', { url: 'https://93.184.215.14/hook\r\nX-Evil: 1' }],
    ['id', { id: 'a\r\nb' }],
  ])('are refused with the field %s (case %#)', async (field, fields) => {
    const app = await serve();
    const { id: taskId } = await sendText(app, 'hi');
    const refused = await errorOf(app, CREATE, { taskId, url: URL, ...fields });
    expect(refused).toMatchObject({ code: -32602, data: [{ fieldViolations: [{ field }] }] });
    expect(JSON.stringify(refused)).not.toMatch(/X-Evil|secret|xxxxx/);
    expect(await listed(app, taskId)).toEqual([]);
  });

  it('are never more than ten, however many come at once', async () => {
    const app = await serve();
    const { id: taskId } = await sendText(app, 'hi');
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => app.call(CREATE, { taskId, url: URL })),
    );
    const made = answers.filter((answer) => Object.hasOwn(answer as object, 'result'));
    expect([made.length, (await listed(app, taskId)).length]).toEqual([10, 10]);
  });

  it('go with their task: what retention has taken is unknown, and gets no notification', async () => {
    let shiftMs = 0;
    const clock = { ...systemClock, elapsed: () => systemClock.elapsed() + shiftMs };
    const hook = await receiver((res) => res.writeHead(503).end());
    closing.push(hook.close);
    const backend = memoryBackend({ clock, retention: { finishedMs: 60_000 } });
    const app = await serve({ ...backend, agent: () => 'hi' });
    const rest = { configuration: { taskPushNotificationConfig: { id: 'c', url: hook.url } } };
    const { id: taskId } = await sendText(app, 'hi', {}, rest);
    await hook.until((received) => received.length > 0);
    shiftMs = 120_000;
    for (const [method, params] of [
      [CREATE, { taskId, url: URL }],
      ['GetTaskPushNotificationConfig', { taskId, id: 'c' }],
      [LIST, { taskId }],
      ['DeleteTaskPushNotificationConfig', { taskId, id: 'c' }],
    ] as const) {
      expect(await errorOf(app, method, params)).toMatchObject({ code: -32001 });
    }
    expect(
      await backend.storage.push?.claim({ worker: 'w', agent: 'default', limit: 9, leaseMs: 1 }),
    ).toEqual([]);
  });

  it('of a repeated call are stored once, and other webhooks under its key are another call', async () => {
    const hook = await receiver();
    closing.push(hook.close);
    const app = await serve();
    const key = { 'Idempotency-Key': 'k1' };
    const rest = (url: string) => ({ configuration: { taskPushNotificationConfig: { url } } });
    const first = await sendText(app, 'hi', {}, rest(hook.url), key);
    const again = await sendText(app, 'hi', {}, rest(hook.url), key);
    expect(again.id).toBe(first.id);
    expect(await listed(app, first.id)).toHaveLength(1);
    expect(
      await errorOf(app, 'SendMessage', { ...message('hi'), ...rest(`${hook.url}/x`) }, key),
    ).toMatchObject({
      code: -32602,
    });
    const over = (received: readonly { event: object }[]) =>
      received.filter(({ event }) => JSON.stringify(event).includes('TASK_STATE_COMPLETED')).length;
    await hook.until((received) => over(received) === 1);
    await sendText(app, 'hi', {}, rest(hook.url), key);
    expect(over(hook.received)).toBe(1);
  });
});
