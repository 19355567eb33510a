import { missingHooks, register, type TestApi } from './test-api.ts';
import { createWorkerBench, type WorkerBench, type WorkerSetup } from './worker/bench.ts';
import { agentCases } from './worker/agent-cases.ts';
import { attemptCases } from './worker/attempt-cases.ts';
import { flowCases } from './worker/flow-cases.ts';
import { outageCases } from './worker/outage-cases.ts';
import { stopCases } from './worker/stop-cases.ts';

export type { WorkerSetup } from './worker/bench.ts';

/** What only some backends can do. A case that needs a hook which is not there says so in its name and is not run. */
export interface WorkerHooks {
  /** Set when the setups that `create` makes can `advance` the storage's clock. */
  readonly advance?: true;
  /** Set when the broker or the event bus loses hints: the workers then come to their polls where nothing happens. */
  readonly losesHints?: true;
  /** Starts a worker in another process, which can be killed, stopped and continued by signals. */
  readonly process?: never;
}

/** What the files of cases register with. */
export interface WorkerKit {
  readonly expect: TestApi['expect'];
  /** Registers a case. It gets a backend without tasks and workers; the workers that it starts are stopped afterwards. */
  readonly test: (
    name: string,
    body: (bench: WorkerBench) => Promise<void>,
    needs?: readonly (keyof WorkerHooks)[],
  ) => void;
}

/**
 * What the worker promises, as cases W1 to W19, on a storage, a broker and an event bus. `create` makes or connects
 * them for each case.
 *
 * Asks of `expect` only toBe, toEqual, toBeGreaterThan and toBeLessThanOrEqual. Runs under jest, vitest and node:test.
 */
export function workerSuite(
  api: TestApi,
  create: () => WorkerSetup | Promise<WorkerSetup>,
  hooks: WorkerHooks = {},
): void {
  const kit: WorkerKit = {
    expect: api.expect,
    test(name, body, needs = []) {
      register(api, name, missingHooks(hooks, needs), async () => {
        const bench = createWorkerBench(await create(), hooks.losesHints);
        try {
          await body(bench);
        } finally {
          await bench.dispose();
        }
      });
    },
  };
  api.describe('Worker', () => {
    for (const cases of [agentCases, stopCases, attemptCases, outageCases, flowCases]) cases(kit);
  });
}
