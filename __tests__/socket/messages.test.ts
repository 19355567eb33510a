import { afterEach, describe, expect, it } from '@jest/globals';
import type { Agent } from '../../lib/core/output.ts';
import type { A2AOptions } from '../../lib/express/options.ts';
import {
  errorOf,
  getTask,
  listTasks,
  sendText,
  start,
  stateOf,
  streamText,
  subscribe,
} from '../helpers/calls.ts';
import { gate, until } from '../helpers/gate.ts';
import { type AgentApp, makeApp, message, userOf } from '../helpers/make-app.ts';
import { verifies } from '../requirements.ts';

let app: AgentApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function serve(agent: Agent, options: Partial<A2AOptions> = {}): Promise<AgentApp> {
  app = await makeApp({ agent, ...options });
  return app;
}

const asks: Agent = (turn) => turn.requireInput(`heard ${turn.text}`);

/** The texts of a task's history, the status message included. */
function said({ history = [], status }: Awaited<ReturnType<typeof getTask>>): unknown[] {
  return [...history, ...(status.message ? [status.message] : [])].map(({ parts }) => parts[0]?.text);
}

describe('a message', () => {
  it('without a task starts one, in the context that it names', async () => {
    verifies('3.4.1-context-returned', '3.4.2-task-id-returned');
    const app = await serve(() => 'x');
    expect((await sendText(app, 'hi', { contextId: 'c1' })).contextId).toBe('c1');
    const [one, two] = [await sendText(app, 'hi'), await sendText(app, 'hi')];
    expect(one.contextId).not.toBe(two.contextId);
  });

  it('for an unknown task, and for the task of somebody else, gets the same answer', async () => {
    verifies('3.4.2-task-not-found', '3.3.2-not-found', '3.3.2-no-existence', '3.4.2-existing-task');
    const app = await serve(asks, { owner: userOf });
    const { id } = await sendText(app, 'hi', {}, {}, { 'x-user': 'ada' });
    const error = (taskId: string) => ({
      code: -32001,
      message: 'Task not found: check the id; a message without taskId starts another task',
      data: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'TASK_NOT_FOUND',
          domain: 'a2a-protocol.org',
          metadata: { taskId },
        },
      ],
    });
    for (const taskId of [id, 'nobody']) {
      for (const method of ['SendMessage', 'SendStreamingMessage']) {
        expect(await errorOf(app, method, message('hi', { taskId }), { 'x-user': 'bob' })).toEqual(
          error(taskId),
        );
      }
      for (const method of ['GetTask', 'CancelTask', 'SubscribeToTask']) {
        expect(await errorOf(app, method, { id: taskId }, { 'x-user': 'bob' })).toEqual(error(taskId));
      }
    }
    expect(said(await getTask(app, id, { 'x-user': 'ada' }))).toEqual(['hi', 'heard hi']);
  });

  it('in another context than its task is refused', async () => {
    verifies('3.4.3-context-mismatch', '3.4.1-context-refused');
    const app = await serve(asks);
    const { id } = await sendText(app, 'hi', { contextId: 'c1' });
    const error = await errorOf(app, 'SendMessage', message('more', { taskId: id, contextId: 'c2' }));
    expect(error).toEqual({
      code: -32602,
      message: 'Invalid parameters',
      data: [
        {
          '@type': 'type.googleapis.com/google.rpc.BadRequest',
          fieldViolations: [{ field: 'message.contextId', description: expect.any(String) }],
        },
      ],
    });
    expect(said(await getTask(app, id))).toEqual(['hi', 'heard hi']);
  });

  it('with a task alone gets the context of the task', async () => {
    verifies('3.4.3-context-inferred');
    const app = await serve(asks);
    const { id } = await sendText(app, 'hi', { contextId: 'c1' });
    const task = await sendText(app, 'more', { taskId: id, messageId: 'm2' });
    expect(task.contextId).toBe('c1');
    expect(task.history?.map(({ contextId, taskId }) => [contextId, taskId])).toEqual(
      Array<unknown>(3).fill(['c1', id]),
    );
  });

  it.each([
    ['TASK_STATE_COMPLETED', () => 'x'],
    ['TASK_STATE_FAILED', (turn) => turn.fail('no')],
    ['TASK_STATE_REJECTED', (turn) => turn.reject('no')],
  ] satisfies [string, Agent][])('for a task that is %s is refused', async (state, agent) => {
    verifies('3.1.1-terminal-refused');
    const app = await serve(agent);
    const task = await sendText(app, 'hi');
    expect(task.status.state).toBe(state);
    for (const method of ['SendMessage', 'SendStreamingMessage']) {
      expect(await errorOf(app, method, message('more', { taskId: task.id }))).toMatchObject({
        code: -32004,
      });
    }
    expect(await getTask(app, task.id)).toEqual(task);
  });

  it('for a task that is being canceled is refused', async () => {
    const { open, opened } = gate();
    const signals: AbortSignal[] = [];
    const agent: Agent = (turn) => {
      signals.push(turn.signal);
      return opened;
    };
    const app = await serve(agent, { cancelGraceMs: 20_000 });
    const { id } = await start(app, 'hi');
    await until(() => signals.length === 1);
    const canceling = app.call('CancelTask', { id });
    await until(() => signals[0]?.aborted === true);
    expect(await errorOf(app, 'SendMessage', message('more', { taskId: id }))).toMatchObject({
      code: -32004,
    });
    open();
    expect(await canceling).toMatchObject({ result: { status: { state: 'TASK_STATE_CANCELED' } } });
    expect(await errorOf(app, 'SendMessage', message('more', { taskId: id }))).toMatchObject({
      code: -32004,
    });
  });

  it.each(['requireInput', 'requireAuth'] as const)('to a task after %s starts the next run', async (ask) => {
    const runs: string[] = [];
    const app = await serve((turn) => {
      runs.push(turn.text);
      return turn.text === 'hi' ? turn[ask]('More?') : 'thanks';
    });
    const { id } = await sendText(app, 'hi');
    const stream = await subscribe(app, id);
    await stream.next();
    const task = await sendText(app, 'more', { taskId: id, messageId: 'm2' });
    expect(task.status.state).toBe('TASK_STATE_COMPLETED');
    expect(said(task)).toEqual(['hi', 'More?', 'more']);
    expect((await stream.rest()).map((event) => stateOf(event) ?? 'artifact')).toEqual([
      'TASK_STATE_WORKING',
      'artifact',
      'TASK_STATE_COMPLETED',
    ]);
    expect(runs).toEqual(['hi', 'more']);
  });

  it('to a run that waits for credentials reaches that run', async () => {
    const runs: string[] = [];
    const app = await serve(async (turn) => {
      runs.push(turn.text);
      const got = await turn.requireAuth('Sign in', { wait: true });
      return 'message' in got ? String(got.message.parts[0]?.text) : 'resumed';
    });
    const { id } = await sendText(app, 'hi');
    expect(await sendText(app, 'more', { taskId: id, messageId: 'm2' })).toMatchObject({
      artifacts: [{ parts: [{ text: 'more' }] }],
    });
    expect(runs).toEqual(['hi']);
  });

  it('to a running task is processed when the run has paused', async () => {
    const { open, opened } = gate();
    const app = await serve(async (turn) => {
      if (turn.text === 'hi') await opened;
      await turn.requireInput(`heard ${turn.text}`);
    });
    const { id } = await start(app, 'hi');
    const second = sendText(app, 'more', { taskId: id, messageId: 'm2' });
    await until(async () => said(await getTask(app, id)).length === 2);
    open();
    expect(said(await second)).toEqual(['hi', 'more', 'heard hi', 'heard more']);
  });

  it('to a running task that ends gets the ended task', async () => {
    const { open, opened } = gate();
    const app = await serve(async () => {
      await opened;
      return 'x';
    });
    const { id } = await start(app, 'hi');
    const second = sendText(app, 'more', { taskId: id, messageId: 'm2' });
    const streaming = await streamText(app, 'again', { taskId: id, messageId: 'm3' });
    await until(async () => said(await getTask(app, id)).length === 3);
    open();
    expect((await second).status.state).toBe('TASK_STATE_COMPLETED');
    expect((await streaming.rest()).map(stateOf).at(-1)).toBe('TASK_STATE_COMPLETED');
  });

  it('that is sent again while nothing has answered it joins the first', async () => {
    const { open, opened } = gate();
    const app = await serve(async (turn) => {
      await opened;
      return turn.requireInput(`heard ${turn.text}`);
    });
    const { id, contextId } = await start(app, 'hi');
    const again = sendText(app, 'hi', { taskId: id });
    const others = [
      sendText(app, 'more', { taskId: id, messageId: 'm2' }),
      sendText(app, 'more', { taskId: id, messageId: 'm2', contextId }),
    ];
    await until(() => app.router.status().calls === 3);
    open();
    expect(said(await again)).toEqual(['hi', 'more', 'heard hi']);
    for (const task of await Promise.all(others))
      expect(said(task)).toEqual(['hi', 'more', 'heard hi', 'heard more']);
  });

  it('that is sent again after it was answered is a new one, as is another text under the same messageId', async () => {
    const app = await serve(asks);
    const { id } = await sendText(app, 'hi');
    await sendText(app, 'hi', { taskId: id });
    const task = await sendText(app, 'ho', { taskId: id });
    expect(said(task)).toEqual(['hi', 'heard hi', 'hi', 'heard hi', 'ho', 'heard ho']);
    expect(
      new Set(task.history?.filter(({ role }) => role === 'ROLE_USER').map(({ messageId }) => messageId)),
    ).toEqual(new Set(['m1']));
  });

  it('to a task of the same context sees the tasks before it', async () => {
    const app = await serve(
      async (turn) => (await turn.previousTasks(5)).map(({ id }) => id).join() || 'none',
    );
    const first = await sendText(app, 'hi', { contextId: 'c1' });
    const second = await sendText(app, 'hi', { contextId: 'c1' });
    expect(second.artifacts?.[0]?.parts).toEqual([{ text: first.id }]);
    expect((await listTasks(app, { contextId: 'c1' })).tasks.map(({ id }) => id).sort()).toEqual(
      [first.id, second.id].sort(),
    );
  });
});

