import { afterEach, describe, expect, it } from '@jest/globals';
import { TaskFailed } from '../../lib/core/task-failed.ts';
import type { A2AOptions } from '../../lib/express/options.ts';
import { errorOf, getTask, listTasks, sendText, streamText, TIME } from '../helpers/calls.ts';
import { type Cluster, makeCluster } from '../helpers/cluster.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';
import { verifies } from '../requirements.ts';

let app: AgentApp | undefined;
let cluster: Cluster | undefined;

afterEach(async () => {
  await app?.close();
  await cluster?.close();
  app = cluster = undefined;
});

const card = {
  ...{ name: 'Test', description: 'For tests', version: '1.0.0' },
  defaultInputModes: ['text/plain', 'Application/JSON; charset=utf-8'],
  skills: [
    { id: 's', name: 'S', description: 'S', tags: ['t'] },
    { id: 'i', name: 'I', description: 'I', tags: ['t'], inputModes: ['image/*', 'application/pdf'] },
  ],
};

describe('enforceInputModes', () => {
  async function serve(options: Partial<A2AOptions> = {}): Promise<AgentApp> {
    app = await makeApp({ card, enforceInputModes: true, ...options });
    return app;
  }

  it.each<[object]>([
    [{ text: 'x' }],
    [{ text: 'x', mediaType: 'text/plain; charset=utf-8' }],
    [{ text: 'x', mediaType: '' }],
    [{ data: { a: 1 } }],
    [{ data: null }],
    [{ raw: 'AAEC' }],
    [{ url: 'https://example.com/x' }],
    [{ raw: 'AAEC', mediaType: 'image/png' }],
    [{ raw: 'AAEC', mediaType: 'IMAGE/PNG' }],
    [{ url: 'https://example.com/x', mediaType: 'application/pdf' }],
  ])('takes what the card or a skill names: %j', async (part) => {
    const app = await serve();
    expect((await sendText(app, '', { parts: [part] })).status.state).toBe('TASK_STATE_COMPLETED');
  });

  it.each<[object, string]>([
    [{ text: '# x', mediaType: 'text/markdown' }, 'text/markdown'],
    [{ data: 1, mediaType: 'application/vnd.x+json; a=b' }, 'application/vnd.x+json'],
    [{ raw: 'AAEC', mediaType: 'audio/wav' }, 'audio/wav'],
    [{ url: 'https://example.com/x', mediaType: 'imagex/png' }, 'imagex/png'],
    [{ raw: 'AAEC', mediaType: 'image' }, 'image'],
  ])('refuses what none of them names, and stores nothing: %j', async (part, type) => {
    const app = await serve();
    for (const method of ['SendMessage', 'SendStreamingMessage']) {
      expect(await errorOf(app, method, message('', { parts: [{ text: 'x' }, part] }))).toEqual({
        code: -32005,
        message: `message.parts[1] is ${type}; this agent takes text/plain, application/json, image/*, application/pdf`,
        data: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'CONTENT_TYPE_NOT_SUPPORTED',
            domain: 'a2a-protocol.org',
          },
        ],
      });
    }
    expect((await listTasks(app)).totalSize).toBe(0);
  });

  it('comes after the parameters and before the task', async () => {
    const app = await serve();
    const parts = [{ raw: 'AAEC', mediaType: 'audio/wav' }];
    expect((await errorOf(app, 'SendMessage', message('', { parts, role: 'ROLE_AGENT' }))).code).toBe(-32602);
    expect((await errorOf(app, 'SendMessage', message('', { parts, taskId: 'nobody' }))).code).toBe(-32005);
  });

  it('takes anything where the card says so, and is off by default', async () => {
    const parts = [{ raw: 'AAEC', mediaType: 'audio/wav' }];
    await sendText(await serve({ card: { ...card, defaultInputModes: ['*/*'] } }), '', { parts });
    await app?.close();
    await sendText(await serve({ enforceInputModes: false }), '', { parts });
    await app?.close();
    app = await makeApp();
    await sendText(app, '', { parts });
  });
});

it('`*` in the card stands for anything, and a type of any length is said back in short', async () => {
  const parts = [{ text: 'x', mediaType: `x/${'y'.repeat(100_000)}` }];
  app = await makeApp({ card: { ...card, defaultInputModes: ['*'] }, enforceInputModes: true });
  expect((await sendText(app, '', { parts })).status.state).toBe('TASK_STATE_COMPLETED');
  await app.close();
  app = await makeApp({ card, enforceInputModes: true });
  const { message: said } = await errorOf(app, 'SendMessage', message('', { parts }));
  expect(said.length).toBeLessThan(400);
});

