import { afterEach, describe, expect, it } from '@jest/globals';
import type { Agent } from '../../lib/core/output.ts';
import type { StreamResponse, Task } from '../../lib/protocol/v1.ts';
import {
  errorOf,
  getTask,
  listTasks,
  sendText,
  start,
  stateOf,
  streamText,
  subscribe,
  TIME,
} from '../helpers/calls.ts';
import { type Cluster, makeCluster } from '../helpers/cluster.ts';
import { gate, until } from '../helpers/gate.ts';
import { message } from '../helpers/make-app.ts';
import { twoWords } from '../helpers/two-words.ts';
import { verifies } from '../requirements.ts';

let cluster: Cluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

async function serve(agent: Agent, options: Parameters<typeof makeCluster>[1] = {}): Promise<Cluster> {
  cluster = await makeCluster(agent, options);
  return cluster;
}

function gatedWords(): { agent: Agent; go: () => void } {
  const { open, opened } = gate();
  return {
    go: open,
    async *agent(turn) {
      await opened;
      await turn.working();
      yield 'one ';
      yield 'two';
    },
  };
}

function submitted(task: Task): unknown {
  return {
    id: task.id,
    contextId: task.contextId,
    status: { state: 'TASK_STATE_SUBMITTED', timestamp: TIME },
    history: [
      {
        ...{ messageId: 'm1', role: 'ROLE_USER', parts: [{ text: 'hi' }] },
        ...{ taskId: task.id, contextId: task.contextId },
      },
    ],
  };
}

