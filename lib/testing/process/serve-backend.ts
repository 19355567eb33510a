import type { WorkHint, WorkOutcome } from '../../core/broker.ts';
import type { TaskHint } from '../../core/event-bus.ts';
import type { Backend } from '../scheduler.ts';
import { createPeer, type Peer } from './peer.ts';
import { createWorkerPart, type AgentName, type Hold } from './worker-part.ts';

/**
 * Makes this process a second one for the suites: opens the backend that a case runs on, and does with it what the case
 * asks. `open` gets the `args` of the hook's ProcessModule; what it leaves out is not asked for. The process ends with the
 * one that started it.
 *
 * Throws where the process was not started by a suite.
 */
export function serveBackend(
  open: (...args: string[]) => Partial<Backend> | Promise<Partial<Backend>>,
): void {
  if (process.send === undefined) throw new Error('serveBackend is for a process that a suite starts');
  const send = process.send.bind(process);
  let opening: Promise<Partial<Backend>> | undefined;

  async function part<Name extends keyof Backend>(name: Name): Promise<Backend[Name]> {
    const found = (await opening)?.[name];
    if (found === undefined) throw new Error(`serveBackend was given no ${name}`);
    return found;
  }

  const all = async () => ({
    storage: await part('storage'),
    broker: await part('broker'),
    eventBus: await part('eventBus'),
  });
  const peer: Peer = createPeer(
    (letter) => send(letter),
    (name, args) => {
      const call = answers[name];
      return call && (Reflect.apply(call, undefined, [...args]) as unknown);
    },
  );
  const worker = createWorkerPart(all, () => void peer.call('held'));
  const answers: Record<string, (...args: never[]) => unknown> = {
    async open(skewMs: number) {
      if (skewMs !== 0) skewClock(skewMs);
      opening = Promise.resolve(open(...process.argv.slice(2)));
      await opening;
    },
    async storage(method: string, args: unknown[]) {
      const storage = await part('storage');
      const call: unknown = Reflect.get(storage, method);
      if (typeof call !== 'function') throw new Error(`The storage has no ${method}`);
      return Reflect.apply(call, storage, args) as unknown;
    },
    close: async (name: 'broker' | 'eventBus') => (await part(name)).close(),
    ...busAnswers(part, () => peer),
    ...brokerAnswers(part, () => peer),
    startWorker: (agent: AgentName, hold?: Hold) => worker.start('suite', agent, hold),
    go: worker.go,
    running: worker.running,
  };
  process.on('message', peer.receive);
  process.on('disconnect', () => process.exit());
}

type Part = <Name extends keyof Backend>(name: Name) => Promise<Backend[Name]>;

function busAnswers(part: Part, peer: () => Peer) {
  const stops = new Map<number, () => void>();
  return {
    publish: async (hint: TaskHint) => (await part('eventBus')).publish(hint),
    async subscribe(id: number, taskId: string) {
      const onHint = (hint: TaskHint) => void peer().call('hint', id, hint);
      stops.set(id, await (await part('eventBus')).subscribe(taskId, onHint));
    },
    unsubscribe: (id: number) => stops.get(id)?.(),
  };
}

function brokerAnswers(part: Part, peer: () => Peer) {
  const stops = new Map<number, () => Promise<void>>();
  return {
    wake: async (hint: WorkHint) => (await part('broker')).wake(hint),
    async work(id: number, agent: string, free: number) {
      const handle = await (
        await part('broker')
      ).work(
        agent,
        () => free,
        // the other end gives what the case's callback gave
        (hint) => peer().call('onWork', id, hint) as Promise<WorkOutcome>,
      );
      stops.set(id, () => handle.stop());
    },
    stop: (id: number) => stops.get(id)?.(),
  };
}

/** Puts the wall clock of this process forward. */
function skewClock(skewMs: number): void {
  const RealDate = Date;
  const now = () => RealDate.now() + skewMs;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    get: (target, name, receiver) =>
      name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown),
  });
}
