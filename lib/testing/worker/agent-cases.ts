import { messageText } from '../../core/draft.ts';
import type { LogEntry } from '../../core/log.ts';
import type { Agent } from '../../core/output.ts';
import { LeaseLost, TaskClosed, TaskFailed } from '../../core/task-failed.ts';
import type { Turn } from '../../core/turn.ts';
import type { WorkerKit } from '../worker-suite.ts';
import { brief } from './brief.ts';

/** W1 to W6: what becomes of what an agent does. */
export function agentCases(kit: WorkerKit): void {
  endCases(kit);
  errorCases(kit);
  lateCases(kit);
  messageCases(kit);
}

/** The error that a call rejects with; undefined when it does not. */
export async function errorOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return undefined;
  } catch (error) {
    return error;
  }
}

function endCases({ test, expect }: WorkerKit): void {
  const rows: [string, Agent, string[]][] = [
    ['returns nothing: COMPLETED', () => undefined, ['COMPLETED']],
    ['returns a text: an artifact, COMPLETED', () => 'hi', ['artifact 1-1 = hi .', 'COMPLETED']],
    [
      'yields nothing: COMPLETED',
      async function* () {
        // it has nothing to say
      },
      ['COMPLETED'],
    ],
    [
      'was WORKING and returns: COMPLETED',
      async (turn) => {
        await turn.working('on it');
      },
      ['WORKING on it', 'COMPLETED'],
    ],
    [
      'asked for input and returns: the task waits',
      async (turn) => {
        await turn.requireInput('which one?');
      },
      ['INPUT_REQUIRED which one?'],
    ],
    [
      'asked for credentials and returns: the task waits',
      async (turn) => {
        await turn.requireAuth('sign in');
      },
      ['AUTH_REQUIRED sign in'],
    ],
  ];
  for (const [name, agent, expected] of rows) {
    test(`W1 no end: an agent that ${name}`, async (bench) => {
      const { worker } = await bench.start(agent);
      const taskId = await bench.send();
      await bench.until(taskId, (entry) => briefOf(entry) === expected.at(-1));
      await bench.settle();
      expect(brief(await bench.log(taskId))).toEqual(['open hello', 'start 1', ...expected]);
      expect(worker.status()).toEqual({ running: 0, orphaned: 0 });
    });
  }
}

function briefOf(entry: LogEntry): string | undefined {
  return brief([entry])[0];
}

function errorCases({ test, expect }: WorkerKit): void {
  test('W2 throw: FAILED with a neutral text and an error id; the error itself goes to onError', async (bench) => {
    const error = new Error('the password is hunter2');
    const { errors } = await bench.start(async () => {
      throw error;
    });
    const taskId = await bench.send();
    const entries = await bench.ended(taskId);
    expect(errors.map((one) => one.error)).toEqual([error]);
    const errorId = errors[0]?.info.errorId ?? '';
    expect(brief(entries).slice(2)).toEqual([`FAILED The agent failed (error id ${errorId})`]);
    // why it failed is for a client that gets no task
    expect(entries.map((entry) => 'error' in entry)).toEqual([false, false, false]);
    expect(errors[0]?.info).toEqual({ errorId, taskId, contextId: 'context' });
    expect(JSON.stringify(entries).includes('hunter2')).toBe(false);
  });

  test('W2 throw: of undefined, and before the first await, count as well', async (bench) => {
    const { errors } = await bench.start((turn) => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- agents do such things
      throw turn.text === 'first' ? undefined : new Error('at once');
    });
    const tasks = [await bench.send('first'), await bench.send('second')];
    for (const taskId of tasks) {
      await bench.ended(taskId);
      const { task } = await bench.load(taskId);
      expect(task.status.state).toBe('TASK_STATE_FAILED');
    }
    expect(errors.length).toBe(2);
  });

  test('W2 throw: TaskFailed is told to the client as written, and to nobody else', async (bench) => {
    const { errors } = await bench.start(() => {
      throw new TaskFailed('No seats left', { code: 'SOLD_OUT', data: { seats: 0 } });
    });
    const taskId = await bench.send();
    await bench.ended(taskId);
    const { task } = await bench.load(taskId);
    expect(task.status.state).toBe('TASK_STATE_FAILED');
    expect(task.status.message?.parts).toEqual([
      { text: 'No seats left' },
      { data: { code: 'SOLD_OUT', data: { seats: 0 } } },
    ]);
    expect(errors).toEqual([]);
  });

  test('W2 throw: what was said before is kept, in order', async (bench) => {
    await bench.start(async function* () {
      yield 'one ';
      yield 'two ';
      throw new TaskFailed('out of words');
    });
    const entries = await bench.ended(await bench.send());
    expect(brief(entries).slice(2)).toEqual([
      'artifact 1-1 = one ',
      'artifact 1-1 += two ',
      'FAILED out of words',
    ]);
  });
}

