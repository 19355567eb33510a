import { startWorker } from '../../lib/core/start-worker.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { makeApp } from '../helpers/make-app.ts';
import { deployedAgent } from './agent.ts';
import type { Deployment, FrontEnd, Sender } from './deployment.ts';
import { createGates } from './gates.ts';
import { frontEndOptions, limits, startQuickSender } from './settings.ts';

const STALL_MS = 1000;

/** All of it in this process, on one memory backend. */
export async function memoryDeployment(): Promise<Deployment> {
  const backend = memoryBackend({ limits, retention: { logMs: 600_000 } });
  const { pass, open } = createGates();
  const closing: (() => Promise<void>)[] = [];

  async function addFrontEnd(): Promise<FrontEnd> {
    // each has an object of its own, as on machines of their own
    const storage = { ...backend.storage };
    const app = await makeApp({ ...backend, storage, ...frontEndOptions(storage), stallMs: STALL_MS });
    closing.unshift(app.close);
    return {
      port: app.port,
      as: app.as,
      calls: () => Promise.resolve(app.router.status().calls),
      async stop() {
        closing.splice(closing.indexOf(app.close), 1);
        await app.close();
      },
    };
  }

  async function addWorker(): Promise<void> {
    const worker = await startWorker({ ...backend, agent: deployedAgent(pass) });
    closing.push(() => worker.stop({ drainMs: 0 }));
  }

  function addSender(): Promise<Sender> {
    const { stop } = startQuickSender(backend);
    closing.unshift(stop);
    return Promise.resolve({ crash: stop });
  }

  const web = [await addFrontEnd(), await addFrontEnd()] as const;
  await addWorker();
  await addWorker();
  return {
    ...{ web, open, addFrontEnd, addSender },
    async close() {
      for (const close of closing) await close();
    },
  };
}
