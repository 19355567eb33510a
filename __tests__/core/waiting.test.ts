import { describe, expect, it } from '@jest/globals';
import type { Agent } from '../../lib/core/output.ts';
import { TaskClosed } from '../../lib/core/task-failed.ts';
import type { Turn } from '../../lib/core/turn.ts';
import { errorOf } from '../../lib/testing/worker/agent-cases.ts';
import { brief } from '../../lib/testing/worker/brief.ts';
import type { WorkerBench } from '../../lib/testing/worker/bench.ts';
import { stopped } from '../../lib/testing/worker/stop-cases.ts';
import { gate, withBench } from '../helpers/worker-bench.ts';

const isStatus = (state: string) => (entry: { kind: string; state?: string }) =>
  entry.kind === 'status' && entry.state === `TASK_STATE_${state}`;

async function startWaiting(bench: WorkerBench, agent: Agent, wish = {}): Promise<string> {
  await bench.start(agent, wish);
  const taskId = await bench.send();
  await bench.until(taskId, isStatus('AUTH_REQUIRED'));
  await bench.settle();
  return taskId;
}

describe('a run that waits in AUTH_REQUIRED', () => {
  it('goes on with the next message, under the same lease', async () => {
    await withBench(async (bench) => {
      const taskId = await startWaiting(bench, async (turn) => {
        const answer = await turn.requireAuth('sign in', { wait: true });
        return 'message' in answer ? `got ${answer.message.parts[0]?.text ?? ''}` : 'no';
      });
      await bench.say(taskId, 'token');
      const entries = await bench.ended(taskId);
      expect(brief(entries).slice(1)).toEqual([
        ...['start 1', 'AUTH_REQUIRED sign in', 'input token', 'WORKING'],
        ...['artifact 1-1 = got token .', 'COMPLETED'],
      ]);
      const asked = entries[2];
      expect(asked?.kind === 'status' && [asked.upTo, asked.pause]).toEqual([1, undefined]);
      expect(new Set(entries.filter(({ epoch }) => epoch > 0).map(({ epoch }) => epoch)).size).toBe(1);
    });
  });

  it('goes on with what resume brings', async () => {
    await withBench(async (bench) => {
      const taskId = await startWaiting(bench, async (turn) => {
        const answer = await turn.requireAuth('sign in', { wait: true });
        return JSON.stringify(answer);
      });
      await bench.resume(taskId, { token: 1 });
      expect(brief(await bench.ended(taskId)).slice(3)).toEqual([
        ...['resume', 'WORKING', 'artifact 1-1 = {"data":{"token":1}} .', 'COMPLETED'],
      ]);
    });
  });

  it('can ask again and again, and tells up to where it has seen', async () => {
    await withBench(async (bench) => {
      const taskId = await startWaiting(bench, async (turn) => {
        await turn.requireAuth('first', { wait: true });
        await turn.requireAuth('second', { wait: true });
        await turn.requireInput('third');
      });
      await bench.say(taskId, 'one');
      await bench.until(taskId, (entry) => brief([entry])[0] === 'AUTH_REQUIRED second');
      await bench.say(taskId, 'two');
      const entries = await bench.until(taskId, isStatus('INPUT_REQUIRED'));
      const asked = entries.filter((entry) => entry.kind === 'status' && entry.upTo !== undefined);
      expect(asked.map((entry) => entry.kind === 'status' && entry.upTo)).toEqual([1, 4, 7]);
      await bench.settle();
      expect((await bench.log(taskId)).length).toBe(entries.length);
    });
  });

  it('does not take a message from before it asked, which gets a run of its own', async () => {
    await withBench(async (bench) => {
      const [may, answers] = [gate(), [] as string[]];
      await bench.start(async (turn) => {
        if (turn.text === 'early') return 'early answered';
        await turn.working();
        await may.opened;
        const answer = await turn.requireAuth('sign in', { wait: true });
        answers.push('message' in answer ? (answer.message.parts[0]?.text ?? '') : '');
        await turn.requireInput('and now?');
        return undefined;
      });
      const taskId = await bench.send();
      await bench.until(taskId, isStatus('WORKING'));
      await bench.say(taskId, 'early');
      may.open();
      await bench.until(taskId, isStatus('AUTH_REQUIRED'));
      await bench.settle();
      await bench.say(taskId, 'token');
      const entries = await bench.ended(taskId);
      expect(answers).toEqual(['token']);
      expect(brief(entries).slice(2)).toEqual([
        ...['WORKING', 'input early', 'AUTH_REQUIRED sign in', 'input token', 'WORKING'],
        // the early message has not been answered, so neither the pause nor the later message counts as seen
        ...['INPUT_REQUIRED and now?', 'WORKING', 'start 1', 'artifact 4-1 = early answered .', 'COMPLETED'],
      ]);
      const pause = entries.find(isStatus('INPUT_REQUIRED'));
      // just before the early one
      expect(pause?.kind === 'status' && pause.upTo).toBe(3);
    });
  });

  it.each<[string, (turn: Turn) => unknown, string[]]>([
    ['an artifact', (turn) => turn.artifact({ parts: [{ text: 'a' }] }), ['artifact 1-1 = a .']],
    ['a status', (turn) => turn.working('on'), ['WORKING on']],
    ['a second question', (turn) => void turn.requireAuth('again', { wait: true }), ['AUTH_REQUIRED again']],
    ['an end', (turn) => turn.complete('done'), ['COMPLETED done']],
    ['listening', (turn) => turn.messages(), []],
  ])('is given up by %s', async (_, call, expected) => {
    await withBench(async (bench) => {
      const [may, refused] = [gate(), gate<unknown>()];
      const taskId = await startWaiting(bench, async (turn) => {
        const waiting = turn.requireAuth('sign in', { wait: true });
        await may.opened;
        await call(turn);
        refused.open(await errorOf(waiting));
        await stopped(turn);
      });
      may.open();
      expect(await refused.opened).toEqual(new TaskClosed('Another call of the turn gave the wait up'));
      await bench.settle();
      expect(brief(await bench.log(taskId)).slice(3)).toEqual(expected);
    });
  });

  it('is given up by a call that comes before the question is stored', async () => {
    await withBench(async (bench) => {
      const refused = gate<unknown>();
      await bench.start(async (turn) => {
        const waiting = turn.requireAuth('sign in', { wait: true });
        void turn.working('no matter');
        refused.open(await errorOf(waiting));
      });
      const taskId = await bench.send();
      expect(await refused.opened).toBeInstanceOf(TaskClosed);
      expect(brief(await bench.ended(taskId)).slice(2)).toEqual([
        ...['AUTH_REQUIRED sign in', 'WORKING no matter', 'COMPLETED'],
      ]);
    });
  });

  it('hears of a cancel at once, as the reason of its rejection', async () => {
    await withBench(async (bench) => {
      const reason = gate<unknown>();
      const taskId = await startWaiting(bench, async (turn) => {
        reason.open(await errorOf(turn.requireAuth('sign in', { wait: true })));
      });
      await bench.cancel(taskId);
      expect(await reason.opened).toBe('cancel');
      expect(brief(await bench.ended(taskId)).slice(3)).toEqual(['cancel', 'CANCELED']);
    });
  });

  it('rejects at once when the run has been told to stop before', async () => {
    await withBench(async (bench) => {
      const reason = gate<unknown>();
      await bench.start(async (turn) => {
        await turn.working();
        await stopped(turn);
        reason.open(await errorOf(turn.requireAuth('sign in', { wait: true })));
      });
      const taskId = await bench.send();
      await bench.until(taskId, isStatus('WORKING'));
      await bench.cancel(taskId);
      expect(await reason.opened).toBe('cancel');
      await bench.ended(taskId);
    });
  });

  it('fails with its task after inputTimeoutMs, and runTimeoutMs does not count it', async () => {
    await withBench(async (bench) => {
      const reason = gate<unknown>();
      const limits = { inputTimeoutMs: 60_000, runTimeoutMs: 10_000 };
      const agent: Agent = async (turn) => {
        await turn.requireAuth('first', { wait: true });
        reason.open(await errorOf(turn.requireAuth('second', { wait: true })));
      };
      const taskId = await startWaiting(bench, agent, limits);
      await bench.advance(59_000);
      await bench.say(taskId, 'token');
      await bench.until(taskId, (entry) => brief([entry])[0] === 'AUTH_REQUIRED second');
      await bench.settle();
      await bench.advance(59_500);
      expect((await bench.load(taskId)).closed).toBe(false);
      await bench.advance(500);
      expect(await reason.opened).toBe('timeout');
      expect(brief(await bench.ended(taskId)).at(-1)).toBe('FAILED The client did not answer in time');
    });
  });

  it('counts the time before and after the wait together', async () => {
    await withBench(async (bench) => {
      const may = gate();
      await bench.start(
        async (turn) => {
          await turn.working();
          await may.opened;
          await turn.requireAuth('sign in', { wait: true });
          await stopped(turn);
        },
        { runTimeoutMs: 10_000 },
      );
      const taskId = await bench.send();
      await bench.until(taskId, isStatus('WORKING'));
      await bench.advance(6000);
      may.open();
      await bench.until(taskId, isStatus('AUTH_REQUIRED'));
      await bench.settle();
      await bench.advance(100_000);
      await bench.say(taskId, 'token');
      await bench.settle();
      await bench.advance(3750);
      expect((await bench.load(taskId)).closed).toBe(false);
      await bench.advance(250);
      expect(brief(await bench.ended(taskId)).at(-1)).toBe('FAILED The agent took too long');
    });
  });

  it('keeps its lease however long it waits', async () => {
    await withBench(async (bench) => {
      const taskId = await startWaiting(bench, async (turn) => {
        await turn.requireAuth('sign in', { wait: true });
        return 'done';
      });
      await bench.advance(300_000);
      await bench.say(taskId, 'token');
      expect(brief(await bench.ended(taskId)).slice(3)).toEqual([
        ...['input token', 'WORKING', 'artifact 1-1 = done .', 'COMPLETED'],
      ]);
    });
  });
});