function lateCases({ test, expect }: WorkerKit): void {
  const ends: [string, (turn: Turn) => Promise<void>, string][] = [
    ['its own end', (turn) => turn.complete('done'), 'COMPLETED done'],
    ['its own failure', (turn) => turn.fail('no'), 'FAILED no'],
    ['its own refusal', (turn) => turn.reject('never'), 'REJECTED never'],
    ['a pause', (turn) => turn.requireInput('which?'), 'INPUT_REQUIRED which?'],
  ];
  for (const [name, end, expected] of ends) {
    test(`W3 late: what an agent says after ${name} rejects with TaskClosed and is not stored`, async (bench) => {
      const refused: unknown[] = [];
      const station = await bench.start(async (turn) => {
        await end(turn);
        refused.push(await errorOf(turn.working('late')));
        refused.push(await errorOf(turn.artifact({ parts: [{ text: 'late' }] })));
        refused.push(await errorOf(turn.stream().append('late')));
        refused.push(await errorOf(turn.complete('late')));
        refused.push(await errorOf(turn.requireInput('late')));
        refused.push(await errorOf(turn.requireAuth('late', { wait: true })));
        return 'late';
      });
      const taskId = await bench.send();
      await bench.until(taskId, (entry) => briefOf(entry) === expected);
      while (station.worker.status().orphaned + station.worker.status().running > 0) await bench.settle();
      expect(refused.map((error) => error instanceof TaskClosed)).toEqual(refused.map(() => true));
      expect(refused.length).toBe(6);
      expect(brief(await bench.log(taskId))).toEqual(['open hello', 'start 1', expected]);
      expect(station.logged.length).toBeGreaterThan(0);
    });
  }

  test(
    'W4 lost lease: what an agent says then rejects with LeaseLost and is not stored',
    async (bench) => {
      let refused: unknown;
      let reason: unknown;
      const { storage } = await bench.start(async (turn) => {
        await new Promise((resolve) => {
          turn.signal.addEventListener('abort', resolve);
        });
        reason = turn.signal.reason;
        refused = await errorOf(turn.working('late'));
      });
      const taskId = await bench.send();
      await bench.until(taskId, ({ kind }) => kind === 'start');
      // its heartbeats do not get through
      storage.setFault(({ method }) => (method === 'renew' ? 'fail' : undefined));
      await bench.advance(28_000);
      expect(reason).toBe('lease-lost');
      await bench.settle();
      expect(refused instanceof TaskClosed || refused instanceof LeaseLost).toBe(true);
      // whoever claims the task next ends it, which a storage with a clock of its own may allow early
      await bench.advance(8000);
      expect(brief(await bench.ended(taskId))).toEqual([
        ...['open hello', 'start 1'],
        'FAILED The worker that ran the agent was lost',
      ]);
    },
    ['advance'],
  );
}

