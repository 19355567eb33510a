import { describe, expect, it } from '@jest/globals';
import { RESUMABLE_STREAM } from '../../lib/core/service.ts';
import { TaskFailed } from '../../lib/core/task-failed.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import {
  InternalError,
  InvalidParamsError,
  TaskNotFoundError,
  UnavailableError,
  UnsupportedOperationError,
} from '../../lib/protocol/errors.ts';
import type { Agent } from '../../lib/core/output.ts';
import { createTestAgent, type TestAgent, type TestAgentOptions } from '../../lib/testing/test-agent.ts';
import { fakeClock } from '../../lib/testing/fake-clock.ts';
import { faultyStorage } from '../../lib/testing/faulty-storage.ts';
import { createGate } from '../../lib/testing/gate.ts';
import { hostileBroker } from '../../lib/testing/hostile-broker.ts';
import { hostileBus } from '../../lib/testing/hostile-bus.ts';
import { scriptedAgent } from '../../lib/testing/scripted-agent.ts';
import { textOf } from '../../lib/testing/text-of.ts';

const ID: unknown = expect.stringMatching(/^[0-9a-f-]{36}$/);
const TIME: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

async function withAgent<T>(
  agent: Agent,
  body: (tested: TestAgent) => Promise<T>,
  options: TestAgentOptions = {},
): Promise<T> {
  const tested = createTestAgent(agent, options);
  try {
    return await body(tested);
  } finally {
    await tested.close();
  }
}

const echo: Agent = ({ text }) => `You said ${text}`;

