import type { Broker, WorkHint, WorkOutcome } from '../../core/broker.ts';
import type { EventBus, TaskHint } from '../../core/event-bus.ts';
import type { Storage } from '../../core/storage.ts';
import type { Backend } from '../scheduler.ts';
import type { Answer, Peer } from './peer.ts';

type StorageMethodName = Exclude<keyof Storage, 'shared' | 'push'>;

/** The backend of another process, and what that process calls here. */
export interface RemoteBackend extends Backend {
  readonly answer: Answer;
}

/** Makes the ports of a backend whose calls happen in the process at the other end of the line. */
export function remoteBackend(peer: () => Peer): RemoteBackend {
  const hinted = new Map<number, (hint: TaskHint) => void>();
  const workers = new Map<number, (hint: WorkHint) => Promise<WorkOutcome>>();
  let count = 0;

  const eventBus: EventBus = {
    publish: async (hint) => {
      await peer().call('publish', hint);
    },
    async subscribe(taskId, onHint) {
      const id = (count += 1);
      hinted.set(id, onHint);
      await peer().call('subscribe', id, taskId);
      return () => {
        hinted.delete(id);
        peer()
          .call('unsubscribe', id)
          .catch(() => undefined); // a process that is gone does not call any more
      };
    },
    onGap: () => () => undefined,
    close: async () => {
      await peer().call('close', 'eventBus');
    },
  };

  const broker: Broker = {
    wake: async (hint) => {
      await peer().call('wake', hint);
    },
    async work(agent, free, onWork) {
      const id = (count += 1);
      workers.set(id, onWork);
      await peer().call('work', id, agent, free());
      return {
        stop: async () => {
          await peer().call('stop', id);
        },
      };
    },
    close: async () => {
      await peer().call('close', 'broker');
    },
  };

  return {
    ...{ storage: remoteStorage(peer), eventBus, broker },
    answer(name, [id, hint]) {
      // the other end says what the names mean
      if (name === 'hint') hinted.get(id as number)?.(hint as TaskHint);
      else if (name === 'onWork') return workers.get(id as number)?.(hint as WorkHint);
      return undefined;
    },
  };
}

function remoteStorage(peer: () => Peer): Storage {
  function method<Name extends StorageMethodName>(name: Name): NonNullable<Storage[Name]> {
    // the other end calls the very method of this name with these arguments
    const call = (...args: unknown[]) => peer().call('storage', name, args);
    return call as unknown as NonNullable<Storage[Name]>;
  }
  return {
    shared: true,
    init: method('init'),
    close: method('close'),
    createTask: method('createTask'),
    addInput: method('addInput'),
    requestCancel: method('requestCancel'),
    append: method('append'),
    claim: method('claim'),
    renew: method('renew'),
    release: method('release'),
    loadTask: method('loadTask'),
    read: method('read'),
    heads: method('heads'),
    listTasks: method('listTasks'),
    sweep: method('sweep'),
  };
}
