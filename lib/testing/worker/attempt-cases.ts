import type { Agent } from '../../core/output.ts';
import { createGate } from '../gate.ts';
import type { StorageCall } from '../faulty-storage.ts';
import type { WorkerKit } from '../worker-suite.ts';
import { asker, ender, kindsOf, streamer } from './agents.ts';
import { brief, briefArtifacts } from './brief.ts';
import { deaf } from './stop-cases.ts';

/** W10 to W13: what becomes of a task whose worker is lost. */
export function attemptCases(kit: WorkerKit): void {
  lossCases(kit);
  frozenCases(kit);
  retryCases(kit);
}

function lossCases({ test, expect }: WorkerKit): void {
  const steps: [string, (call: StorageCall) => boolean, string[], string][] = [
    [
      'after the claim, before the start: the task runs as if nothing had been',
      (call) => call.method === 'append',
      ['start 2'],
      'abcde',
    ],
    ['right after the start', (call) => kindsOf(call).includes('artifact'), ['start 1', 'start 2'], 'abcde'],
    [
      'in the middle of an artifact',
      (call) => call.method === 'append' && call.nth === 4,
      ['start 1', 'artifact out = a', 'artifact out += b', 'start 2'],
      'abcde',
    ],
    [
      'before the pause',
      (call) => kindsOf(call).includes('status'),
      [
        'start 1',
        ...['artifact out = a', 'artifact out += b', 'artifact out += c', 'artifact out += d'],
        ...['artifact out += e', 'artifact out +=  .', 'start 2'],
      ],
      'abcde',
    ],
  ];
  for (const [name, isStep, expected, text] of steps) {
    test(
      `W10 killed worker: ${name}; the next claimer starts anew`,
      async (bench) => {
        const first = await bench.start(streamer);
        const killed = createGate();
        first.storage.setFault((call) => {
          if (!isStep(call)) return undefined;
          first.kill();
          killed.open();
          return 'hang';
        });
        const taskId = await bench.send();
        await killed.opened;
        // an attempt that never started its agent is not counted
        const maxAttempts = expected.includes('start 1') ? 2 : 1;
        const second = await bench.start(streamer, { maxAttempts });
        await bench.advance(20_000);
        expect(second.worker.status().running).toBe(0);
        await bench.advance(13_000);
        const entries = await bench.until(taskId, ({ kind }) => kind === 'status');
        expect(brief(entries).slice(1, expected.length + 1)).toEqual(expected);
        expect(brief(entries).at(-1)).toBe('INPUT_REQUIRED more?');
        expect(briefArtifacts(entries)).toEqual({ out: text });
      },
      ['advance'],
    );
  }

  test('W10 killed worker: after a pause, the next message runs elsewhere', async (bench) => {
    const first = await bench.start(streamer);
    const taskId = await bench.send();
    await bench.until(taskId, ({ kind }) => kind === 'status');
    await bench.settle();
    first.kill();
    await bench.start(streamer);
    await bench.say(taskId, 'go on');
    // the hint may have gone to the one that is no more
    await bench.advance(2000);
    const entries = await bench.ended(taskId);
    expect(brief(entries).slice(-9, -6)).toEqual(['WORKING', 'start 1', 'artifact out = a']);
    expect(brief(entries).at(-1)).toBe('COMPLETED');
  });

  test(
    'W10 killed worker: after the end nothing follows',
    async (bench) => {
      const first = await bench.start(() => 'done');
      const taskId = await bench.send();
      await bench.ended(taskId);
      first.kill();
      let runs = 0;
      await bench.start(() => {
        runs += 1;
      });
      await bench.advance(40_000);
      expect(runs).toBe(0);
      expect((await bench.log(taskId)).length).toBe(4);
    },
    ['advance'],
  );
}

function frozenCases({ test, expect }: WorkerKit): void {
  const agents: [string, Agent][] = [
    ['streams', streamer],
    ['is about to end', ender],
    ['is about to pause', asker],
  ];
  for (const [name, agent] of agents) {
    test(
      `W11 suspended worker: of one that ${name}, nothing appears once another has the task`,
      async (bench) => {
        const first = await bench.start(agent);
        const [frozen, thawed] = [createGate(), createGate()];
        first.storage.setFault((call) => {
          if (call.method !== 'append' || call.nth !== 2) return undefined;
          first.freeze();
          frozen.open();
          // this very call goes on after the thaw as well
          return thawed.opened.then(() => undefined);
        });
        const taskId = await bench.send();
        await frozen.opened;
        let release: () => void = () => undefined;
        await bench.start(
          async (turn) => {
            await turn.working('by the second');
            await new Promise<void>((resolve) => {
              release = resolve;
            });
            return 'mine';
          },
          { maxAttempts: 2 },
        );
        await bench.advance(33_000);
        await bench.until(taskId, ({ kind }) => kind === 'status');
        thawed.open();
        first.thaw();
        for (let turn = 0; turn < 5; turn += 1) await bench.settle();
        expect(first.worker.status().running).toBe(0);
        release();
        expect(brief(await bench.ended(taskId))).toEqual([
          'open hello',
          'start 1',
          'start 2',
          'WORKING by the second',
          'artifact 1-1 = mine .',
          'COMPLETED',
        ]);
      },
      ['advance'],
    );
  }
}

function retryCases({ test, expect }: WorkerKit): void {
  test(
    'W12 retry: the first chunk of an artifact replaces what the lost attempt had sent',
    async (bench) => {
      const attempts: number[] = [];
      const agent: Agent = async function* (turn) {
        attempts.push(turn.attempt);
        await turn.artifact({ artifactId: 'own', parts: [{ text: `whole ${turn.attempt}` }] });
        yield `first ${turn.attempt} `;
        yield 'second';
        if (turn.attempt === 1) await new Promise(() => undefined);
      };
      const first = await bench.start(agent);
      const taskId = await bench.send();
      await bench.until(taskId, (entry) => entry.kind === 'artifact' && entry.append);
      first.kill();
      await bench.start(agent, { maxAttempts: 2 });
      await bench.advance(33_000);
      const entries = await bench.ended(taskId);
      expect(attempts).toEqual([1, 2]);
      expect(briefArtifacts(entries)).toEqual({ own: 'whole 2', '1-1': 'first 2 second' });
    },
    ['advance'],
  );

  test(
    'W13 attempts used up: FAILED without another run',
    async (bench) => {
      let runs = 0;
      const agent: Agent = (turn) => {
        runs += 1;
        return deaf(turn);
      };
      const taskId = await bench.send();
      for (let attempt = 1; attempt <= 2; attempt += 1) {
        const station = await bench.start(agent, { maxAttempts: 2 });
        await bench.advance(33_000);
        await bench.until(taskId, (entry) => entry.kind === 'start' && entry.attempt === attempt);
        await bench.settle();
        station.kill();
      }
      await bench.start(agent, { maxAttempts: 2 });
      await bench.advance(33_000);
      expect(brief(await bench.ended(taskId))).toEqual([
        ...['open hello', 'start 1', 'WORKING', 'start 2', 'WORKING'],
        'FAILED The worker that ran the agent was lost',
      ]);
      expect(runs).toBe(2);
    },
    ['advance'],
  );
}