describe('a task that waits, its run being over', () => {
  it('goes on with a message, with new ids of artifacts', async () => {
    await withBench(async (bench) => {
      await bench.start((turn) =>
        turn.text === 'hello' ? turn.requireInput('more?') : `you said ${turn.text}`,
      );
      const taskId = await bench.send();
      await bench.until(taskId, isStatus('INPUT_REQUIRED'));
      await bench.settle();
      await bench.say(taskId, 'yes');
      expect(brief(await bench.ended(taskId)).slice(2)).toEqual([
        ...[
          'INPUT_REQUIRED more?',
          'input yes',
          'WORKING',
          'start 1',
          'artifact 4-1 = you said yes .',
          'COMPLETED',
        ],
      ]);
    });
  });

  it('goes on with resume, with the last message', async () => {
    await withBench(async (bench) => {
      const turns: Turn[] = [];
      await bench.start(async (turn) => {
        turns.push(turn);
        if (turns.length === 1) await turn.requireAuth('sign in');
      });
      const taskId = await bench.send('hello', { request: { metadata: { a: 1 } } });
      await bench.until(taskId, isStatus('AUTH_REQUIRED'));
      await bench.settle();
      await bench.resume(taskId, { token: 7 });
      expect(brief(await bench.ended(taskId)).slice(2)).toEqual([
        ...['AUTH_REQUIRED sign in', 'resume', 'WORKING', 'start 1', 'COMPLETED'],
      ]);
      expect(turns[1]).toMatchObject({
        text: 'hello',
        resumed: { token: 7 },
        request: { metadata: { a: 1 } },
      });
    });
  });

  it('fails after inputTimeoutMs', async () => {
    await withBench(async (bench) => {
      await bench.start((turn) => turn.requireInput('more?'), { inputTimeoutMs: 60_000 });
      const taskId = await bench.send();
      const entries = await bench.until(taskId, isStatus('INPUT_REQUIRED'));
      const last = entries.at(-1);
      expect(last?.kind === 'status' && last.pause).toEqual({ timeoutMs: 60_000 });
      await bench.settle();
      await bench.advance(59_000);
      expect((await bench.load(taskId)).closed).toBe(false);
      await bench.advance(3000);
      expect(brief(await bench.ended(taskId)).slice(3)).toEqual(['FAILED The client did not answer in time']);
    });
  });

  it('waits for ever without a limit', async () => {
    await withBench(async (bench) => {
      await bench.start((turn) => turn.requireInput('more?'), { inputTimeoutMs: Infinity });
      const taskId = await bench.send();
      const last = (await bench.until(taskId, isStatus('INPUT_REQUIRED'))).at(-1);
      expect(last?.kind === 'status' && last.pause).toEqual({});
    });
  });

  it('lets go of its worker at once, though the agent is still busy', async () => {
    await withBench(async (bench) => {
      const [aborted, end] = [{ is: false }, gate()];
      const { worker } = await bench.start(async (turn) => {
        turn.signal.addEventListener('abort', () => {
          aborted.is = true;
        });
        await turn.requireInput('more?');
        await end.opened;
      });
      const taskId = await bench.send();
      await bench.until(taskId, isStatus('INPUT_REQUIRED'));
      await bench.settle();
      expect(worker.status()).toEqual({ running: 0, orphaned: 1 });
      await bench.advance(60_000);
      expect(aborted.is).toBe(false);
      end.open();
      await bench.settle();
      expect(worker.status()).toEqual({ running: 0, orphaned: 0 });
    });
  });
});