describe('two front-ends and two workers', () => {
  it('H1: a task is followed on the other instance', async () => {
    verifies('3.1.6-task-first', '3.1.6-ends-terminal', '3.5.2-order');
    const { agent, go } = gatedWords();
    const { web } = await serve(agent);
    const task = await start(web[0], 'hi');
    const stream = await subscribe(web[1], task.id);
    expect(await stream.next()).toEqual({ task: submitted(task) });
    go();
    expect(await stream.rest()).toEqual(twoWords(task));
    expect(await getTask(web[0], task.id)).toMatchObject({
      status: { state: 'TASK_STATE_COMPLETED' },
      artifacts: [{ artifactId: '1-1', parts: [{ text: 'one two' }] }],
    });
  });

  it('H2: three streams of a task are byte for byte the same after their first event', async () => {
    verifies('3.5.2-broadcast', '3.5.2-same-order');
    verifies('3.1.2-stream', '3.1.2-task-first', '3.1.2-ends-terminal');
    const { agent, go } = gatedWords();
    const { web } = await serve(agent);
    const sending = await web[0].open('SendStreamingMessage', message('hi'));
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
    const results = [{ task: submitted(task) }, ...twoWords(task)];
    expect(events).toEqual(results.map((result) => ({ jsonrpc: '2.0', id: 1, result })));
  });

  it('H3: closing one stream leaves the others', async () => {
    verifies('3.5.2-close-one');
    const { agent, go } = gatedWords();
    const { web } = await serve(agent);
    const sending = await streamText(web[0], 'hi');
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
    verifies('3.1.6-ends-terminal');
    const { web } = await serve(async (turn) => {
      if (turn.text !== 'hi') return `hello ${turn.text}`;
      return turn.requireInput('Who?');
    });
    const task = await sendText(web[0], 'hi');
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
      ['ROLE_USER', 'hi'],
      ['ROLE_AGENT', 'Who?'],
      ['ROLE_USER', 'Ada'],
    ]);
    expect(ended.artifacts).toEqual([{ artifactId: '4-1', parts: [{ text: 'hello Ada' }] }]);
  });

  it.each([
    ['SubscribeToTask', { id: 'nobody' }, -32001],
    ['SendStreamingMessage', message('hi', { taskId: 'nobody' }), -32001],
    ['SendStreamingMessage', message('hi', { parts: [] }), -32602],
  ])('H5: an error of %s before the head is no stream (%j)', async (method, params, code) => {
    const { web } = await serve(() => 'x');
    const response = await web[0].open(method, params);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: { code, message: expect.any(String), data: expect.any(Array) },
    });
  });

  it('H8: a blocking send is answered at AUTH_REQUIRED though the run waits', async () => {
    verifies('3.2.2-blocking', '7.6.1-task', '7.6.1-auth-state', '7.6.1-message');
    const { web } = await serve(async (turn) => {
      const got = await turn.requireAuth('Sign in', { wait: true });
      return 'message' in got ? `welcome ${String(got.message.parts[0]?.text)}` : 'resumed';
    });
    const task = await sendText(web[0], 'hi');
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
    const { open, opened } = gate();
    const began = gate();
    const { web } = await serve(async (turn) => {
      began.open();
      await opened;
      await turn.requireInput(`after ${turn.text}`);
    });
    const first = sendText(web[0], 'one');
    await began.opened;
    const { id } = (await listTasks(web[0])).tasks[0] ?? { id: '' };
    const second = sendText(web[1], 'two', { messageId: 'm2', taskId: id });
    await until(async () => (await getTask(web[0], id)).history?.length === 2);
    open();
    expect((await first).status.message?.parts).toEqual([{ text: 'after one' }]);
    expect((await second).status.message?.parts).toEqual([{ text: 'after two' }]);
  });

  it('H9: concurrent sends to one task are all answered, each by what it said', async () => {
    const { web } = await serve((turn) => turn.requireInput(`heard ${turn.text}`));
    const { id } = await sendText(web[0], 'hi');
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

  it('H10: a client that goes away does not touch the run', async () => {
    const { open, opened } = gate();
    const signals: AbortSignal[] = [];
    const { web } = await serve(async (turn) => {
      signals.push(turn.signal);
      await opened;
      return 'done';
    });
    const stream = await streamText(web[0], 'hi');
    const id = (await stream.next())?.task?.id ?? '';
    await until(() => signals.length === 1);
    await stream.leave();
    await until(() => web[0].router.status().calls === 0);
    expect(signals[0]?.aborted).toBe(false);
    open();
    await until(async () => (await getTask(web[1], id)).status.state === 'TASK_STATE_COMPLETED');
  });

  it('H11: what answers with a message is one Message, and no task for anybody', async () => {
    verifies('3.1.2-message-only', '3.4.1-context-returned');
    const { web } = await serve((turn) => `you said ${turn.text}`, {
      web: { answers: ({ parts }) => (parts[0]?.text === 'task' ? 'task' : 'message') },
    });
    const bare = {
      messageId: expect.any(String),
      contextId: expect.any(String),
      role: 'ROLE_AGENT',
      parts: [{ text: 'you said hi' }],
    };
    expect(await web[0].call('SendMessage', message('hi'))).toEqual({
      ...{ jsonrpc: '2.0', id: 1 },
      result: { message: bare },
    });
    const stream = await streamText(web[1], 'hi');
    expect(await stream.rest()).toEqual([{ message: bare }]);
    expect(await listTasks(web[0])).toEqual({ tasks: [], nextPageToken: '', pageSize: 50, totalSize: 0 });
    expect(await sendText(web[0], 'task')).toMatchObject({ status: { state: 'TASK_STATE_COMPLETED' } });
  });

  it('H12: returnImmediately answers with the task before the agent has begun', async () => {
    verifies('3.2.2-return-immediately', '3.1.1-returns-task-or-message', '3.4.2-task-id-returned');
    const { agent, go } = gatedWords();
    const { web } = await serve(agent, { web: { answers: 'message' } });
    const task = await start(web[0], 'hi');
    expect(task).toEqual(submitted(task));
    go();
    await until(async () => (await getTask(web[1], task.id)).status.state === 'TASK_STATE_COMPLETED');
  });

  it('H13: one messageId starts as many tasks as it is sent', async () => {
    verifies('3.4.2-task-id-unique');
    const { web } = await serve((turn) => turn.text);
    const texts = Array.from({ length: 20 }, (_, index) => String(index % 5));
    const tasks = await Promise.all(texts.map((text, index) => sendText(web[index % 2 ? 1 : 0], text)));
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(20);
    expect(tasks.map(({ artifacts }) => artifacts?.[0]?.parts[0]?.text)).toEqual(texts);
    expect((await listTasks(web[0])).totalSize).toBe(20);
  });

  it('H14: when an instance shuts down, its streams go on at the other one without loss or repetition', async () => {
    const steps = Array.from({ length: 40 }, () => gate());
    const { web } = await serve(async (turn) => {
      const stream = turn.stream();
      for (const [index, { opened }] of steps.entries()) {
        await opened;
        await stream.append([{ data: index }]);
      }
    });
    const resumable = { 'A2A-Extensions': 'urn:express-a2a:resumable-stream:v1' };
    const before = await streamText(web[0], 'hi', {}, resumable);
    const seen: StreamResponse[] = [];
    const see = (event: StreamResponse | undefined) => event && seen.push(event);
    see(await before.next());
    steps.slice(0, 20).forEach(({ open }) => open());
    for (let count = 0; count < 12; count += 1) see(await before.next());
    const cursor = before.lastId() ?? '';
    const closing = web[0].router.close({ drainMs: 0 });
    steps.slice(20, 30).forEach(({ open }) => open());
    const id = seen[0]?.task?.id ?? '';
    await closing;
    expect(await errorOf(web[0], 'GetTask', { id })).toMatchObject({ code: -32000 });
    const after = await subscribe(web[1], id, { ...resumable, 'Last-Event-ID': cursor });
    steps.forEach(({ open }) => open());
    seen.push(...(await after.rest()));
    expect(seen.flatMap((event) => event.artifactUpdate?.artifact.parts ?? [])).toEqual([
      ...steps.map((_, data) => ({ data })),
      { text: '' },
    ]);
    expect(seen.map(stateOf).filter((state) => state !== undefined)).toEqual([
      'TASK_STATE_SUBMITTED',
      'TASK_STATE_COMPLETED',
    ]);
  });
});
