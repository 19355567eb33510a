import { startWorker, type StartWorkerOptions } from '../../lib/core/start-worker.ts';
import type { Agent } from '../../lib/core/output.ts';
import type { A2AOptions } from '../../lib/express/options.ts';
import { memoryBackend, type MemoryBackend, type MemoryBackendOptions } from '../../lib/memory/backend.ts';
import { type AgentApp, makeApp } from './make-app.ts';

/** Two front-ends and two workers on one backend, as two machines of each kind would be. */
export interface Cluster {
  readonly web: readonly [AgentApp, AgentApp];
  readonly backend: MemoryBackend;
  readonly close: () => Promise<void>;
}

/** Starts a cluster. */
export async function makeCluster(
  agent: Agent,
  options: {
    readonly web?: Partial<A2AOptions>;
    readonly worker?: Partial<StartWorkerOptions>;
    readonly memory?: MemoryBackendOptions;
  } = {},
): Promise<Cluster> {
  const backend = memoryBackend(options.memory);
  // each front-end has an object of its own, as on machines of their own
  const front = () => makeApp({ ...backend, storage: { ...backend.storage }, ...options.web });
  const work = () => startWorker({ ...backend, agent, ...options.worker });
  const web = [await front(), await front()] as const;
  const workers = [await work(), await work()];
  return {
    web,
    backend,
    async close() {
      await Promise.all(web.map((app) => app.close()));
      await Promise.all(workers.map((worker) => worker.stop({ drainMs: 0 })));
    },
  };
}
