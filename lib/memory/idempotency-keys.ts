import type { Seq, TaskId } from '../core/log.ts';
import type { Idempotency } from '../core/storage.ts';
import { createFifo } from './fifo.ts';

/** What a call with an idempotency key led to. */
export interface KeyedCall {
  readonly taskId: TaskId;
  readonly seq: Seq;
  readonly fingerprint: string;
}

/** Calls that were made with an idempotency key, for as long as their windows are open. */
export interface IdempotencyKeys {
  /** The call made with this key; `reused` when it was another call. */
  readonly find: (
    scopeKey: string,
    given: Idempotency | undefined,
    now: number,
  ) => KeyedCall | 'reused' | undefined;
  readonly add: (
    scopeKey: string,
    given: Idempotency | undefined,
    call: Omit<KeyedCall, 'fingerprint'>,
    now: number,
  ) => void;
  readonly size: () => number;
  /** Forgets keys whose windows are over, at most `limit`. Gives how many. */
  readonly expire: (now: number, limit: number) => number;
}

interface Slot extends KeyedCall {
  readonly key: string;
  readonly until: number;
}

/** Remembers up to `maxKeys`, then forgets the oldest first. */
export function createIdempotencyKeys(maxKeys: number): IdempotencyKeys {
  const slots = new Map<string, Slot>();
  // in the order of the calls: a window that is shorter than one before it is merely forgotten later
  const order = createFifo<Slot>();

  function forgetOldest(): void {
    const slot = order.shift();
    if (slot !== undefined && slots.get(slot.key) === slot) slots.delete(slot.key);
  }

  return {
    find(scopeKey, given, now) {
      if (given === undefined) return undefined;
      const slot = slots.get(keyOf(scopeKey, given));
      if (slot === undefined || slot.until <= now) return undefined;
      return slot.fingerprint === given.fingerprint ? slot : 'reused';
    },
    add(scopeKey, given, call, now) {
      if (given === undefined) return;
      const key = keyOf(scopeKey, given);
      const slot = { ...call, key, fingerprint: given.fingerprint, until: now + given.windowMs };
      slots.set(key, slot);
      order.push(slot);
      while (order.size() > maxKeys) forgetOldest();
    },
    size: order.size,
    expire(now, limit) {
      let count = 0;
      for (
        let oldest = order.at(0);
        count < limit && oldest !== undefined && oldest.until <= now;
        oldest = order.at(0)
      ) {
        forgetOldest();
        count += 1;
      }
      return count;
    },
  };
}

function keyOf(scopeKey: string, { key }: Idempotency): string {
  return `${scopeKey} ${key}`;
}
