import { describe, expect, it } from '@jest/globals';
import { brief } from '../../lib/testing/worker/brief.ts';
import { obedient, stopped } from '../../lib/testing/worker/stop-cases.ts';
import { gate, withBench } from '../helpers/worker-bench.ts';

const SILENT = 'FAILED The agent said nothing for too long';

describe('NEEDS 48: a run that says nothing', () => {
  it('is told to stop after idleTimeoutMs, and its task is FAILED', async () => {
    await withBench(async (bench) => {
      const reason = gate<unknown>();
      const station = await bench.start(
        (turn) => {
          turn.signal.addEventListener('abort', () => {
            reason.open(turn.signal.reason);
          });
          return obedient(turn);
        },
        { idleTimeoutMs: 60_000 },
      );
      const taskId = await bench.send();
      await bench.until(taskId, ({ kind }) => kind === 'status');
      await bench.settle();
      await bench.advance(59_750);
      expect(brief(await bench.log(taskId))).toEqual(['open hello', 'start 1', 'WORKING']);
      await bench.advance(250);
      expect(brief(await bench.ended(taskId)).slice(3)).toEqual([SILENT]);
      expect([await reason.opened, station.errors]).toEqual(['timeout', []]);
      expect(station.worker.status()).toEqual({ running: 0, orphaned: 0 });
    });
  });

  it('has its time anew with every word, and a wait for the client is no silence', async () => {
    await withBench(async (bench) => {
      const steps = [gate(), gate(), gate()];
      await bench.start(
        async (turn) => {
          for (const [index, { opened }] of steps.entries()) {
            await turn.working(`word ${String(index)}`);
            await opened;
          }
          await turn.requireAuth('sign in', { wait: true });
          await stopped(turn);
        },
        { idleTimeoutMs: 60_000 },
      );
      const taskId = await bench.send();
      const said = (text: string) => bench.until(taskId, (entry) => brief([entry])[0] === text);
      for (const [index, { open }] of steps.entries()) {
        await said(`WORKING word ${String(index)}`);
        await bench.settle();
        await bench.advance(59_750);
        open();
      }
      await said('AUTH_REQUIRED sign in');
      await bench.settle();
      await bench.advance(600_000);
      await bench.say(taskId, 'token');
      await bench.settle();
      await bench.advance(59_750);
      expect((await bench.load(taskId)).closed).toBe(false);
      await bench.advance(250);
      expect(brief(await bench.ended(taskId)).at(-1)).toBe(SILENT);
    });
  });

  it('has all the time of the run where nothing is set', async () => {
    await withBench(async (bench) => {
      await bench.start(obedient);
      const taskId = await bench.send();
      await bench.until(taskId, ({ kind }) => kind === 'status');
      await bench.advance(3_000_000);
      expect((await bench.load(taskId)).closed).toBe(false);
      await bench.cancel(taskId);
      await bench.ended(taskId);
    });
  });
});