describe('a test agent answers as a server does', () => {
  it('gives the whole task that a client gets', () =>
    withAgent(echo, async (agent) => {
      const task = await agent.send('hello');
      expect(task).toEqual({
        ...{ id: ID, contextId: ID },
        status: { state: 'TASK_STATE_COMPLETED', timestamp: TIME },
        history: [
          {
            ...{ messageId: ID, role: 'ROLE_USER', parts: [{ text: 'hello' }] },
            ...{ taskId: task.id, contextId: task.contextId },
          },
        ],
        artifacts: [{ artifactId: '1-1', parts: [{ text: 'You said hello' }] }],
      });
      expect(textOf(task)).toBe('You said hello');
      expect(await agent.get(task.id)).toEqual(task);
      expect(await agent.get(task.id, { historyLength: 0 })).toEqual({ ...task, history: undefined });
    }));

  it('takes parts, whole messages and what goes beside them', () => {
    const seen: unknown[] = [];
    const note: Agent = ({ message, request }) => {
      seen.push([message.parts, message.messageId, message.contextId, request]);
    };
    return withAgent(note, async (agent) => {
      await agent.send([{ data: { city: 'Paris' } }], {
        contextId: 'c',
        acceptedOutputModes: ['text/plain'],
      });
      await agent.send({ parts: [{ text: 'x' }], messageId: 'm' }, { contextId: 'c', metadata: { a: 1 } });
      expect(seen).toEqual([
        [[{ data: { city: 'Paris' } }], ID, 'c', { acceptedOutputModes: ['text/plain'] }],
        [[{ text: 'x' }], 'm', 'c', { metadata: { a: 1 } }],
      ]);
    });
  });

  it('streams the task, what is yielded, and the end', () => {
    async function* counting() {
      yield 'one ';
      yield await Promise.resolve('two');
    }
    return withAgent(counting, async (agent) => {
      const events = await agent.stream('count').rest();
      expect(events[0]?.task?.status.state).toBe('TASK_STATE_SUBMITTED');
      expect(events.flatMap((event) => event.artifactUpdate?.artifact.parts ?? [])).toEqual([
        { text: 'one ' },
        { text: 'two' },
        // the last chunk
        { text: '' },
      ]);
      expect(events.at(-1)?.statusUpdate?.status.state).toBe('TASK_STATE_COMPLETED');
    });
  });

  it('goes on with a task that asked', () => {
    const asking: Agent = async (turn) => {
      if (turn.task.history?.length !== 1) return `Sunny in ${turn.text}`;
      await turn.requireInput('Which city?');
      return undefined;
    };
    return withAgent(asking, async (agent) => {
      const asked = await agent.send('weather');
      expect([asked.status.state, textOf(asked)]).toEqual(['TASK_STATE_INPUT_REQUIRED', 'Which city?']);
      const answered = await agent.send('Paris', { taskId: asked.id });
      expect([answered.status.state, textOf(answered)]).toEqual(['TASK_STATE_COMPLETED', 'Sunny in Paris']);
    });
  });

  it('subscribes in the middle, and sees every event after the snapshot', () => {
    const gate = createGate();
    return withAgent(scriptedAgent(['a', { wait: gate }, 'b']), async (agent) => {
      const { id } = await agent.send('go', { returnImmediately: true });
      await gate.reached;
      const stream = agent.subscribe(id);
      const first = await stream.next();
      expect(textOf(first.value?.task ?? { messageId: '', role: 'ROLE_AGENT', parts: [] })).toBe('a');
      gate.open();
      const rest = await stream.rest();
      expect(
        rest.map((event) => event.artifactUpdate?.artifact.parts ?? event.statusUpdate?.status.state),
      ).toEqual(expect.arrayContaining([[{ text: 'b' }], 'TASK_STATE_COMPLETED']));
    });
  });

  it('lists the tasks of the caller, and hides them from others', () =>
    withAgent(echo, async (agent) => {
      const mine = await agent.send('mine', { owner: 'ann' });
      await agent.send('yours', { owner: 'bob' });
      const { tasks, totalSize } = await agent.list({ includeArtifacts: true }, { owner: 'ann' });
      expect([tasks, totalSize]).toEqual([[mine], 1]);
      await expect(agent.get(mine.id, { owner: 'bob' })).rejects.toBeInstanceOf(TaskNotFoundError);
      await expect(agent.subscribe(mine.id).next()).rejects.toBeInstanceOf(TaskNotFoundError);
    }));

  it('cancels: the agent is told, and the task is canceled', () => {
    const gate = createGate();
    const reasons: unknown[] = [];
    const slow: Agent = async ({ signal }) => {
      signal.addEventListener('abort', () => {
        reasons.push(signal.reason);
        gate.open();
      });
      await gate.pass();
    };
    return withAgent(slow, async (agent) => {
      const { id } = await agent.send('go', { returnImmediately: true });
      await gate.reached;
      const task = await agent.cancel(id);
      expect([task.status.state, reasons]).toEqual(['TASK_STATE_CANCELED', ['cancel']]);
    });
  });

  it('resumes a task that waits for a credential', () =>
    withAgent(
      async (turn) => {
        const got = await turn.requireAuth('Sign in', { wait: true });
        return JSON.stringify(got);
      },
      async (agent) => {
        const asked = await agent.send('go');
        expect(asked.status.state).toBe('TASK_STATE_AUTH_REQUIRED');
        const stream = agent.subscribe(asked.id);
        await stream.next();
        expect(await agent.resume(asked.id, { token: 1 })).toBe(true);
        await stream.rest();
        expect(textOf(await agent.get(asked.id))).toBe('{"data":{"token":1}}');
        expect(await agent.resume('unknown')).toBe(false);
      },
    ));

  it('gives the message of an agent that answers with one', () =>
    withAgent(
      echo,
      async (agent) => {
        const message = await agent.ask('hello');
        expect(textOf(message)).toBe('You said hello');
        await expect(agent.send('hello')).rejects.toThrow('use `ask`');
        expect(await agent.stream('hello').rest()).toEqual([
          { message: { ...message, messageId: ID, contextId: ID } },
        ]);
      },
      { answers: 'message' },
    ));

  it('takes the extensions that the client activates', () =>
    withAgent(
      ({ request }) => request.extensions?.join() ?? 'none',
      async (agent) => {
        const extensions = ['urn:x', 'urn:unknown', RESUMABLE_STREAM];
        expect(textOf(await agent.send('hello', { extensions }))).toBe(`urn:x,${RESUMABLE_STREAM}`);
        await expect(agent.send('hello')).rejects.toMatchObject({ code: -32008 });
      },
      { card: { capabilities: { extensions: [{ uri: 'urn:x', required: true }] } } },
    ));
});

describe('errors of a test agent are what clients see', () => {
  it('keeps the text of an error from the client, and tells the test', () => {
    const error = new Error('password is 1234');
    return withAgent(scriptedAgent([{ throw: error }]), async (agent) => {
      const task = await agent.send('hello');
      const errorId = agent.errors[0]?.info.errorId ?? '';
      expect(task.status.state).toBe('TASK_STATE_FAILED');
      expect(textOf(task)).toBe(`The agent failed (error id ${errorId})`);
      expect(agent.errors).toEqual([
        { error, info: { errorId, taskId: task.id, contextId: task.contextId } },
      ]);
    });
  });

  it('shows the words of TaskFailed', () =>
    withAgent(scriptedAgent([{ throw: new TaskFailed('No such city') }]), async (agent) => {
      const task = await agent.send('hello');
      expect([task.status.state, textOf(task), agent.errors]).toEqual([
        'TASK_STATE_FAILED',
        'No such city',
        [],
      ]);
    }));

  it('refuses wrong parameters, with the field', () =>
    withAgent(echo, async (agent) => {
      const refused = agent.send([]);
      await expect(refused).rejects.toBeInstanceOf(InvalidParamsError);
      await expect(refused).rejects.toMatchObject({
        code: -32602,
        violations: [{ field: 'message.parts' }],
      });
      await expect(agent.call('GetTask', { id: 1 })).rejects.toMatchObject({ code: -32602 });
      await expect(agent.stream('x', { taskId: 'unknown' }).rest()).rejects.toBeInstanceOf(TaskNotFoundError);
      const done = await agent.send('done');
      await expect(agent.send('more', { taskId: done.id })).rejects.toBeInstanceOf(UnsupportedOperationError);
      await expect(agent.subscribe(done.id).rest()).rejects.toBeInstanceOf(UnsupportedOperationError);
    }));

  it('masks what fails below it, and tells the test', async () => {
    const storage = faultyStorage(memoryBackend().storage);
    await withAgent(
      echo,
      async (agent) => {
        storage.setFault(({ method }) => (method === 'listTasks' ? 'fail' : undefined));
        const failed = await agent.list().catch((error: unknown) => error);
        expect(failed).toBeInstanceOf(InternalError);
        expect([String(failed), agent.errors]).toEqual([
          expect.stringMatching(/Internal error/),
          [
            {
              error: expect.objectContaining({ message: 'listTasks failed' }),
              info: { errorId: ID, method: 'ListTasks' },
            },
          ],
        ]);
      },
      { storage },
    );
  });

  it('refuses options that can not work', () => {
    expect(() => createTestAgent(echo, { worker: { concurrency: 0 } })).toThrow('concurrency');
    expect(() => createTestAgent(echo, { card: { name: '' } })).toThrow();
    expect(() => createTestAgent('echo' as never)).toThrow('takes the agent');
  });
});

