import { expect, it } from '@jest/globals';
import type { Task } from '../../lib/protocol/v1.ts';
import { getTask, listTasks, sendText, start, stateOf, streamText, subscribe } from '../helpers/calls.ts';
import { until } from '../helpers/gate.ts';
import { message } from '../helpers/make-app.ts';
import { twoWords } from '../helpers/two-words.ts';
import { verifies } from '../requirements.ts';
import { submitted, type World } from './world.ts';

/** H1 to H5 and H10: streams on two front-ends. */
export function streamCases(world: () => World): void {
  it('H1: a task is followed on the other instance', async () => {
    verifies('H1', '3.1.6-task-first', '3.1.6-ends-terminal', '3.5.2-order');
    const { web, go } = world();
    const task = await start(web[0], 'words');
    const stream = await subscribe(web[1], task.id);
    expect(await stream.next()).toEqual({ task: submitted(task, 'words') });
    go();
    expect(await stream.rest()).toEqual(twoWords(task));
    expect(await getTask(web[0], task.id)).toMatchObject({
      status: { state: 'TASK_STATE_COMPLETED' },
      artifacts: [{ artifactId: '1-1', parts: [{ text: 'one two' }] }],
    });
  });

  it('H2: three streams of a task are byte for byte the same after their first event', async () => {
    verifies('H2', '3.5.2-broadcast', '3.5.2-same-order');
    verifies('3.1.2-stream', '3.1.2-task-first', '3.1.2-ends-terminal');
    const { web, go } = world();
    const sending = await web[0].open('SendStreamingMessage', message('words'));
    const [task] = (await listTasks(web[1])).tasks;
    if (task === undefined) throw new Error('the task is not listed');
    const others = [
      await web[0].open('SubscribeToTask', { id: task.id }),
      await web[1].open('SubscribeToTask', { id: task.id }),
    ];
    go();
    const texts = await Promise.all([sending, ...others].map((response) => response.text()));
    const frames = texts.map((text) => text.split('\n\n'));
    expect(frames[0]?.map((frame) => frame.slice(0, 6))).toEqual([...Array<string>(6).fill('data: '), '']);
    expect(frames[1]).toEqual(frames[0]);
    expect(frames[2]).toEqual(frames[0]);
    const events = frames[0]?.slice(0, -1).map((frame) => JSON.parse(frame.slice(6)) as unknown);
    const results = [{ task: submitted(task, 'words') }, ...twoWords(task)];
    expect(events).toEqual(results.map((result) => ({ jsonrpc: '2.0', id: 1, result })));
  });

  it('H3: closing one stream leaves the others', async () => {
    verifies('H3', '3.5.2-close-one');
    const { web, go } = world();
    const sending = await streamText(web[0], 'words');
    const first = await sending.next();
    const id = first?.task?.id ?? '';
    const [same, other] = [await subscribe(web[0], id), await subscribe(web[1], id)];
    await same.next();
    await same.leave();
    go();
    expect((await sending.rest()).map(stateOf).at(-1)).toBe('TASK_STATE_COMPLETED');
    const [snapshot, ...events] = await other.rest();
    expect(snapshot).toEqual(first);
    expect(events).toEqual(twoWords(first?.task as Task)); // the first event of a send is a task
  });

  it('H4: a subscription to a task in INPUT_REQUIRED stays until the task has ended', async () => {
    verifies('H4', '3.1.6-ends-terminal');
    const { web } = world();
    const task = await sendText(web[0], 'name');
    expect(task.status).toMatchObject({
      state: 'TASK_STATE_INPUT_REQUIRED',
      message: { parts: [{ text: 'Who?' }] },
    });
    const stream = await subscribe(web[1], task.id);
    expect(await stream.next()).toEqual({ task });
    const ended = await sendText(web[0], 'Ada', { messageId: 'm2', taskId: task.id });
    expect((await stream.rest()).map((event) => stateOf(event) ?? 'artifact')).toEqual([
      'TASK_STATE_WORKING',
      'artifact',
      'TASK_STATE_COMPLETED',
    ]);
    expect(ended.history?.map(({ role, parts }) => [role, parts[0]?.text])).toEqual([
      ['ROLE_USER', 'name'],
      ['ROLE_AGENT', 'Who?'],
      ['ROLE_USER', 'Ada'],
    ]);
    expect(ended.artifacts).toEqual([{ artifactId: '4-1', parts: [{ text: 'hello Ada' }] }]);
  });

  it.each([
    ['SubscribeToTask', { id: 'nobody' }, -32001],
    ['SendStreamingMessage', message('words', { taskId: 'nobody' }), -32001],
    ['SendStreamingMessage', message('words', { parts: [] }), -32602],
  ])('H5: an error of %s before the head is no stream (%j)', async (method, params, code) => {
    verifies('H5');
    const response = await world().web[0].open(method, params);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: { code, message: expect.any(String), data: expect.any(Array) },
    });
  });

  it('H10: a client that goes away does not touch the run', async () => {
    verifies('H10');
    const { web, go, deployment } = world();
    const stream = await streamText(web[0], 'alone');
    const id = (await stream.next())?.task?.id ?? '';
    // the run has begun
    expect(stateOf(await stream.next())).toBe('TASK_STATE_WORKING');
    await stream.leave();
    await until(async () => (await deployment.web[0].calls()) === 0);
    go();
    await until(async () => (await getTask(web[1], id)).status.state === 'TASK_STATE_COMPLETED');
    expect((await getTask(web[1], id)).artifacts?.[0]?.parts).toEqual([{ text: 'aborted: false' }]);
  });
}
