import { describe, expect, it } from '@jest/globals';
import type { Agent } from '../../lib/core/output.ts';
import { TaskClosed } from '../../lib/core/task-failed.ts';
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

describe('messages()', () => {
  it('gives a message that comes in AUTH_REQUIRED and that no wait takes', async () => {
    await withBench(async (bench) => {
      const taskId = await startWaiting(bench, async function* (turn) {
        void turn.requireAuth('sign in', { wait: true });
        for await (const message of turn.messages()) {
          yield `got ${message.parts[0]?.text ?? ''}`;
          return;
        }
      });
      await bench.say(taskId, 'token');
      expect(brief(await bench.ended(taskId)).slice(3)).toEqual([
        ...['input token', 'WORKING', 'artifact 1-1 = got token', 'artifact 1-1 +=  .', 'COMPLETED'],
      ]);
    });
  });

  it('gives one that came before it was asked for', async () => {
    await withBench(async (bench) => {
      const [may, gaveUp] = [gate(), gate()];
      const taskId = await startWaiting(bench, async (turn) => {
        void turn.requireAuth('sign in', { wait: true });
        await gaveUp.opened;
        await turn.artifact({ parts: [{ text: 'meanwhile' }] });
        await may.opened;
        for await (const { parts } of turn.messages()) {
          await turn.requireInput(`and after ${parts[0]?.text ?? ''}?`);
        }
      });
      gaveUp.open();
      await bench.until(taskId, ({ kind }) => kind === 'artifact');
      await bench.say(taskId, 'token');
      may.open();
      const entries = await bench.until(taskId, isStatus('INPUT_REQUIRED'));
      expect(brief(entries).at(-1)).toBe('INPUT_REQUIRED and after token?');
      const last = entries.at(-1);
      // it was handed out, so it counts as seen
      expect(last?.kind === 'status' && last.upTo).toBe(5);
      await bench.settle();
      expect((await bench.log(taskId)).length).toBe(entries.length);
    });
  });

  it('does not give what a wait has taken, nor what came while the task was WORKING', async () => {
    await withBench(async (bench) => {
      const heard: string[] = [];
      const may = gate();
      const taskId = await startWaiting(bench, async (turn) => {
        if (turn.text === 'busy') return 'busy answered';
        void (async () => {
          for await (const message of turn.messages()) heard.push(message.parts[0]?.text ?? '');
          heard.push('over');
        })();
        await turn.requireAuth('sign in', { wait: true });
        await may.opened;
        await turn.requireInput('and?');
        return undefined;
      });
      await bench.say(taskId, 'token');
      await bench.until(taskId, isStatus('WORKING'));
      await bench.settle();
      await bench.say(taskId, 'busy');
      await bench.settle();
      may.open();
      await bench.ended(taskId);
      expect(heard).toEqual(['over']);
    });
  });

  it.each(['stop', 'end'])('ends with the %s of the run', async (how) => {
    await withBench(async (bench) => {
      const [ended, count] = [gate(), { given: 0 }];
      await bench.start(async (turn) => {
        await turn.working();
        const listening = (async () => {
          for await (const _ of turn.messages()) count.given += 1;
          ended.open();
        })();
        if (how === 'stop') await listening;
      });
      const taskId = await bench.send();
      await bench.until(taskId, isStatus('WORKING'));
      await bench.settle();
      if (how === 'stop') await bench.cancel(taskId);
      await ended.opened;
      await bench.ended(taskId);
      expect(count.given).toBe(0);
    });
  });

  it('gives nothing once the run is over', async () => {
    await withBench(async (bench) => {
      const given = gate<unknown>();
      await bench.start(async (turn) => {
        await turn.complete();
        await new Promise(setImmediate);
        given.open(await turn.messages()[Symbol.asyncIterator]().next());
      });
      await bench.send();
      expect(await given.opened).toEqual({ value: undefined, done: true });
    });
  });
});

