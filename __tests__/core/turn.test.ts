import { describe, expect, it } from '@jest/globals';
import type { Agent } from '../../lib/core/output.ts';
import { TaskClosed, TaskFailed } from '../../lib/core/task-failed.ts';
import type { Turn } from '../../lib/core/turn.ts';
import { errorOf } from '../../lib/testing/worker/agent-cases.ts';
import { gate, runOnce, withBench } from '../helpers/worker-bench.ts';

describe('a turn tells', () => {
  it('the message, the request and the task', async () => {
    const turn = await withBench(async (bench) => {
      const seen = gate<Turn>();
      await bench.start((given) => {
        seen.open(given);
      });
      await bench.send('one', {
        contextId: 'ctx',
        request: { acceptedOutputModes: ['text/plain'], metadata: { a: 1 } },
        message: {
          parts: [
            { text: 'one' },
            { data: [1, 2] },
            { raw: 'aGk=', filename: 'hi.txt', mediaType: 'text/plain' },
            { url: 'https://example.com/a' },
            { text: 'two' },
          ],
        },
      });
      return seen.opened;
    });
    expect(turn).toMatchObject({
      taskId: 'task-1',
      contextId: 'ctx',
      scope: { agent: 'suite', tenant: '', owner: 'ann' },
      request: { acceptedOutputModes: ['text/plain'], metadata: { a: 1 } },
      text: 'one\ntwo',
      data: [[1, 2]],
      attempt: 1,
      message: { messageId: 'm-1', role: 'ROLE_USER' },
      task: { id: 'task-1', status: { state: 'TASK_STATE_SUBMITTED' } },
    });
    expect(turn.files).toEqual([
      { name: 'hi.txt', mediaType: 'text/plain', bytes: new Uint8Array([104, 105]) },
      { url: 'https://example.com/a' },
    ]);
    expect('resumed' in turn).toBe(false);
  });

  it('when to stop, by one signal, whoever asks for it and when: copies of the turn, and what is made of it', async () => {
    const { signals, reasons } = await withBench(async (bench) => {
      const [begun, seen] = [gate<Turn>(), gate<{ signals: Set<AbortSignal>; reasons: unknown[] }>()];
      const stopped = gate();
      await bench.start(async (turn) => {
        begun.open(turn);
        // nobody has asked for the signal when it is to be aborted
        await stopped.opened;
        const copies = [turn, { ...turn }, Object.create(turn) as Turn, new Proxy(turn, {})];
        const asked = copies.map(({ signal }) => signal);
        seen.open({ signals: new Set(asked), reasons: asked.map(({ reason }) => reason as unknown) });
      });
      const taskId = await bench.send('one');
      expect(Object.keys(await begun.opened)).toContain('signal');
      await bench.cancel(taskId);
      stopped.open();
      return seen.opened;
    });
    expect(signals.size).toBe(1);
    expect(reasons).toEqual(['cancel', 'cancel', 'cancel', 'cancel']);
  });

  it('finished tasks of the same context and owner, newest first', async () => {
    const found = await withBench(async (bench) => {
      const seen = gate<string[][]>();
      await bench.start(async (turn) => {
        if (turn.text !== 'list') return turn.text === 'wait' ? turn.requireInput('?') : 'ok';
        const ids = async (limit: number) => (await turn.previousTasks(limit)).map(({ id }) => id);
        seen.open([await ids(10), await ids(2), await ids(0)]);
        return undefined;
      });
      for (const wish of [{}, { contextId: 'other' }, { owner: 'bob' }, {}, {}]) {
        await bench.ended(await bench.send('x', wish));
        await bench.advance(250);
      }
      const waiting = await bench.send('wait');
      await bench.until(waiting, ({ kind }) => kind === 'status');
      await bench.send('list');
      return seen.opened;
    });
    expect(found).toEqual([['task-5', 'task-4', 'task-1'], ['task-5', 'task-4'], []]);
  });

  it('finished tasks from beyond the first page', async () => {
    await withBench(async (bench) => {
      const seen = gate<number>();
      await bench.start(async (turn) => {
        if (turn.text === 'first') return;
        if (turn.text === 'list') seen.open((await turn.previousTasks(1)).length);
        else await turn.requireInput('?');
      });
      await bench.ended(await bench.send('first'));
      await bench.advance(250);
      for (let n = 0; n < 60; n += 1) {
        const taskId = await bench.send('wait');
        await bench.until(taskId, ({ kind }) => kind === 'status');
      }
      await bench.send('list');
      expect(await seen.opened).toBe(1);
    });
  });

  it('the tasks that the message refers to, and leaves out those of others', async () => {
    await withBench(async (bench) => {
      const seen = gate<string[]>();
      await bench.start(async (turn) => {
        if (turn.text === 'refer') seen.open((await turn.referencedTasks()).map(({ id }) => id));
        return 'ok';
      });
      await bench.ended(await bench.send('mine'));
      await bench.ended(await bench.send('of bob', { owner: 'bob' }));
      await bench.ended(await bench.send('bare', { answers: 'message' }));
      const referenceTaskIds = ['task-1', 'task-2', 'task-3', 'nobody', 'task-1'];
      await bench.send('refer', { message: { referenceTaskIds } });
      expect(await seen.opened).toEqual(['task-1']);
    });
  });
});