describe('a client of a test agent that leaves', () => {
  it('ends its stream, and the task goes on', () => {
    const gate = createGate();
    return withAgent(scriptedAgent(['a', { wait: gate }, 'b']), async (agent) => {
      let id = '';
      for await (const event of agent.stream('go')) {
        id = event.task?.id ?? id;
        if (event.artifactUpdate) break;
      }
      const other = agent.subscribe(id);
      await other.next();
      gate.open();
      await other.rest();
      expect(textOf(await agent.get(id))).toBe('ab');
    });
  });

  it('ends a stream whose next event is being waited for', () => {
    const gate = createGate();
    return withAgent(scriptedAgent([{ wait: gate }]), async (agent) => {
      const stream = agent.stream('go');
      await stream.next();
      const waiting = stream.next();
      await gate.reached;
      await stream.leave();
      await stream.leave();
      expect(await waiting).toEqual({ done: true, value: undefined });
    });
  });

  it('rejects a send with the reason of its signal', () => {
    const gate = createGate();
    const gone = new AbortController();
    return withAgent(scriptedAgent([{ wait: gate }]), async (agent) => {
      const sending = agent.send('go', { signal: gone.signal });
      await gate.reached;
      gone.abort(new Error('closed the window'));
      await expect(sending).rejects.toThrow('closed the window');
      expect([(await agent.list()).tasks.length, agent.errors]).toEqual([1, []]);
    });
  });
});

describe('a test agent on a clock of the test', () => {
  it('ends a run that takes too long', () => {
    const clock = fakeClock();
    const gate = createGate();
    return withAgent(
      scriptedAgent([{ wait: gate }]),
      async (agent) => {
        const sending = agent.send('go');
        await gate.reached;
        clock.advance(60_000);
        const { status } = await sending;
        expect(status.state).toBe('TASK_STATE_FAILED');
      },
      { clock, worker: { runTimeoutMs: 60_000 } },
    );
  });

  it('closes though an agent neither ends nor heeds its signal', async () => {
    const never = createGate();
    const agent = createTestAgent(() => never.pass(), { clock: fakeClock() });
    const sending = agent.send('go').catch((error: unknown) => error);
    await never.reached;
    await agent.close();
    await agent.close();
    expect(await sending).toBeInstanceOf(UnavailableError);
    await expect(agent.send('more')).rejects.toBeInstanceOf(UnavailableError);
  });
});

describe('a test agent on a backend that loses hints', () => {
  it.each([0.3, 1])('answers all the same when %d of them are lost', async (drop) => {
    const clock = fakeClock();
    const memory = memoryBackend({ clock });
    const broker = hostileBroker(memory.broker, { drop, repeat: 0.3, delay: 0.3, strip: 0.3 });
    const eventBus = hostileBus(memory.eventBus, { drop });
    await withAgent(
      echo,
      async (agent) => {
        const texts = Array.from({ length: 10 }, (_, n) => `hello ${String(n)}`);
        const sending = Promise.all(texts.map((text) => agent.send(text)));
        let tasks: Awaited<typeof sending> | undefined;
        void sending.then((sent) => (tasks = sent));
        while (tasks === undefined) {
          await new Promise(setImmediate);
          clock.advance(100);
        }
        expect(tasks.map((task) => textOf(task))).toEqual(texts.map((text) => `You said ${text}`));
        expect(broker.lost()).toBeGreaterThan(0);
      },
      { clock, storage: memory.storage, broker, eventBus },
    );
  });
});
