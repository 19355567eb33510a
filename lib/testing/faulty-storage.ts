import type { PushStorage } from '../core/push-storage.ts';
import { type Storage, StorageError } from '../core/storage.ts';

/** A method of Storage that can fail. */
export type StorageMethod = Exclude<keyof Storage, 'shared' | 'push'> | `push.${keyof PushStorage}`;

/** A call of a method. `nth` counts the calls of that method, from 1. */
export interface StorageCall {
  readonly method: StorageMethod;
  readonly args: readonly unknown[];
  readonly nth: number;
}

/**
 * `fail`: nothing is written, the call rejects. `lose-reply`: it is written, and the call rejects. `hang`: nothing is
 * written, and no answer comes. `answerAfter`: it is written, and the answer waits for the promise.
 */
export type Fault = 'fail' | 'lose-reply' | 'hang' | { readonly answerAfter: Promise<unknown> };

/** A storage whose calls can be made to fail. */
export interface FaultyStorage extends Storage {
  /** Decides about each call from now on; where it gives a promise, the call gets to the storage when that resolves. Without an argument all is well again. */
  readonly setFault: (decide?: (call: StorageCall) => Fault | undefined | Promise<Fault | undefined>) => void;
  /** All calls so far. */
  readonly calls: readonly StorageCall[];
  /** Calls that have reached the storage behind and have not been answered. */
  readonly inFlight: () => number;
}

/** Wraps a storage so that calls fail, answer late, lose their reply or hang, as `setFault` decides. */
export function faultyStorage(inner: Storage, options: { shared?: boolean } = {}): FaultyStorage {
  const calls: StorageCall[] = [];
  const counts = new Map<StorageMethod, number>();
  let decide: Parameters<FaultyStorage['setFault']>[0];
  let inFlight = 0;

  function wrap<A extends unknown[], R>(
    method: StorageMethod,
    forward: (...args: A) => Promise<R>,
  ): (...args: A) => Promise<R> {
    return async (...args) => {
      const nth = (counts.get(method) ?? 0) + 1;
      counts.set(method, nth);
      const call = { method, args, nth };
      calls.push(call);
      const given = decide?.(call);
      const fault = given instanceof Promise ? await given : given;
      if (fault === 'hang') return new Promise(() => undefined);
      if (fault === 'fail') throw new StorageError('unavailable', `${method} failed`);
      inFlight += 1;
      try {
        const result = await forward(...args);
        if (typeof fault === 'object') await fault.answerAfter;
        if (fault === 'lose-reply') throw new StorageError('unavailable', `the reply to ${method} was lost`);
        return result;
      } finally {
        inFlight -= 1;
      }
    };
  }

  function wrapPush(push: PushStorage): PushStorage {
    return {
      save: wrap('push.save', (...args) => push.save(...args)),
      list: wrap('push.list', (...args) => push.list(...args)),
      delete: wrap('push.delete', (...args) => push.delete(...args)),
      claim: wrap('push.claim', (...args) => push.claim(...args)),
      ack: wrap('push.ack', (...args) => push.ack(...args)),
      retry: wrap('push.retry', (...args) => push.retry(...args)),
      disable: wrap('push.disable', (...args) => push.disable(...args)),
    };
  }

  return {
    shared: options.shared ?? inner.shared,
    ...(inner.push && { push: wrapPush(inner.push) }),
    init: wrap('init', () => inner.init()),
    close: wrap('close', () => inner.close()),
    createTask: wrap('createTask', (...args) => inner.createTask(...args)),
    addInput: wrap('addInput', (...args) => inner.addInput(...args)),
    requestCancel: wrap('requestCancel', (...args) => inner.requestCancel(...args)),
    append: wrap('append', (...args) => inner.append(...args)),
    claim: wrap('claim', (...args) => inner.claim(...args)),
    renew: wrap('renew', (...args) => inner.renew(...args)),
    release: wrap('release', (...args) => inner.release(...args)),
    loadTask: wrap('loadTask', (...args) => inner.loadTask(...args)),
    read: wrap('read', (...args) => inner.read(...args)),
    heads: wrap('heads', (...args) => inner.heads(...args)),
    listTasks: wrap('listTasks', (...args) => inner.listTasks(...args)),
    ...(inner.checkpoint && {
      checkpoint: wrap('checkpoint', async (...args) => inner.checkpoint?.(...args)),
    }),
    sweep: wrap('sweep', (...args) => inner.sweep(...args)),
    setFault(next) {
      decide = next;
    },
    calls,
    inFlight: () => inFlight,
  };
}
