import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';

/** Tells `seen` of the first event of its stream, and the main thread of the whole answer. */
const CLIENT = `
const { parentPort, workerData: { url, seen, body } } = require('node:worker_threads');
fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json', 'A2A-Version': '1.0' }, body }).then(async (answer) => {
  let text = '';
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (!text.includes('\\n\\n')) continue;
    Atomics.store(seen, 0, 1);
    Atomics.notify(seen, 0);
  }
  parentPort.postMessage(text);
});`;

let app: AgentApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

describe('the first event of a stream', () => {
  it('is with its client before the agent runs, also where the agent then holds up the whole process', async () => {
    const seen = new Int32Array(new SharedArrayBuffer(4));
    const agent = () => `the client ${Atomics.wait(seen, 0, 0, 20_000) === 'timed-out' ? 'waits' : 'knows'}`;
    app = await makeApp({ agent });
    const body = JSON.stringify({
      ...{ jsonrpc: '2.0', id: 1, method: 'SendStreamingMessage' },
      params: message('hi'),
    });
    const client = new Worker(CLIENT, { eval: true, workerData: { url: app.url, seen, body } });
    const [text] = (await once(client, 'message')) as [string];
    expect(text).toMatch(/^data: \{"jsonrpc":"2.0","id":1,"result":\{"task":/);
    expect(text).toContain('the client knows');
  });
});
