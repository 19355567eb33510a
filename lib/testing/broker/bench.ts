import type { Broker, WorkHint, WorkOutcome } from '../../core/broker.ts';
import type { BrokerHooks } from '../broker-suite.ts';
import { eventually } from '../eventually.ts';
import { createProcesses } from '../process/processes.ts';
import type { SecondProcess } from '../process/second-process.ts';

/** What a worker without any work answers: after `done` a broker may call again at once, without end. */
export const idle = (): Promise<WorkOutcome> => Promise.resolve('idle');

/** A worker with room that writes down what it hears. */
export async function listen(
  broker: Broker,
  agent: string,
  onWork: (hint: WorkHint) => Promise<WorkOutcome> = idle,
) {
  const heard: WorkHint[] = [];
  const handle = await broker.work(
    agent,
    () => 4,
    (hint) => {
      heard.push(hint);
      return onWork(hint);
    },
  );
  return { heard, stop: () => handle.stop() };
}

/** Wakes until the condition holds: a broker may lose hints, but not all of them. */
export async function wake(broker: Broker, hint: WorkHint, condition: () => boolean): Promise<void> {
  await broker.wake(hint);
  await eventually(condition, `the hint for ${hint.agent}`, () => broker.wake(hint));
}

/** Work as a storage would hold it: each worker takes what it has room for. */
export function workload(concurrency: number) {
  const due: string[] = [];
  const finished: string[] = [];
  return {
    due,
    finished,
    async start(broker: Broker): Promise<{ stop(): Promise<void> }> {
      let running = 0;
      return broker.work(
        'a',
        () => concurrency - running,
        async () => {
          const taken = due.splice(0, concurrency - running);
          running += taken.length;
          for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
          running -= taken.length;
          finished.push(...taken);
          return taken.length > 0 ? 'done' : 'idle';
        },
      );
    },
  };
}

/** Two processes that have the broker, killed afterwards. */
export async function withProcesses(
  find: BrokerHooks['process'],
  broker: Broker,
  body: (one: SecondProcess, two: SecondProcess) => Promise<void>,
): Promise<void> {
  const processes = createProcesses(() => find?.(broker));
  try {
    await body(...(await Promise.all([processes.start(), processes.start()])));
  } finally {
    await processes.killAll();
  }
}
