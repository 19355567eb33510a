import { startProcess, type ProcessModule, type SecondProcess } from './second-process.ts';

/** The processes of one case. */
export interface Processes {
  /** Starts one. Its wall clock is `skewMs` ahead of ours. */
  readonly start: (skewMs?: number) => Promise<SecondProcess>;
  readonly killAll: () => Promise<void>;
}

/** Processes that all find the backend of a case by the same module. */
export function createProcesses(find: () => ProcessModule | Promise<ProcessModule> | undefined): Processes {
  const started: SecondProcess[] = [];
  return {
    async start(skewMs) {
      const module = await find();
      if (module === undefined) throw new Error('The hook `process` is not there');
      const process = await startProcess(module, skewMs);
      started.push(process);
      return process;
    },
    async killAll() {
      await Promise.all(started.map((process) => process.kill()));
    },
  };
}