function messageCases({ test, expect }: WorkerKit): void {
  test("W5 'message': what is returned, or replied, is the one Message", async (bench) => {
    await bench.start((turn) => (turn.text === 'return' ? 'hi' : turn.reply('hi')));
    for (const how of ['return', 'reply']) {
      const entries = await bench.ended(await bench.send(how, { answers: 'message' }));
      expect(brief(entries)).toEqual([`open ${how}`, 'start 1', 'message hi']);
    }
  });

  const rows: [string, Agent][] = [
    ['a status', (turn) => turn.working('on it')],
    ['an artifact', (turn) => turn.artifact({ parts: [{ text: 'a' }] })],
    ['a stream', (turn) => turn.stream().append('a')],
    ['an end without a message', () => undefined],
    ['an end that is a status', (turn) => turn.complete('done')],
    ['a request for input', (turn) => turn.requireInput('which?')],
    ['a request for credentials', (turn) => turn.requireAuth('sign in')],
    [
      'chunks',
      async function* () {
        yield 'a';
      },
    ],
  ];
  for (const [name, agent] of rows) {
    test(`W5 'message': ${name} is an invalid answer (-32006), FAILED for the record`, async (bench) => {
      const { errors } = await bench.start(agent);
      const entries = await bench.ended(await bench.send('hello', { answers: 'message' }));
      expect(entries.map(({ kind }) => kind)).toEqual(['open', 'start', 'status']);
      const last = entries.at(-1);
      expect(last?.kind === 'status' && [last.state, last.error?.code]).toEqual([
        'TASK_STATE_FAILED',
        -32006,
      ]);
      expect(errors).toEqual([]);
    });
  }

  test("W5 'message': a throw is an internal error (-32603); TaskFailed brings its words", async (bench) => {
    const { errors } = await bench.start((turn) => {
      throw turn.text === 'tell' ? new TaskFailed('sold out') : new Error('secret');
    });
    const [told, secret] = [
      (await bench.ended(await bench.send('tell', { answers: 'message' }))).at(-1),
      (await bench.ended(await bench.send('keep', { answers: 'message' }))).at(-1),
    ];
    expect(told?.kind === 'status' && [told.error?.code, told.error?.text]).toEqual([-32603, 'sold out']);
    const errorId = errors[0]?.info.errorId;
    expect(secret?.kind === 'status' && secret.error).toEqual({ code: -32603, id: errorId });
    expect(secret?.kind === 'status' && secret.message && messageText(secret.message)).toBe(
      `The agent failed (error id ${errorId})`,
    );
  });

  for (const mode of ['awaits each', 'awaits none', 'yields']) {
    test(`W6 tight loop: an agent that ${mode} lets the event loop turn`, async (bench) => {
      let turns = 0;
      let next: NodeJS.Immediate | undefined;
      const count = () => {
        turns += 1;
        next = setImmediate(count);
      };
      await bench.start(async function* (turn) {
        count();
        for (let n = 0; n < 1000; n += 1) {
          if (mode === 'yields') yield 'x';
          else if (mode === 'awaits each') await turn.working();
          else void turn.working();
        }
      });
      await bench.ended(await bench.send());
      clearImmediate(next);
      expect(turns).toBeGreaterThan(mode === 'awaits each' ? 10 : 3);
    });
  }

  test('W6 tight loop: an agent that says nothing, or is not heard any more, does not keep the event loop to itself', async (bench) => {
    const goesOn = { silent: true, unheard: true };
    const { worker } = await bench.start(async function* (turn) {
      while (goesOn.silent) yield '';
      await turn.complete();
      while (goesOn.unheard) await errorOf(turn.working('late'));
    });
    const taskId = await bench.send();
    await bench.until(taskId, ({ kind }) => kind === 'start');
    for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
    goesOn.silent = false;
    await bench.ended(taskId);
    for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
    expect(worker.status().orphaned).toBe(1);
    goesOn.unheard = false;
  });
}
