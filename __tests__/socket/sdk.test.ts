import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type Message, Role, type StreamResponse, type Task, TaskState } from '@a2a-js/sdk';
import { type Client, ClientFactory, ClientFactoryOptions } from '@a2a-js/sdk/client';
import { type AgentApp, makeApp } from '../helpers/make-app.ts';

let app: AgentApp;
let client: Client;

afterEach(() => app.close());

async function connect(transport: 'JSONRPC' | 'HTTP+JSON'): Promise<void> {
  app = await makeApp({
    extendedCard: { public: true, description: 'More' },
    async *agent(turn) {
      if (turn.text === 'ask') {
        await turn.requireInput('Who?');
      } else if (turn.text === 'slow') {
        await turn.working('Working on it');
        await once(turn.signal, 'abort');
      } else {
        yield 'you ';
        yield `said ${turn.text}`;
      }
    },
  });
  const options = { ...ClientFactoryOptions.default, preferredTransports: [transport] };
  client = await new ClientFactory(options).createFromUrl(app.origin);
}

function message(text: string, more: Partial<Message> = {}): Message {
  return {
    ...{ messageId: 'm1', contextId: '', taskId: '', role: Role.ROLE_USER },
    parts: [{ content: { $case: 'text', value: text }, metadata: undefined, filename: '', mediaType: '' }],
    ...{ metadata: undefined, extensions: [], referenceTaskIds: [] },
    ...more,
  };
}

const request = (text: string, more?: Partial<Message>) => ({
  ...{ tenant: '', configuration: undefined, metadata: undefined },
  message: message(text, more),
});
const named = (id: string) => ({ tenant: '', id });

async function send(text: string, more?: Partial<Message>): Promise<Task> {
  const result = await client.sendMessage(request(text, more));
  if (!('status' in result)) throw new Error('the answer is no task');
  return result;
}

/** What the events of a stream tell, in one word each. */
function told({ payload }: StreamResponse): string | undefined {
  if (payload?.$case === 'task') return TaskState[payload.value.status?.state ?? 0];
  if (payload?.$case === 'statusUpdate') return TaskState[payload.value.status?.state ?? 0];
  if (payload?.$case === 'artifactUpdate') return textOf(payload.value.artifact?.parts);
  return payload?.$case;
}

function textOf(parts: Task['artifacts'][number]['parts'] = []): string {
  return parts.map(({ content }) => (content?.$case === 'text' ? content.value : '?')).join('|');
}

describe.each(['JSONRPC', 'HTTP+JSON'] as const)('the client of @a2a-js/sdk by %s', (transport) => {
  beforeEach(() => connect(transport));

  it('discovers the agent by the base URL', async () => {
    const card = await client.getAgentCard();
    expect(card).toMatchObject({
      ...{ name: 'Test', description: 'More', version: '1.0.0' },
      supportedInterfaces: [
        { url: app.url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
        { url: app.url, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
        { url: app.url, protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
      ],
    });
    expect(client.protocolVersion).toBe('1.0');
  });

  it('sends, and goes on with a task that asks', async () => {
    const paths: unknown[] = [];
    app.server.prependListener('request', ({ url }) => paths.push(url));
    const task = await send('hi');
    expect(paths).toEqual([transport === 'JSONRPC' ? '/a2a' : '/a2a/message:send']);
    expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(textOf(task.artifacts[0]?.parts)).toBe('you said hi');
    const asked = await send('ask');
    expect(asked.status?.state).toBe(TaskState.TASK_STATE_INPUT_REQUIRED);
    const answered = await send('Ada', { taskId: asked.id, messageId: 'm2' });
    expect([answered.id, textOf(answered.artifacts[0]?.parts)]).toEqual([asked.id, 'you said Ada']);
    expect(await client.getTask({ ...named(asked.id), historyLength: 1 })).toMatchObject({
      id: asked.id,
      history: [{ messageId: 'm2' }],
    });
  });

  it('streams', async () => {
    const events: unknown[] = [];
    for await (const event of client.sendMessageStream(request('hi'))) events.push(told(event));
    expect([events[0], events.at(-1)]).toEqual(['TASK_STATE_SUBMITTED', 'TASK_STATE_COMPLETED']);
    expect(events.slice(1, -1).join('')).toBe('you said hi');
  });

  it('subscribes to a running task and cancels it', async () => {
    const stream = client.sendMessageStream(request('slow'));
    const first = await stream.next();
    const payload = first.done === true ? undefined : first.value.payload;
    if (payload?.$case !== 'task') throw new Error('the first event is no task');
    const { id } = payload.value;
    const subscribed = client.resubscribeTask(named(id));
    expect((await subscribed.next()).done).toBe(false);
    const canceled = await client.cancelTask({ ...named(id), metadata: undefined });
    expect(canceled.status?.state).toBe(TaskState.TASK_STATE_CANCELED);
    for (const open of [stream, subscribed]) {
      const events: unknown[] = [];
      for await (const event of open) events.push(told(event));
      expect(events.at(-1)).toBe('TASK_STATE_CANCELED');
    }
  });

  it('lists, page by page', async () => {
    const sent = [await send('1'), await send('2'), await send('3')].map(({ id }) => id);
    const list = (pageToken: string) =>
      client.listTasks({
        ...{ tenant: '', contextId: '', status: TaskState.TASK_STATE_UNSPECIFIED, pageSize: 2, pageToken },
        ...{ statusTimestampAfter: undefined, historyLength: 0, includeArtifacts: false },
      });
    const first = await list('');
    const second = await list(first.nextPageToken);
    expect([...first.tasks, ...second.tasks].map(({ id }) => id).sort()).toEqual(sent.sort());
    expect([first.totalSize, second.nextPageToken]).toEqual([3, '']);
  });

  it('registers, reads, lists and deletes webhooks', async () => {
    const { id: taskId } = await send('hi');
    const url = 'https://93.184.215.14/hook';
    const named = { tenant: '', taskId, id: 'mine' };
    const config = { ...named, url, token: 'tok', authentication: undefined };
    expect(await client.createTaskPushNotificationConfig(config)).toMatchObject({ ...named, url });
    expect(await client.getTaskPushNotificationConfig(named)).toMatchObject({ ...named, token: 'tok' });
    const list = { tenant: '', taskId, pageSize: 10, pageToken: '' };
    expect(await client.listTaskPushNotificationConfig(list)).toMatchObject({
      configs: [{ id: 'mine', url }],
      nextPageToken: '',
    });
    await client.deleteTaskPushNotificationConfig(named);
    expect(await client.listTaskPushNotificationConfig(list)).toMatchObject({ configs: [] });
    await expect(client.getTaskPushNotificationConfig(named)).rejects.toMatchObject({
      name: 'TaskNotFoundError',
    });
  });

  it('gets errors it knows', async () => {
    await expect(client.getTask({ ...named('nobody'), historyLength: undefined })).rejects.toMatchObject({
      name: 'TaskNotFoundError',
    });
    const { id } = await send('hi');
    await expect(client.cancelTask({ ...named(id), metadata: undefined })).rejects.toMatchObject({
      name: 'TaskNotCancelableError',
    });
  });
});