describe('what a run may say in which state (design 7.1)', () => {
  const states: [string, (turn: Turn) => unknown, string[]][] = [
    ['SUBMITTED', () => undefined, []],
    ['WORKING', (turn) => turn.working(), ['WORKING']],
    ['AUTH_REQUIRED', (turn) => void turn.requireAuth('?', { wait: true }), ['AUTH_REQUIRED ?']],
  ];
  const calls: [string, (turn: Turn) => Promise<unknown>, string[]][] = [
    ['working', (turn) => turn.working('w'), ['WORKING w']],
    ['requireInput', (turn) => turn.requireInput('i'), ['INPUT_REQUIRED i']],
    ['requireAuth', (turn) => turn.requireAuth('a'), ['AUTH_REQUIRED a']],
    ['complete', (turn) => turn.complete('c'), ['COMPLETED c']],
    ['fail', (turn) => turn.fail('f'), ['FAILED f']],
    ['reject', (turn) => turn.reject('r'), ['REJECTED r']],
    ['artifact', (turn) => turn.artifact({ artifactId: 'x', parts: [{ text: 'p' }] }), ['artifact x = p .']],
    ['reply', (turn) => turn.reply('m'), ['artifact 1-1 = m .', 'COMPLETED']],
  ];
  const rows = states.flatMap(([state, enter, before]) =>
    calls.map(([name, call, after]) => [name, state, enter, call, [...before, ...after]] as const),
  );
  it.each(rows)('%s in %s', async (_name, _state, enter, call, expected) => {
    await withBench(async (bench) => {
      await bench.start(async (turn) => {
        await enter(turn);
        await call(turn);
        await stopped(turn);
      });
      const taskId = await bench.send();
      await bench.until(taskId, (entry) => brief([entry])[0] === expected.at(-1));
      await bench.settle();
      expect(brief(await bench.log(taskId)).slice(2)).toEqual(expected);
    });
  });
});
