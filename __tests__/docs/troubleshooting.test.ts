import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { memoryBackend, StorageError } from 'express-a2a';
import { sendText } from '../helpers/calls.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';
import { exchange, post } from '../helpers/raw-http.ts';

// NEEDS 42: the page is keyed by what the server really says
const page = readFileSync('docs/troubleshooting.md', 'utf8');
const titles = [...page.matchAll(/^## `(.*)`$/gm)].map(([, title = '']) => title);

let app: AgentApp;
let secured: AgentApp;

beforeAll(async () => {
  app = await makeApp({
    push: false,
    agent(turn) {
      if (turn.text === 'fail') throw new Error('hunter2');
    },
    owner: (req) => {
      if (req.get('x-user') === 'broken') throw new Error('hunter2');
      return null;
    },
  });
  secured = await makeApp({
    card: {
      ...{ name: 'N', description: 'D', version: '1' },
      securitySchemes: { bearer: { httpAuthSecurityScheme: { scheme: 'Bearer' } } },
      securityRequirements: [{ schemes: { bearer: { list: [] } } }],
    },
  });
});
afterAll(async () => {
  await app.close();
  await secured.close();
});

async function raw(body: string, headers: Record<string, string> = {}, verb = 'POST'): Promise<string> {
  const head = post('/a2a', body, headers).replace('POST', verb);
  return (await exchange(app.port, head, body)).body;
}
const call = async (method: string, params: unknown = {}, headers: Record<string, string> = {}) =>
  JSON.stringify(await app.call(method, params, headers));
const part = (fields: unknown) => message('', { parts: [fields] });
const list = '{"jsonrpc":"2.0","id":1,"method":"ListTasks"}';

/** What each entry is about, done to a server. */
const causes: Record<string, () => Promise<string>> = {
  'Send the header Content-Type': () => raw('a=b', { 'Content-Type': 'application/x-www-form-urlencoded' }),
  'Invalid JSON payload': () => raw(''),
  'Request payload validation error': () => raw(JSON.stringify(message('hi'))),
  'This version of A2A': () => raw(list, { 'A2A-Version': '0.2' }),
  'No such method': () => call('sendMessage'),
  'must be one of ROLE_USER': () => call('SendMessage', message('hi', { role: 'user' })),
  'must have exactly one of': () => call('SendMessage', part({ content: { $case: 'text', value: 'hi' } })),
  'Task not found': () => call('GetTask', { id: 'x' }),
  'The task has ended': async () => {
    const { id } = await sendText(app, 'hi');
    return call('SendMessage', message('more', { taskId: id }));
  },
  'is not the context': async () => {
    const { id } = await sendText(app, 'hi');
    return call('SendMessage', message('more', { taskId: id, contextId: 'other' }));
  },
  'This agent does not send push': () =>
    call('SendMessage', {
      ...message('hi'),
      configuration: { taskPushNotificationConfig: { url: 'https://x.test' } },
    }),
  'Authentication is required': async () => JSON.stringify(await secured.call('ListTasks')),
  'The body is larger': () => raw(`"${'x'.repeat(10 * 1024 * 1024)}"`),
  'Calls are sent with POST': () => raw('', {}, 'GET'),
  'The agent failed': () => call('SendMessage', message('fail')),
  'Internal error': () => call('ListTasks', {}, { 'x-user': 'broken' }),
  'This server can not reach its storage': async () => {
    const { storage, ...others } = memoryBackend();
    const listTasks = () => Promise.reject(new StorageError('unavailable', 'gone'));
    const cut = await makeApp({ ...others, storage: { ...storage, listTasks } });
    const answer = JSON.stringify(await cut.call('ListTasks'));
    await cut.close();
    return answer;
  },
  'The server shuts down': async () => {
    const closed = await makeApp();
    await closed.router.close();
    const answer = JSON.stringify(await closed.call('ListTasks'));
    await closed.close();
    return answer;
  },
};

describe('docs/troubleshooting.md', () => {
  it.each(titles)('quotes what the server says: %s', async (title) => {
    const cause = Object.keys(causes).find((start) => title.startsWith(start));
    const answer = await causes[cause ?? 'none']?.();
    // as JSON spells it, between the quotes
    expect(answer).toContain(JSON.stringify(title).slice(1, -1));
  });

  it('has an entry for each cause that is tried here', () => {
    expect(Object.keys(causes).filter((start) => !titles.some((title) => title.startsWith(start)))).toEqual(
      [],
    );
    expect(titles).toHaveLength(Object.keys(causes).length);
  });
});
