/* eslint-disable @typescript-eslint/no-deprecated -- the client that most users of 0.3 have */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type Client, ClientFactory } from '@a2a-js/sdk/client';
import { A2AClient } from 'a2a-js-sdk-03/client';
import type { Message as OlderMessage, MessageSendParams } from 'a2a-js-sdk-03';
import { type Message, Role, type StreamResponse, TaskState } from '@a2a-js/sdk';
import { type AgentApp, makeApp } from '../helpers/make-app.ts';

let app: AgentApp;
let older: A2AClient;
let newer: Client;

beforeEach(async () => {
  app = await makeApp({
    push: false,
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
  older = await A2AClient.fromCardUrl(`${app.origin}/.well-known/agent-card.json`);
  newer = await new ClientFactory().createFromUrl(app.origin);
});
afterEach(() => app.close());

function olderSend(text: string, more: Partial<OlderMessage> = {}): MessageSendParams {
  return {
    message: { kind: 'message', messageId: 'm1', role: 'user', parts: [{ kind: 'text', text }], ...more },
  };
}

function newerSend(text: string, more: Partial<Message> = {}) {
  const message: Message = {
    ...{ messageId: 'm2', contextId: '', taskId: '', role: Role.ROLE_USER },
    parts: [{ content: { $case: 'text', value: text }, metadata: undefined, filename: '', mediaType: '' }],
    ...{ metadata: undefined, extensions: [], referenceTaskIds: [] },
    ...more,
  };
  return { tenant: '', configuration: undefined, metadata: undefined, message };
}

/** The answer of the 0.3 client, which gives errors as values. */
function resultOf<T>(response: { result: T } | { error: { code: number; message: string } }): T {
  if ('error' in response) throw new Error(`${String(response.error.code)} ${response.error.message}`);
  return response.result;
}

type OlderEvent = ReturnType<A2AClient['sendMessageStream']> extends AsyncGenerator<infer E> ? E : never;

/** What an event tells, in the words of 1.0. */
function toldOlder(event: OlderEvent): string {
  if (event.kind === 'task') return `task ${event.status.state}`;
  if (event.kind === 'status-update') return `${event.status.state} ${String(event.final)}`;
  if (event.kind === 'message') return 'message';
  return event.artifact.parts.map((part) => (part.kind === 'text' ? part.text : '?')).join('');
}

function toldNewer({ payload }: StreamResponse): string {
  if (payload?.$case === 'artifactUpdate') {
    const parts = payload.value.artifact?.parts ?? [];
    return parts.map(({ content }) => (content?.$case === 'text' ? content.value : '?')).join('');
  }
  if (payload?.$case === 'message' || payload === undefined) return 'message';
  return TaskState[payload.value.status?.state ?? 0] ?? '';
}

async function all<T>(events: AsyncIterable<T>, told: (event: T) => string): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of events) seen.push(told(event));
  return seen;
}

describe('the client of @a2a-js/sdk 0.3', () => {
  it('finds the agent by the card, also at the older path', async () => {
    const card = await older.getAgentCard();
    expect(card).toMatchObject({ protocolVersion: '0.3.0', url: app.url, preferredTransport: 'JSONRPC' });
    for (const url of [app.origin, app.url]) {
      const client = await A2AClient.fromCardUrl(`${url}/.well-known/agent.json`);
      expect(resultOf(await client.sendMessage(olderSend('hi')))).toMatchObject({ kind: 'task' });
    }
  });

  it('sends, and goes on with a task that asks', async () => {
    expect(resultOf(await older.sendMessage(olderSend('hi')))).toEqual({
      kind: 'task',
      id: expect.any(String),
      contextId: expect.any(String),
      status: { state: 'completed', timestamp: expect.any(String) },
      artifacts: [{ artifactId: expect.any(String), parts: [{ kind: 'text', text: 'you said hi' }] }],
      history: [expect.objectContaining({ kind: 'message', role: 'user', messageId: 'm1' })],
    });
    const asked = resultOf(await older.sendMessage(olderSend('ask')));
    if (asked.kind !== 'task') throw new Error('the answer is no task');
    expect(asked.status).toMatchObject({ state: 'input-required', message: { role: 'agent' } });
    const answered = resultOf(
      await older.sendMessage(olderSend('Ada', { taskId: asked.id, messageId: 'm3' })),
    );
    expect(answered).toMatchObject({ id: asked.id, status: { state: 'completed' } });
  });

  it('streams, and knows the last event', async () => {
    const events = await all(older.sendMessageStream(olderSend('hi')), toldOlder);
    expect([events[0], events.at(-1)]).toEqual(['task submitted', 'completed true']);
    expect(events.slice(1, -1).join('')).toBe('you said hi');
    expect(await all(older.sendMessageStream(olderSend('ask')), toldOlder)).toEqual([
      'task submitted',
      'input-required true',
    ]);
  });

  it('gets errors, also of streams', async () => {
    await expect(older.getTask({ id: 'nobody' })).rejects.toThrow('Task not found');
    await expect(older.resubscribeTask({ id: 'nobody' }).next()).rejects.toThrow(
      /^SSE event contained an error: Task not found.*\(Code: -32001\)/,
    );
    const push = { taskId: 't', pushNotificationConfig: { url: 'https://x.test' } };
    await expect(older.setTaskPushNotificationConfig(push)).rejects.toThrow(/push notifications/);
  });
});

describe('both clients on one URL and one task', () => {
  it('see the same events at the same time, each in its own words', async () => {
    const stream = older.sendMessageStream(olderSend('slow'));
    const first = await stream.next();
    if (first.done === true || first.value.kind !== 'task') throw new Error('the first event is no task');
    const { id } = first.value;
    const named = { tenant: '', id };
    const subscribed = newer.resubscribeTask(named);
    expect((await subscribed.next()).done).toBe(false);
    const again = older.resubscribeTask({ id });
    expect((await again.next()).done).toBe(false);
    expect(await newer.getTask({ ...named, historyLength: undefined })).toMatchObject({ id });
    const canceled = await newer.cancelTask({ ...named, metadata: undefined });
    expect(canceled.status?.state).toBe(TaskState.TASK_STATE_CANCELED);
    expect((await all(subscribed, toldNewer)).at(-1)).toBe('TASK_STATE_CANCELED');
    expect((await all(again, toldOlder)).at(-1)).toBe('canceled true');
    expect((await all(stream, toldOlder)).at(-1)).toBe('canceled true');
    expect(resultOf(await older.getTask({ id, historyLength: 0 }))).toMatchObject({
      status: { state: 'canceled' },
    });
    expect(resultOf(await older.cancelTask({ id }))).toMatchObject({ id, status: { state: 'canceled' } });
  });

  it('go on with what the other began', async () => {
    const asked = await newer.sendMessage(newerSend('ask'));
    if (!('status' in asked)) throw new Error('the answer is no task');
    const events = await all(
      older.sendMessageStream(olderSend('Ada', { taskId: asked.id, messageId: 'm3' })),
      toldOlder,
    );
    expect(events.at(-1)).toBe('completed true');
    const begun = resultOf(await older.sendMessage(olderSend('ask')));
    if (begun.kind !== 'task') throw new Error('the answer is no task');
    const ended = await newer.sendMessage(newerSend('Bob', { taskId: begun.id }));
    expect(ended).toMatchObject({ id: begun.id, status: { state: TaskState.TASK_STATE_COMPLETED } });
  });
});