describe('a stream', () => {
  it('of a send ends at INPUT_REQUIRED', async () => {
    verifies('3.1.2-ends-terminal');
    const app = await serve(asks);
    const stream = await streamText(app, 'hi');
    expect((await stream.rest()).map(stateOf)).toEqual(['TASK_STATE_SUBMITTED', 'TASK_STATE_INPUT_REQUIRED']);
  });

  it('of a send to a task that waits begins with the task and ends with its own answer', async () => {
    const app = await serve(asks);
    const { id } = await sendText(app, 'hi');
    const stream = await streamText(app, 'more', { taskId: id, messageId: 'm2' });
    const first = await stream.next();
    expect(first?.task).toMatchObject({ id, status: { state: 'TASK_STATE_WORKING' } });
    expect((await stream.rest()).map(stateOf)).toEqual(['TASK_STATE_INPUT_REQUIRED']);
  });

  it('of a send stays open at AUTH_REQUIRED, and sees what follows', async () => {
    verifies('7.6.1-out-of-band', '7.6.1-auth-state', '7.6.1-message');
    const app = await serve((turn) => (turn.resumed === undefined ? turn.requireAuth('Sign in') : 'thanks'));
    const stream = await streamText(app, 'hi');
    const id = (await stream.next())?.task?.id ?? '';
    expect(stateOf(await stream.next())).toBe('TASK_STATE_AUTH_REQUIRED');
    expect(await app.router.resume(id, { token: 'abc' })).toBe(true);
    expect((await stream.rest()).map((event) => stateOf(event) ?? 'artifact')).toEqual([
      'TASK_STATE_WORKING',
      'artifact',
      'TASK_STATE_COMPLETED',
    ]);
  });

  it('of a send does not end at a pause that had not seen its message', async () => {
    const { open, opened } = gate();
    const app = await serve(async (turn) => {
      if (turn.text === 'hi') await opened;
      await turn.requireInput(`heard ${turn.text}`);
    });
    const { id } = await start(app, 'hi');
    const stream = await streamText(app, 'more', { taskId: id, messageId: 'm2' });
    await stream.next();
    open();
    expect((await stream.rest()).map((event) => event.statusUpdate?.status.message?.parts[0]?.text)).toEqual([
      'heard hi',
      undefined,
      'heard more',
    ]);
  });

  it('can not be opened on a task that has ended', async () => {
    verifies('3.1.6-terminal-refused');
    const app = await serve(() => 'x');
    const { id } = await sendText(app, 'hi');
    expect(await errorOf(app, 'SubscribeToTask', { id })).toEqual({
      code: -32004,
      message: 'The task has ended (TASK_STATE_COMPLETED); GetTask tells how',
      data: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'UNSUPPORTED_OPERATION',
          domain: 'a2a-protocol.org',
        },
      ],
    });
  });

  it('shows as much history as the send asked for, and all of it to a subscriber', async () => {
    const app = await serve(asks);
    const { id } = await sendText(app, 'hi');
    const texts = async (historyLength?: number) => {
      const configuration = { configuration: historyLength === undefined ? {} : { historyLength } };
      const task = await sendText(
        app,
        'more',
        { taskId: id, messageId: String(historyLength) },
        configuration,
      );
      return task.history?.length;
    };
    expect(await texts(0)).toBeUndefined();
    expect(await texts(1)).toBe(1);
    expect(await texts()).toBe(7);
    const stream = await subscribe(app, id);
    expect((await stream.next())?.task?.history?.length).toBe(7);
    await stream.leave();
  });
});
