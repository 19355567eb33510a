import { createGate } from '../gate.ts';
import type { Hold } from '../process/worker-part.ts';
import type { WorkerKit } from '../worker-suite.ts';
import { streamer } from './agents.ts';
import type { WorkerBench } from './bench.ts';
import { brief, briefArtifacts } from './brief.ts';

/** W10 and W11 with a worker in another process, which is killed, or stopped and continued, by signals. */
export function processCases(kit: WorkerKit): void {
  killCases(kit);
  stopCases(kit);
}

const STARTED = 'start 1';
const CHUNKS = ['artifact out = a', 'artifact out += b', 'artifact out += c', 'artifact out += d'];

function killCases({ test, expect }: WorkerKit): void {
  const steps: [string, Hold, string[]][] = [
    ['once it has claimed', { append: 1, when: 'before' }, []],
    ['once it has started', { append: 1, when: 'after' }, [STARTED]],
    ['in the middle of an artifact', { append: 3, when: 'after' }, [STARTED, ...CHUNKS.slice(0, 2)]],
    [
      'before it pauses',
      { append: 'status', when: 'before' },
      [STARTED, ...CHUNKS, 'artifact out += e', 'artifact out +=  .'],
    ],
  ];
  for (const [name, hold, written] of steps) {
    test(
      `W10 killed worker ★: SIGKILL ${name}; the next claimer starts anew`,
      async (bench, { start }) => {
        const other = await start();
        await other.startWorker('streamer', hold);
        const taskId = await bench.send();
        await other.held;
        await bench.until(taskId, ({ seq }) => seq === 1 + written.length);
        await other.kill();
        // an attempt that never started its agent is not counted
        await bench.start(streamer, { maxAttempts: written.length > 0 ? 2 : 1 });
        await bench.advance(33_000);
        const entries = await bench.until(taskId, ({ kind }) => kind === 'status');
        expect(brief(entries).slice(1, written.length + 2)).toEqual([...written, 'start 2']);
        expect(brief(entries).at(-1)).toBe('INPUT_REQUIRED more?');
        expect(briefArtifacts(entries)).toEqual({ out: 'abcde' });
      },
      ['advance', 'process'],
    );
  }

  test(
    'W10 killed worker ★: SIGKILL after a pause; the next message runs elsewhere',
    async (bench, { start }) => {
      const other = await start();
      await other.startWorker('streamer', { append: 'status', when: 'after' });
      const taskId = await bench.send();
      await bench.until(taskId, ({ kind }) => kind === 'status');
      await other.kill();
      await bench.start(streamer);
      await bench.say(taskId, 'go on');
      await bench.advance(2000);
      expect(brief(await bench.ended(taskId)).at(-1)).toBe('COMPLETED');
      expect(attemptsOf(await bench.log(taskId))).toEqual([1, 1]);
    },
    ['process'],
  );

  test(
    'W10 killed worker ★: SIGKILL after the end; nothing follows',
    async (bench, { start }) => {
      const other = await start();
      await other.startWorker('ender', { append: 2, when: 'after' });
      const taskId = await bench.send();
      const before = await bench.ended(taskId);
      await other.kill();
      let runs = 0;
      await bench.start(() => {
        runs += 1;
      });
      await bench.advance(40_000);
      expect(runs).toBe(0);
      expect(await bench.log(taskId)).toEqual(before);
    },
    ['advance', 'process'],
  );
}

function stopCases({ test, expect }: WorkerKit): void {
  for (const [name, agent] of [
    ['streams', 'streamer'],
    ['is about to end', 'ender'],
    ['is about to pause', 'asker'],
  ] as const) {
    test(
      `W11 suspended worker ★: SIGSTOP past its lease, SIGCONT: of one that ${name}, nothing appears`,
      async (bench, { start }) => {
        const other = await start();
        await other.startWorker(agent, { append: 2, when: 'before' });
        const taskId = await bench.send();
        await other.held;
        other.signal('SIGSTOP');
        const gate = await takeOver(bench, taskId);
        // the very append that stood still gets to the storage now, and then whatever the run does next
        const going = other.go();
        other.signal('SIGCONT');
        await going;
        await bench.wait('the run to be given up', async () => (await other.running()) === 0);
        gate.open();
        expect(brief(await bench.ended(taskId))).toEqual([
          ...['open hello', 'start 1', 'start 2', 'WORKING by the second'],
          ...['artifact 1-1 = mine .', 'COMPLETED'],
        ]);
      },
      ['advance', 'process'],
    );
  }
}

/** Another worker has the task once the lease is over, and ends it when the gate opens. */
async function takeOver(bench: WorkerBench, taskId: string) {
  const gate = createGate();
  await bench.start(
    async (turn) => {
      await turn.working('by the second');
      await gate.opened;
      return 'mine';
    },
    { maxAttempts: 2 },
  );
  await bench.advance(33_000);
  await bench.until(taskId, ({ kind }) => kind === 'status');
  return gate;
}

function attemptsOf(entries: Awaited<ReturnType<WorkerBench['log']>>): number[] {
  return entries.flatMap((entry) => (entry.kind === 'start' ? [entry.attempt] : []));
}
