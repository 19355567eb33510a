import { missingHooks, register, type TestApi } from './test-api.ts';
import { createProcesses, type Processes } from './process/processes.ts';
import type { ProcessModule } from './process/second-process.ts';
import { createWorkerBench, type WorkerBench, type WorkerSetup } from './worker/bench.ts';
import { agentCases } from './worker/agent-cases.ts';
import { attemptCases } from './worker/attempt-cases.ts';
import { flowCases } from './worker/flow-cases.ts';
import { outageCases } from './worker/outage-cases.ts';
import { processCases } from './worker/process-cases.ts';
import { stopCases } from './worker/stop-cases.ts';

export type { WorkerSetup } from './worker/bench.ts';

/** What only some backends can do. A case that needs a hook which is not there says so in its name and is not run. */
export interface WorkerHooks {
  /** Set when the setups that `create` makes can `advance` the storage's clock. */
  readonly advance?: true;
  /** Set when the broker or the event bus loses hints: the workers then come to their polls where nothing happens. */
  readonly losesHints?: true;
  /** How a second process opens the same three: the path of a main module that calls `serveBackend`. Its worker is killed and stopped by signals. */
  readonly process?: (setup: WorkerSetup) => ProcessModule | Promise<ProcessModule>;
}

/** What the files of cases register with. */
export interface WorkerKit {
  readonly expect: TestApi['expect'];
  /** Registers a case. It gets a backend without tasks and workers; the workers that it starts are stopped afterwards. */
  readonly test: (
    name: string,
    body: (bench: WorkerBench, processes: Processes) => Promise<void>,
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
        const setup = await create();
        const bench = createWorkerBench(setup, hooks.losesHints);
        const processes = createProcesses(() => hooks.process?.(setup));
        try {
          await body(bench, processes);
        } finally {
          await processes.killAll();
          await bench.dispose();
        }
      });
    },
  };
  api.describe('Worker', () => {
    for (const cases of [agentCases, stopCases, attemptCases, processCases, outageCases, flowCases])
      cases(kit);
  });
}