describe('a message to a running task', () => {
  it('is answered by the next run, at once and under the same lease, when this one pauses', async () => {
    await withBench(async (bench) => {
      const may = gate();
      const attempts: number[] = [];
      const { storage } = await bench.start(async (turn) => {
        attempts.push(turn.attempt);
        if (turn.text === 'hello') {
          await turn.working();
          await may.opened;
        }
        await turn.requireInput(`after ${turn.text}?`);
      });
      const taskId = await bench.send();
      await bench.until(taskId, isStatus('WORKING'));
      await bench.say(taskId, 'two');
      await bench.say(taskId, 'three');
      may.open();
      const entries = await bench.until(
        taskId,
        (entry) => brief([entry])[0] === 'INPUT_REQUIRED after three?',
      );
      expect(brief(entries)).toEqual([
        ...['open hello', 'start 1', 'WORKING', 'input two', 'input three'],
        ...['INPUT_REQUIRED after hello?', 'WORKING', 'start 1', 'INPUT_REQUIRED after two?'],
        ...['WORKING', 'start 1', 'INPUT_REQUIRED after three?'],
      ]);
      const pauses = entries.filter(isStatus('INPUT_REQUIRED'));
      expect(pauses.map((entry) => entry.kind === 'status' && entry.upTo)).toEqual([1, 4, 5]);
      expect(attempts).toEqual([1, 1, 1]);
      expect(storage.calls.filter(({ method }) => method === 'append').map(({ args }) => args[1])).toEqual([
        1, 2, 3, 4, 5, 6, 7,
      ]);
    });
  });

  it('gets the terminal task when the run ends it', async () => {
    await withBench(async (bench) => {
      const may = gate();
      let runs = 0;
      await bench.start(async (turn) => {
        runs += 1;
        await turn.working();
        await may.opened;
        return 'done';
      });
      const taskId = await bench.send();
      await bench.until(taskId, isStatus('WORKING'));
      await bench.say(taskId, 'two');
      may.open();
      expect(brief(await bench.ended(taskId)).slice(3)).toEqual([
        ...['input two', 'artifact 1-1 = done .', 'COMPLETED'],
      ]);
      await bench.settle();
      expect(runs).toBe(1);
    });
  });

  it('has the whole time limit for its run', async () => {
    await withBench(async (bench) => {
      const first = gate();
      await bench.start(
        async (turn) => {
          await turn.working();
          if (turn.text === 'hello') {
            await first.opened;
            await turn.requireInput('more?');
          } else {
            await stopped(turn);
          }
        },
        { runTimeoutMs: 10_000 },
      );
      const taskId = await bench.send();
      await bench.until(taskId, isStatus('WORKING'));
      await bench.say(taskId, 'two');
      await bench.advance(9000);
      first.open();
      await bench.until(taskId, (entry) => entry.kind === 'start' && entry.seq > 2);
      await bench.advance(9750);
      expect((await bench.load(taskId)).closed).toBe(false);
      await bench.advance(500);
      expect(brief(await bench.ended(taskId)).at(-1)).toBe('FAILED The agent took too long');
    });
  });

  it('does not reach a turn that is over', async () => {
    await withBench(async (bench) => {
      const [may, late] = [gate(), gate<unknown[]>()];
      await bench.start(async (turn) => {
        if (turn.text === 'two') return 'two answered';
        await turn.working();
        await may.opened;
        await turn.requireInput('more?');
        // the next run is under way now
        late.open([
          await errorOf(turn.working('late')),
          await errorOf(turn.requireAuth('late', { wait: true })),
          (await turn.messages()[Symbol.asyncIterator]().next()).done,
        ]);
        return undefined;
      });
      const taskId = await bench.send();
      await bench.until(taskId, isStatus('WORKING'));
      await bench.say(taskId, 'two');
      may.open();
      expect(await late.opened).toEqual([expect.any(TaskClosed), expect.any(TaskClosed), true]);
      expect(brief(await bench.ended(taskId)).slice(4)).toEqual([
        ...['INPUT_REQUIRED more?', 'WORKING', 'start 1', 'artifact 4-1 = two answered .', 'COMPLETED'],
      ]);
    });
  });
});