describe('a turn says', () => {
  it.each<[string, Agent, string[]]>([
    ['working', (turn) => turn.working('on it'), ['WORKING on it', 'COMPLETED']],
    ['working without a word', (turn) => turn.working(), ['WORKING', 'COMPLETED']],
    [
      'an artifact',
      (turn) => turn.artifact({ name: 'n', parts: [{ text: 'a' }] }),
      ['artifact 1-1 = a .', 'COMPLETED'],
    ],
    [
      'artifacts with ids of ours and its own',
      async (turn) => {
        await turn.artifact({ parts: [{ text: 'a' }] });
        await turn.artifact({ artifactId: 'own', parts: [{ text: 'b' }] });
        await turn.artifact({ parts: [{ text: 'c' }] });
      },
      ['artifact 1-1 = a .', 'artifact own = b .', 'artifact 1-2 = c .', 'COMPLETED'],
    ],
    [
      'a stream',
      async (turn) => {
        const stream = turn.stream({ artifactId: 's' });
        await stream.append('a');
        await stream.append([{ data: 1 }]);
        await stream.end('z');
      },
      ['artifact s = a', 'artifact s += 1', 'artifact s += z .', 'COMPLETED'],
    ],
    ['a stream of one piece', (turn) => turn.stream().end('all'), ['artifact 1-1 = all .', 'COMPLETED']],
    ['a stream of nothing', (turn) => turn.stream().end(), ['COMPLETED']],
    [
      'a stream that it does not end',
      async (turn) => {
        await turn.stream().append('a');
        await turn.stream().append('b');
      },
      [
        ...['artifact 1-1 = a', 'artifact 1-2 = b'],
        ...['artifact 1-1 +=  .', 'artifact 1-2 +=  .', 'COMPLETED'],
      ],
    ],
    ['complete', (turn) => turn.complete('done'), ['COMPLETED done']],
    ['fail', (turn) => turn.fail('no'), ['FAILED no']],
    ['reject', (turn) => turn.reject([{ text: 'not' }, { text: 'me' }]), ['REJECTED not|me']],
    ['reply', (turn) => turn.reply('hi'), ['artifact 1-1 = hi .', 'COMPLETED']],
    ['requireInput', (turn) => turn.requireInput('which?'), ['INPUT_REQUIRED which?']],
    ['requireAuth', (turn) => turn.requireAuth('sign in'), ['AUTH_REQUIRED sign in']],
    [
      'everything without awaiting anything',
      (turn) => {
        void turn.working('a');
        void turn.artifact({ parts: [{ text: 'b' }] });
        void turn.complete('c');
      },
      ['WORKING a', 'artifact 1-1 = b .', 'COMPLETED c'],
    ],
    [
      'a pause without awaiting it',
      (turn) => {
        void turn.requireInput('which?');
      },
      ['INPUT_REQUIRED which?'],
    ],
  ])('%s', async (_, agent, log) => {
    expect(await runOnce(agent)).toMatchObject({ log, errors: [] });
  });

  it('a message with all that belongs to one', async () => {
    const { task } = await runOnce((turn) =>
      turn.complete({
        parts: [{ text: 'done' }],
        messageId: 'mine',
        role: 'ROLE_USER',
        taskId: 'another',
        contextId: 'another',
        metadata: { a: 1 },
        extensions: ['urn:x'],
        referenceTaskIds: ['t0'],
      }),
    );
    expect(task.status.message).toEqual({
      messageId: 'mine',
      role: 'ROLE_AGENT',
      taskId: 'task-1',
      contextId: 'context',
      parts: [{ text: 'done' }],
      metadata: { a: 1 },
      extensions: ['urn:x'],
      referenceTaskIds: ['t0'],
    });
  });

  it('a bare message without a task', async () => {
    await withBench(async (bench) => {
      await bench.start((turn) => turn.reply({ parts: [{ text: 'hi' }], taskId: 'x', messageId: 'mine' }));
      const last = (await bench.ended(await bench.send('hello', { answers: 'message' }))).at(-1);
      expect(last?.kind === 'message' && last.message).toEqual({
        messageId: 'mine',
        role: 'ROLE_AGENT',
        contextId: 'context',
        parts: [{ text: 'hi' }],
      });
    });
  });

  it('metadata of a status, which the task keeps, and of a reply, which its artifact keeps', async () => {
    const { task } = await runOnce(async (turn) => {
      await turn.working('half', { progress: 0.5, step: 1 });
      await turn.working(undefined, { progress: 1 });
      await turn.reply({ parts: [{ text: 'a' }], metadata: { b: 2 }, extensions: ['urn:x'] });
    });
    expect(task.metadata).toEqual({ progress: 1, step: 1 });
    expect(task.artifacts).toEqual([
      { artifactId: '1-1', parts: [{ text: 'a' }], metadata: { b: 2 }, extensions: ['urn:x'] },
    ]);
  });

  it('the head of a streamed artifact once', async () => {
    const { task } = await runOnce(async (turn) => {
      const stream = turn.stream({ name: 'n', description: 'd', metadata: { a: 1 } });
      await stream.append('a');
      await stream.end('b');
    });
    expect(task.artifacts).toEqual([
      { artifactId: '1-1', name: 'n', description: 'd', metadata: { a: 1 }, parts: [{ text: 'ab' }] },
    ]);
  });
});

