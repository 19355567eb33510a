import { fork, type ChildProcess } from 'node:child_process';
import type { Backend } from '../scheduler.ts';
import { createPeer, type Peer } from './peer.ts';
import { remoteBackend } from './remote-backend.ts';
import type { AgentName, Hold } from './worker-part.ts';

/** Where a second process finds the backend of a case: `fork(path, args)`. */
export interface ProcessModule {
  /** Path of a main module that calls `serveBackend`. */
  readonly path: string;
  /** What the callback of `serveBackend` is given: addresses, folders, prefixes. */
  readonly args?: readonly string[];
}

/** A process that has the same backend. Its ports are called here and work there. */
export interface SecondProcess extends Backend {
  /** Starts a worker there. With `hold` its run stands still at that step: `held` resolves, and `go` lets it go on. */
  readonly startWorker: (agent: AgentName, hold?: Hold) => Promise<void>;
  readonly held: Promise<void>;
  readonly go: () => Promise<void>;
  /** How many tasks its worker holds. */
  readonly running: () => Promise<unknown>;
  readonly signal: (name: 'SIGSTOP' | 'SIGCONT') => void;
  /** Ends it as by SIGKILL; resolves when it is gone. What waits for an answer of it rejects. */
  readonly kill: () => Promise<void>;
}

/** Starts a process. Its wall clock is `skewMs` ahead of ours. */
export async function startProcess(module: ProcessModule, skewMs = 0): Promise<SecondProcess> {
  const child = fork(module.path, [...(module.args ?? [])], { serialization: 'advanced' });
  let onHeld: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (onHeld = resolve));
  const remote = remoteBackend(() => peer);
  const peer = createPeer(
    (letter) => {
      // a process that is gone is heard of by `exit`
      child.send(letter as object, () => undefined);
    },
    (name, args) => {
      if (name === 'held') onHeld();
      return remote.answer(name, args);
    },
  );
  const exited = watch(child, peer);
  await peer.call('open', skewMs);
  return {
    ...{ storage: remote.storage, broker: remote.broker, eventBus: remote.eventBus, held },
    startWorker: async (agent, hold) => {
      await peer.call('startWorker', agent, hold);
    },
    go: async () => {
      await peer.call('go');
    },
    running: () => peer.call('running'),
    signal: (name) => child.kill(name),
    kill() {
      child.kill('SIGKILL');
      return exited;
    },
  };
}

function watch(child: ChildProcess, peer: Peer): Promise<void> {
  child.on('message', peer.receive);
  return new Promise((resolve) => {
    const end = (why: string) => {
      peer.fail(new Error(`The second process ${why}`));
      resolve();
    };
    child.on('error', (error) => {
      end(`could not be started: ${error.message}`);
    });
    child.on('exit', (code, signal) => {
      end(`ended with ${signal ?? `code ${String(code)}`}`);
    });
  });
}