it('a revoked proxy that an agent throws fails the task', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  app = await makeApp({
    agent: () => {
      throw proxy as Error;
    },
  });
  expect((await sendText(app, 'x')).status.state).toBe('TASK_STATE_FAILED');
});

describe('acceptedOutputModes', () => {
  it('reach the agent in another process, for the first message and for each further one', async () => {
    const seen: unknown[] = [];
    cluster = await makeCluster((turn) => {
      seen.push(turn.request.acceptedOutputModes);
      return turn.requireInput('more');
    });
    const [one, two] = cluster.web;
    const modes = (...acceptedOutputModes: string[]) => ({ configuration: { acceptedOutputModes } });
    const { id: taskId } = await sendText(one, 'hi', {}, modes('text/plain', 'image/png'));
    await sendText(two, 'more', { taskId }, modes('audio/wav'));
    await sendText(two, 'still more', { taskId });
    expect(seen).toEqual([['text/plain', 'image/png'], ['audio/wav'], undefined]);
  });
});

describe('an extension that the card requires', () => {
  const params: [string, object][] = [
    ['SendMessage', message('hi')],
    ['SendStreamingMessage', message('hi')],
    ['GetTask', { id: 'x' }],
    ['ListTasks', {}],
    ['CancelTask', { id: 'x' }],
    ['SubscribeToTask', { id: 'x' }],
    ['CreateTaskPushNotificationConfig', { taskId: 'x', url: 'https://example.com' }],
    ['GetTaskPushNotificationConfig', { taskId: 'x', id: 'y' }],
    ['ListTaskPushNotificationConfigs', { taskId: 'x' }],
    ['DeleteTaskPushNotificationConfig', { taskId: 'x', id: 'y' }],
    ['GetExtendedAgentCard', {}],
  ];

  it.each(params)(
    'is asked for by %s, whatever else is wrong, and not by the card',
    async (method, given) => {
      verifies('3.3.4-extensions');
      const extensions = [{ uri: 'urn:x', required: true }];
      app = await makeApp({ card: { ...card, capabilities: { extensions } } });
      const refusal = {
        code: -32008,
        message: 'This agent requires the extension urn:x: name it in the A2A-Extensions header',
        data: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'EXTENSION_SUPPORT_REQUIRED',
            domain: 'a2a-protocol.org',
          },
        ],
      };
      for (const headers of [{}, { 'A2A-Extensions': 'urn:y, URN:X' }]) {
        expect(await errorOf(app, method, given, headers)).toEqual(refusal);
        expect(await errorOf(app, method, { tenant: 'nobody' }, headers)).toEqual(refusal);
      }
      const answer = await app.open(method, given, { 'A2A-Extensions': 'urn:y,  urn:x ' });
      expect(await answer.text()).not.toContain('-32008');
      expect((await fetch(`${app.url}/.well-known/agent-card.json`)).status).toBe(200);
    },
  );
});

// row 58 of the needs: a failed task tells its client why
describe('NEEDS 58: TaskFailed', () => {
  const details = { code: 'OUT_OF_STOCK', data: { sku: 7, left: [] } };
  const agent = () => {
    throw new TaskFailed('There are none left', details);
  };
  const parts = [{ text: 'There are none left' }, { data: details }];

  it('is read in a stream, in GetTask and in the answer of a send, word for word', async () => {
    const errors: unknown[] = [];
    app = await makeApp({ agent, onError: (error) => errors.push(error) });
    const sent = await sendText(app, 'hi');
    const said = ({ id: taskId, contextId }: { id: string; contextId?: string | undefined }) => ({
      state: 'TASK_STATE_FAILED',
      message: { messageId: expect.any(String), role: 'ROLE_AGENT', parts, taskId, contextId },
      timestamp: TIME,
    });
    expect(sent.status).toEqual(said(sent));
    expect((await getTask(app, sent.id)).status).toEqual(said(sent));
    const stream = await streamText(app, 'hi');
    const task = (await stream.next())?.task;
    const last = (await stream.rest()).at(-1);
    expect(last?.statusUpdate?.status).toEqual(said(task ?? { id: '' }));
    // it was said on purpose: nobody has to look for the cause
    expect(errors).toEqual([]);
  });

  it('is the error of a call that would be answered with a message', async () => {
    app = await makeApp({ agent, answers: 'message' });
    for (const method of ['SendMessage', 'SendStreamingMessage']) {
      expect(await errorOf(app, method, message('hi'))).toMatchObject({
        code: -32603,
        message: 'There are none left',
      });
    }
  });
});
