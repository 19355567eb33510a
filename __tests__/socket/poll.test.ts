import { afterEach, expect, it } from '@jest/globals';
import { sendText } from '../helpers/calls.ts';
import { type AgentApp, makeApp } from '../helpers/make-app.ts';

let app: AgentApp | undefined;

afterEach(() => app?.close());

it('GetTask gives the task as it is, however often it is asked, over both bindings', async () => {
  const served = await makeApp({
    bindings: ['JSONRPC', 'HTTP+JSON'],
    agent: async (turn) => {
      if (turn.text !== 'end') return turn.requireInput('What else?');
      await turn.artifact({ artifactId: 'r', parts: [{ text: 'é\u2028"x', metadata: { a: [1] } }] });
      return undefined;
    },
  });
  app = served;
  const overRest = async (id: string) => (await fetch(`${served.url}/tasks/${id}`)).json();
  let task = await sendText(served, 'hi');
  for (const text of ['one', 'two', 'end']) {
    const { id } = task;
    const polled = [await served.call('GetTask', { id }), await served.call('GetTask', { id })];
    expect(polled).toEqual([{ jsonrpc: '2.0', id: 1, result: task }, polled[0]]);
    expect([await overRest(id), await overRest(id)]).toEqual([task, task]);
    const shorter = await served.call('GetTask', { id, historyLength: 1 });
    expect(shorter).toMatchObject({ result: { history: [expect.anything()] } });
    task = await sendText(served, text, { taskId: id });
  }
  expect(task.status.state).toBe('TASK_STATE_COMPLETED');
  expect(await overRest(task.id)).toEqual(task);
});
