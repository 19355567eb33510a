import { silentLogger } from '../../core/logger.ts';
import { systemClock } from '../../core/clock.ts';
import type { Agent } from '../../core/output.ts';
import { createWorker, type Worker } from '../../core/worker.ts';
import { createGate } from '../gate.ts';
import { faultyStorage, type Fault, type StorageCall } from '../faulty-storage.ts';
import type { Backend } from '../scheduler.ts';
import { asker, ender, kindsOf, streamer } from '../worker/agents.ts';

const AGENTS: Record<'streamer' | 'ender' | 'asker', Agent> = { streamer, ender, asker };

/** An agent that a second process can run. */
export type AgentName = keyof typeof AGENTS;

/** The append at which a run stands still: by its number, or the first that has an entry of this kind. */
export interface Hold {
  readonly append: number | 'status';
  /** `before` it gets to the storage, or when it is written, before its answer arrives. */
  readonly when: 'before' | 'after';
}

/** The worker of a second process. */
export interface WorkerPart {
  readonly start: (agentId: string, agent: AgentName, hold?: Hold) => Promise<void>;
  readonly go: () => void;
  readonly running: () => number;
}

/** Makes the worker's part of a process. `onHeld` is called when the run stands still. */
export function createWorkerPart(backend: () => Promise<Backend>, onHeld: () => void): WorkerPart {
  const gate = createGate();
  let worker: Worker | undefined;
  let isHeld = false;

  function faultOf(call: StorageCall, hold: Hold): Fault | undefined | Promise<undefined> {
    if (isHeld || !isAt(call, hold)) return undefined;
    isHeld = true;
    onHeld();
    const opened = gate.opened.then(() => undefined);
    return hold.when === 'before' ? opened : { answerAfter: opened };
  }

  return {
    async start(agentId, agent, hold) {
      const { storage: inner, broker, eventBus } = await backend();
      const storage = faultyStorage(inner);
      if (hold !== undefined) storage.setFault((call) => faultOf(call, hold));
      worker = createWorker({
        ...{ storage, broker, eventBus, agentId, agent: AGENTS[agent], clock: systemClock },
        ...{ concurrency: 4, leaseMs: 30_000, maxAttempts: 1, cancelGraceMs: 5000 },
        ...{ runTimeoutMs: Infinity, idleTimeoutMs: Infinity, inputTimeoutMs: Infinity },
        ...{ logger: silentLogger, onError: () => undefined },
      });
      await worker.start();
    },
    go: () => {
      gate.open();
    },
    running: () => worker?.status().running ?? 0,
  };
}

function isAt(call: StorageCall, { append }: Hold): boolean {
  if (call.method !== 'append') return false;
  return append === 'status' ? kindsOf(call).includes('status') : call.nth === append;
}
