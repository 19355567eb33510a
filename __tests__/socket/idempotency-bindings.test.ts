import { afterEach, expect, it } from '@jest/globals';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';

let app: AgentApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

const older = {
  message: { kind: 'message', messageId: 'm1', role: 'user', parts: [{ kind: 'text', text: 'hi' }] },
};
const KEY = { 'Idempotency-Key': '"8e03978e-40d5"' };

it('NEEDS 34: one key is one task and one run, whichever version, binding or kind of answer a send asks for', async () => {
  let runs = 0;
  const served = await makeApp({
    agent: () => {
      runs += 1;
      return 'hello';
    },
  });
  app = served;
  const { url, open } = served;
  const headers = { 'Content-Type': 'application/json', 'A2A-Version': '1.0', ...KEY };
  const body = JSON.stringify(message('hi'));
  const kinds = [
    () => open('SendMessage', message('hi'), KEY),
    () => open('SendStreamingMessage', message('hi'), KEY),
    () => open('message/send', older, { ...KEY, 'A2A-Version': '0.3' }),
    () => open('message/stream', older, { ...KEY, 'A2A-Version': '0.3' }),
    () => fetch(`${url}/message:send`, { method: 'POST', headers, body }),
    () => fetch(`${url}/message:stream`, { method: 'POST', headers, body }),
  ];
  const send = async (kind: (typeof kinds)[number]) => (await kind()).text();
  const atOnce = await Promise.all(Array.from({ length: 4 }, () => kinds).flatMap((all) => all.map(send)));
  const later = await Promise.all(kinds.map(send));
  const ids = [...atOnce, ...later].map((text) => /"id":"([\da-f-]{36})"/.exec(text)?.[1]);
  expect(ids[0]).toBeDefined();
  expect(new Set(ids).size).toBe(1);
  expect(runs).toBe(1);
});

it('NEEDS 34: an empty tenant, as some clients write it, is the same call as none', async () => {
  app = await makeApp();
  const send = async (more: object) =>
    (await app?.open('SendMessage', { ...message('hi'), ...more }, KEY))?.text();
  expect(await send({ tenant: '' })).toBe(await send({}));
});
