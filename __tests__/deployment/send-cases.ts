import { expect, it } from '@jest/globals';
import { getTask, listTasks, sendText, start, streamText } from '../helpers/calls.ts';
import { until } from '../helpers/gate.ts';
import { message } from '../helpers/make-app.ts';
import { verifies } from '../requirements.ts';
import { submitted, type World } from './world.ts';

/** H8, H9 and H11 to H13: what a send is answered with, and when. */
export function sendCases(world: () => World): void {
  it('H8: a blocking send is answered at AUTH_REQUIRED though the run waits', async () => {
    verifies('H8', '3.2.2-blocking', '7.6.1-task', '7.6.1-auth-state', '7.6.1-message');
    const { web } = world();
    const task = await sendText(web[0], 'auth');
    expect(task.status).toMatchObject({
      state: 'TASK_STATE_AUTH_REQUIRED',
      message: { role: 'ROLE_AGENT', parts: [{ text: 'Sign in' }] },
    });
    const ended = await sendText(web[1], 'Ada', { messageId: 'm2', taskId: task.id });
    expect(ended).toMatchObject({
      status: { state: 'TASK_STATE_COMPLETED' },
      artifacts: [{ parts: [{ text: 'welcome Ada' }] }],
    });
  });

  it('H8: a blocking send is not answered by a pause that had not seen it', async () => {
    verifies('H8');
    const { web, go } = world();
    const first = sendText(web[0], 'slow');
    await until(async () => (await listTasks(web[0])).tasks[0]?.status.state === 'TASK_STATE_WORKING');
    const { id } = (await listTasks(web[0])).tasks[0] ?? { id: '' };
    const second = sendText(web[1], 'two', { messageId: 'm2', taskId: id });
    await until(async () => (await getTask(web[0], id)).history?.length === 2);
    go();
    expect((await first).status.message?.parts).toEqual([{ text: 'after slow' }]);
    expect((await second).status.message?.parts).toEqual([{ text: 'after two' }]);
  });

  it('H9: concurrent sends to one task are all answered, each by what it said', async () => {
    verifies('H9');
    const { web } = world();
    const { id } = await sendText(web[0], 'hear');
    const words = Array.from({ length: 20 }, (_, index) => `word ${index}`);
    const answers = await Promise.all(
      words.map((word, index) => sendText(web[index % 2 ? 1 : 0], word, { messageId: word, taskId: id })),
    );
    expect(answers.map(({ status }) => status.message?.parts[0]?.text)).toEqual(
      words.map((word) => `heard ${word}`),
    );
    const { history = [], status } = await getTask(web[0], id);
    expect([...history.map(({ role }) => role), status.message?.role].sort()).toEqual([
      ...Array<string>(21).fill('ROLE_AGENT'),
      ...Array<string>(21).fill('ROLE_USER'),
    ]);
  });

  it('H11: what answers with a message is one Message, and no task for anybody', async () => {
    verifies('H11', '3.1.2-message-only', '3.4.1-context-returned');
    const { web } = world();
    const bare = {
      messageId: expect.any(String),
      contextId: expect.any(String),
      role: 'ROLE_AGENT',
      parts: [{ text: 'you said message' }],
    };
    expect(await web[0].call('SendMessage', message('message'))).toEqual({
      ...{ jsonrpc: '2.0', id: 1 },
      result: { message: bare },
    });
    const stream = await streamText(web[1], 'message');
    expect(await stream.rest()).toEqual([{ message: bare }]);
    expect(await listTasks(web[0])).toEqual({ tasks: [], nextPageToken: '', pageSize: 50, totalSize: 0 });
    expect(await sendText(web[0], 'echo')).toMatchObject({ status: { state: 'TASK_STATE_COMPLETED' } });
  });

  it.each(['words', 'message'])(
    'H12: returnImmediately answers with the task before the agent has begun (%s)',
    async (text) => {
      verifies('H12', '3.2.2-return-immediately', '3.1.1-returns-task-or-message', '3.4.2-task-id-returned');
      const { web, go } = world();
      const task = await start(web[0], text);
      expect(task).toEqual(submitted(task, text));
      go();
      await until(async () => (await getTask(web[1], task.id)).status.state === 'TASK_STATE_COMPLETED');
    },
  );

  it('H13: one messageId starts as many tasks as it is sent', async () => {
    verifies('H13', '3.4.2-task-id-unique');
    const { web } = world();
    const texts = Array.from({ length: 20 }, (_, index) => `echo ${String(index % 5)}`);
    const tasks = await Promise.all(texts.map((text, index) => sendText(web[index % 2 ? 1 : 0], text)));
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(20);
    expect(tasks.map(({ artifacts }) => artifacts?.[0]?.parts[0]?.text)).toEqual(texts);
    expect((await listTasks(web[0])).totalSize).toBe(20);
  });
}
