/* eslint-disable @typescript-eslint/no-deprecated -- the client that most users of 0.3 have */
import { afterEach, describe, expect, it } from '@jest/globals';
import { ClientFactory as NewerFactory } from '@a2a-js/sdk/client';
import {
  A2AClient,
  type Client,
  ClientFactory,
  createAuthenticatingFetchWithRetry,
} from 'a2a-js-sdk-03/client';
import type { MessageSendParams, Task } from 'a2a-js-sdk-03';
import type { A2AOptions } from '../../lib/express/options.ts';
import { type AgentApp, makeApp, userOf } from '../helpers/make-app.ts';
import { receiver } from '../helpers/receiver.ts';

let app: AgentApp | undefined;
afterEach(() => app?.close());

async function serve(options: Partial<A2AOptions> = {}): Promise<AgentApp> {
  app = await makeApp({
    async agent(turn) {
      if (turn.text !== 'ask') return `you said ${turn.text}`;
      await turn.working('on it');
      await turn.requireInput('Who?');
      return undefined;
    },
    ...options,
  });
  return app;
}

function send(text: string, taskId?: string): MessageSendParams {
  const ids = { messageId: text, ...(taskId !== undefined && { taskId }) };
  return { message: { kind: 'message', ...ids, role: 'user', parts: [{ kind: 'text', text }] } };
}

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

/** Sends a question and gives the id of the task, which waits. */
async function ask(client: Client): Promise<string> {
  const task = await client.sendMessage(send('ask'));
  if (task.kind !== 'task') throw new Error('the answer is no task');
  expect(task.status.state).toBe('input-required');
  return task.id;
}

describe('the ClientFactory of @a2a-js/sdk 0.3', () => {
  it.each(['/.well-known/agent-card.json', '/.well-known/agent.json'])(
    'finds the agent at %s',
    async (path) => {
      const { origin, url } = await serve();
      const client = await new ClientFactory().createFromUrl(origin, path);
      expect(await client.getAgentCard()).toMatchObject({ url, protocolVersion: '0.3.0' });
      expect(await client.sendMessage(send('hi'))).toMatchObject({
        kind: 'task',
        artifacts: [{ parts: [{ kind: 'text', text: 'you said hi' }] }],
      });
    },
  );

  it('streams, resubscribes, gets and cancels', async () => {
    const { origin } = await serve();
    const client = await new ClientFactory().createFromUrl(origin);
    const id = await ask(client);
    const subscribed = client.resubscribeTask({ id });
    expect((await subscribed.next()).value).toMatchObject({ kind: 'task', id });
    const events = await all(client.sendMessageStream(send('Ada', id)));
    expect(events[0]).toMatchObject({ kind: 'task', id });
    expect(events.at(-1)).toMatchObject({ status: { state: 'completed' }, final: true });
    expect((await all(subscribed)).at(-1)).toEqual(events.at(-1));
    expect(await client.getTask({ id })).toMatchObject({ kind: 'task', status: { state: 'completed' } });
    const other = await ask(client);
    expect(await client.cancelTask({ id: other })).toMatchObject({ status: { state: 'canceled' } });
    await expect(client.cancelTask({ id })).rejects.toMatchObject({ name: 'TaskNotCancelableError' });
  });

  it('is told that no webhooks are served, also where it asks in spite of the card', async () => {
    const { origin } = await serve({ push: false });
    const { transport } = await new ClientFactory().createFromUrl(origin);
    const config = { taskId: 't', pushNotificationConfig: { url: 'https://x.test' } };
    for (const asked of [
      transport.setTaskPushNotificationConfig(config),
      transport.getTaskPushNotificationConfig({ id: 't' }),
      transport.listTaskPushNotificationConfig({ id: 't' }),
      transport.deleteTaskPushNotificationConfig({ id: 't', pushNotificationConfigId: 'w' }),
      transport.sendMessage({ ...send('hi'), configuration: config }),
    ])
      await expect(asked).rejects.toMatchObject({ name: 'PushNotificationNotSupportedError' });
  });

  it('gets the extended card, at the same time as the client of 1.0', async () => {
    const { origin, url } = await serve({ extendedCard: { description: 'More', public: true } });
    const older = await new ClientFactory().createFromUrl(origin);
    const newer = await new NewerFactory().createFromUrl(origin);
    const [olderCard, newerCard] = await Promise.all([older.getAgentCard(), newer.getAgentCard()]);
    expect(olderCard).toMatchObject({ description: 'More', url, supportsAuthenticatedExtendedCard: true });
    expect(newerCard).toMatchObject({
      description: 'More',
      supportedInterfaces: [{ url }, { url }, { url }],
    });
    const id = await ask(older);
    const canceled = await newer.cancelTask({ ...{ tenant: '', id }, metadata: undefined });
    expect((await older.getTask({ id })).status).toMatchObject({
      ...{ state: 'canceled', timestamp: canceled.status?.timestamp },
    });
  });

  it('signs in by the status of a stream that was refused', async () => {
    const { url } = await serve({
      owner: userOf,
      card: {
        ...{ name: 'Test', description: 'For tests', version: '1.0.0' },
        securitySchemes: { key: { apiKeySecurityScheme: { location: 'header', name: 'X-User' } } },
        securityRequirements: [{ schemes: { key: { list: [] } } }],
      },
    });
    const asked: number[] = [];
    const signIn = createAuthenticatingFetchWithRetry(fetch, {
      headers: () => Promise.resolve({}),
      shouldRetryWithHeaders(_, { status }) {
        asked.push(status);
        return Promise.resolve(status === 401 ? { 'X-User': 'ada' } : undefined);
      },
    });
    const card = `${url}/.well-known/agent-card.json`;
    const client = await A2AClient.fromCardUrl(card, { fetchImpl: signIn });
    const events = await all(client.sendMessageStream(send('hi')));
    expect(events.at(-1)).toMatchObject({ status: { state: 'completed' }, final: true });
    expect(asked).toEqual([200, 401]);
    const anonymous = await A2AClient.fromCardUrl(card);
    await expect(all(anonymous.sendMessageStream(send('hi')))).rejects.toThrow(
      /401 Unauthorized\. RPC Error: Authentication is required.*\(Code: -32000\)/,
    );
  });
});

