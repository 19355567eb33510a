import { afterEach, describe, expect, it } from '@jest/globals';
import type { Agent } from '../../lib/core/output.ts';
import { sendText, stateOf, streamText, TIME } from '../helpers/calls.ts';
import { gate } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message } from '../helpers/make-app.ts';
import { verifies } from '../requirements.ts';

let app: AgentApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

/** Uses every field there is. */
const everything: Agent = async (turn) => {
  await turn.working(
    { parts: [{ text: 'busy', metadata: { half_done: true } }], extensions: ['urn:x'] },
    { percent_done: 50 },
  );
  await turn.artifact({
    ...{
      artifactId: 'a',
      name: 'all',
      description: 'All kinds',
      extensions: ['urn:x'],
      metadata: { snake_case: 1 },
    },
    parts: [
      { text: 'x', mediaType: 'text/markdown' },
      { raw: 'AAEC', filename: 'b.bin', mediaType: 'application/octet-stream' },
      { url: 'https://example.com/x', filename: 'x' },
      { data: { list: [1, null, 'é'], deep: { a: {} } } },
    ],
  });
  await turn.complete('done');
};

describe('what goes over the wire', () => {
  it('is the whole task, with the names and values of the specification', async () => {
    verifies('5.5-camel-case', '5.5-enums', '5.6.1-utc', '5.6.1-z', '3.2.2-blocking-latest', '5.7-arrays');
    app = await makeApp({ agent: everything });
    const answer = (await app.call('SendMessage', message('hi', { contextId: 'c1' }))) as {
      result: { task: { id: string } };
    }; // compared below
    const taskId = answer.result.task.id;
    const of = { messageId: expect.any(String), role: 'ROLE_AGENT', contextId: 'c1', taskId };
    expect(answer).toEqual({
      ...{ jsonrpc: '2.0', id: 1 },
      result: {
        task: {
          ...{ id: taskId, contextId: 'c1' },
          status: {
            state: 'TASK_STATE_COMPLETED',
            message: { ...of, parts: [{ text: 'done' }] },
            timestamp: TIME,
          },
          artifacts: [
            {
              ...{ artifactId: 'a', name: 'all', description: 'All kinds' },
              ...{ extensions: ['urn:x'], metadata: { snake_case: 1 } },
              parts: [
                { text: 'x', mediaType: 'text/markdown' },
                { raw: 'AAEC', filename: 'b.bin', mediaType: 'application/octet-stream' },
                { url: 'https://example.com/x', filename: 'x' },
                { data: { list: [1, null, 'é'], deep: { a: {} } } },
              ],
            },
          ],
          history: [
            { messageId: 'm1', role: 'ROLE_USER', contextId: 'c1', taskId, parts: [{ text: 'hi' }] },
            { ...of, parts: [{ text: 'busy', metadata: { half_done: true } }], extensions: ['urn:x'] },
          ],
          metadata: { percent_done: 50 },
        },
      },
    });
  });

  it('keeps what a client said as it was, in any spelling of ProtoJSON', async () => {
    const said = {
      metadata: { n: 2 ** 53, nested: [[]], empty: {} },
      parts: [{ text: 'a\u0000b 😀 \u2028' }, { raw: 'AAEC' }, { data: null }, { data: [1, { '': 0 }] }],
      extensions: ['urn:x'],
      referenceTaskIds: ['t0'],
    };
    app = await makeApp({ agent: () => {} });
    const task = await sendText(app, '', { ...said, message_id: 'ignored', role: 1, unknown: true });
    expect(task.history).toEqual([
      { messageId: 'm1', role: 'ROLE_USER', contextId: task.contextId, taskId: task.id, ...said },
    ]);
    const unpadded = await sendText(app, '', { parts: [{ raw: 'AAECAw' }] });
    expect(unpadded.history?.[0]?.parts).toEqual([{ raw: 'AAECAw==' }]);
  });

  it('comes while the agent is at work', async () => {
    verifies('3.1.2-immediate-feedback');
    const steps = [gate(), gate()];
    app = await makeApp({
      async *agent(turn) {
        await turn.working('one');
        await steps[0]?.opened;
        yield 'two';
        await steps[1]?.opened;
      },
    });
    const stream = await streamText(app, 'hi');
    expect(stateOf(await stream.next())).toBe('TASK_STATE_SUBMITTED');
    expect((await stream.next())?.statusUpdate?.status.message?.parts).toEqual([{ text: 'one' }]);
    steps[0]?.open();
    expect((await stream.next())?.artifactUpdate?.artifact.parts).toEqual([{ text: 'two' }]);
    steps[1]?.open();
    expect(stateOf((await stream.rest()).at(-1))).toBe('TASK_STATE_COMPLETED');
  });

  it.each([0, '', null, 'a "quoted" id', -7, 9007199254740991])('echoes the id %j', async (id) => {
    app = await makeApp();
    for (const [method, params] of [
      ['ListTasks', {}],
      ['GetTask', { id: 'x' }],
      ['GetTask', {}],
    ]) {
      const response = await fetch(app.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/a2a+json' },
        body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
      });
      expect(await response.json()).toMatchObject({ jsonrpc: '2.0', id });
    }
    const stream = await fetch(app.url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, method: 'SendStreamingMessage', params: message('hi') }),
    });
    const text = await stream.text();
    for (const frame of text.trim().split('\n\n')) expect(JSON.parse(frame.slice(6))).toMatchObject({ id });
  });

  it('is a stream with the head of one', async () => {
    app = await makeApp();
    const response = await app.open('SendStreamingMessage', message('hi'));
    await response.text();
    expect(response.status).toBe(200);
    const {
      date: _,
      connection: __,
      'keep-alive': ___,
      'x-powered-by': ____,
      ...headers
    } = Object.fromEntries(response.headers);
    expect(headers).toEqual({
      'cache-control': 'no-cache, no-transform',
      'content-type': 'text/event-stream',
      'transfer-encoding': 'chunked',
      'x-accel-buffering': 'no',
    });
  });
});