describe('a turn refuses', () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);

  it.each<[string, (turn: Turn) => Promise<unknown>, RegExp]>([
    ['an artifact without parts', (turn) => turn.artifact({ parts: [] }), /^artifact\.parts /],
    ['a message without parts', (turn) => turn.complete([]), /^message\.parts /],
    ['a message that is a number', (turn) => turn.working(7 as unknown as string), /^a message is a string/],
    ['a message that is null', (turn) => turn.fail(null as unknown as string), /^a message is a string/],
    ['metadata that is no JSON', (turn) => turn.working('x', { big: 1n }), /^status must be JSON/],
    [
      'metadata that is no object',
      (turn) => turn.working('x', 'meta' as unknown as Record<string, unknown>),
      /^status\.metadata must be an object/,
    ],
    ['data that never ends', (turn) => turn.artifact({ parts: [{ data: cyclic }] }), /must not nest deeper/],
    ['a wrong chunk', (turn) => turn.stream().append([{}] as never), /^parts\[0\] /],
    ['a wrong head', (turn) => turn.stream({ name: 7 as unknown as string }).append('a'), /^artifact\.name /],
    ['a wrong question', (turn) => turn.requireInput([]), /^message\.parts /],
  ])('%s, with a TypeError, and goes on', async (_, call, text) => {
    let error: unknown;
    const { log, errors, logged } = await runOnce(async (turn) => {
      error = await errorOf(call(turn));
      return 'still here';
    });
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: expect.stringMatching(text) as unknown });
    expect(log).toEqual([expect.stringMatching(/^artifact 1-[12] = still here \.$/), 'COMPLETED']);
    expect(errors).toEqual([]);
    expect(logged).toHaveLength(1);
  });

  it('a wrong last message without ending its streams', async () => {
    const { task } = await runOnce(async (turn) => {
      const stream = turn.stream();
      await stream.append('a');
      await errorOf(turn.complete([]));
      await stream.append('b');
    });
    expect(task.artifacts).toEqual([{ artifactId: '1-1', parts: [{ text: 'ab' }] }]);
  });

  it('chunks after the last one', async () => {
    const errors: unknown[] = [];
    const { log } = await runOnce(async (turn) => {
      const stream = turn.stream();
      await stream.end('a');
      errors.push(await errorOf(stream.append('b')), await errorOf(stream.end()));
    });
    expect(errors).toEqual([
      new TaskClosed('The artifact 1-1 has ended'),
      new TaskClosed('The artifact 1-1 has ended'),
    ]);
    expect(log).toEqual(['artifact 1-1 = a .', 'COMPLETED']);
  });

  it('calls that nobody awaits without an unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const listen = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', listen);
    try {
      for (const answers of ['task', 'message'] as const) {
        await runOnce(
          async (turn) => {
            void turn.artifact({ parts: [] });
            void turn.working([]);
            void turn.requireAuth([], { wait: true });
            await turn.reply('done');
            void turn.working('late');
            void turn.artifact({ parts: [{ text: 'late' }] });
            void turn.stream().append('late');
            void turn.stream().end('late');
            void turn.complete();
            void turn.fail('late');
            void turn.reject('late');
            void turn.reply('late');
            void turn.requireInput('late');
            void turn.requireAuth('late');
            void turn.requireAuth('late', { wait: true });
          },
          { answers },
        );
      }
      for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    } finally {
      process.off('unhandledRejection', listen);
    }
    expect(unhandled).toEqual([]);
  });
});