describe('webhooks of the client of @a2a-js/sdk 0.3', () => {
  it('get the task at each change, as 0.3 writes it', async () => {
    const hook = await receiver();
    const { origin } = await serve({ push: { allowPrivate: true } });
    const client = await new ClientFactory().createFromUrl(origin);
    const params = send('ask');
    const pushNotificationConfig = { url: hook.url, token: 'tok' };
    const task = await client.sendMessage({ ...params, configuration: { pushNotificationConfig } });
    if (task.kind !== 'task') throw new Error('the answer is no task');
    const { id } = task;
    expect(await client.getTaskPushNotificationConfig({ id })).toEqual({
      taskId: id,
      pushNotificationConfig: { ...pushNotificationConfig, id },
    });
    const other = { taskId: id, pushNotificationConfig: { id: 'w', url: hook.url } };
    expect(await client.setTaskPushNotificationConfig(other)).toEqual(other);
    expect(await client.listTaskPushNotificationConfig({ id })).toMatchObject([{ taskId: id }, other]);
    await client.deleteTaskPushNotificationConfig({ id, pushNotificationConfigId: id });
    // that with the id of the task is gone, so it is the oldest that is left
    expect(await client.getTaskPushNotificationConfig({ id })).toEqual(other);
    await client.deleteTaskPushNotificationConfig({ id, pushNotificationConfigId: 'w' });
    await expect(client.getTaskPushNotificationConfig({ id })).rejects.toMatchObject({
      name: 'TaskNotFoundError',
    });
    const before = hook.received.length;
    const rest = { configuration: { pushNotificationConfig } };
    await client.sendMessage({ ...send('Ada', id), ...rest });
    const tasks = () => hook.received.map(({ body }) => JSON.parse(body) as Task);
    await hook.until(() => tasks().some(({ status }) => status.state === 'completed'));
    const last = hook.received.at(-1);
    expect(last?.headers).toMatchObject({
      'content-type': 'application/json',
      'x-a2a-notification-token': 'tok',
      'a2a-notification-id': expect.stringContaining(`${id}/`),
    });
    expect(tasks().at(-1)).toEqual(await client.getTask({ id }));
    expect(hook.received.length).toBeGreaterThan(before);
    await hook.close();
  });
});