describe('an agent that throws', () => {
  it('after its end is heard by onError, and changes nothing', async () => {
    const { log, errors } = await runOnce(async (turn) => {
      await turn.complete('done');
      throw new Error('while cleaning up');
    });
    expect(log).toEqual(['COMPLETED done']);
    expect(errors).toEqual([new Error('while cleaning up')]);
  });

  it('what a call was refused with has failed', async () => {
    const { log, errors } = await runOnce(async (turn) => {
      const stream = turn.stream();
      await stream.end('a');
      await stream.append('b');
    });
    expect(log).toEqual(['artifact 1-1 = a .', expect.stringMatching(/^FAILED The agent failed/)]);
    expect(errors).toEqual([new TaskClosed('The artifact 1-1 has ended')]);
  });

  it('TaskFailed of another copy of the package is understood, and one that is no JSON is neutral', async () => {
    const foreign = Object.assign(new Error('sold out'), {
      [Symbol.for('express-a2a.task-failed')]: true,
    });
    expect(await runOnce(() => Promise.reject(foreign))).toMatchObject({
      log: ['FAILED sold out'],
      errors: [],
    });
    const broken = new TaskFailed('sold out', { data: { big: 1n } });
    const { log, errors } = await runOnce(() => Promise.reject(broken));
    expect(log).toEqual([expect.stringMatching(/^FAILED The agent failed \(error id/)]);
    expect(errors).toEqual([broken]);
  });

  it('keeps its cause, and fails the task though onError throws too', async () => {
    const cause = new Error('cause');
    expect(new TaskFailed('x', { cause }).cause).toBe(cause);
    const { log, logged } = await runOnce(
      () => {
        throw new Error('first');
      },
      {
        onError: () => {
          throw new Error('second');
        },
      },
    );
    expect(log).toEqual([expect.stringMatching(/^FAILED/)]);
    expect(logged).toEqual(['the agent failed', 'onError itself failed']);
  });
});
