import type { Idempotency, Scope, Seq, TaskId } from 'express-a2a';

/** A call made with an idempotency key, as it is stored. */
export interface KeyedCall {
  readonly key: string;
  readonly fingerprint: string;
  readonly until: number;
  readonly seq: Seq;
}

/** Calls whose windows are open. */
export interface Calls {
  /** The call made with this key in this scope; `reused` when it was another one. */
  readonly find: (
    scope: Scope,
    given: Idempotency | undefined,
  ) => (KeyedCall & { readonly taskId: TaskId }) | 'reused' | undefined;
  /** What to store of a call that leads to entry `seq`. */
  readonly of: (given: Idempotency | undefined, seq: Seq) => KeyedCall | undefined;
  readonly remember: (scope: Scope, taskId: TaskId, call: KeyedCall | undefined) => void;
}

export function createCalls(now: () => number): Calls {
  const calls = new Map<string, KeyedCall & { readonly taskId: TaskId }>();
  const nameOf = ({ agent, tenant, owner }: Scope, key: string) =>
    JSON.stringify([agent, tenant, owner, key]);
  return {
    find(scope, given) {
      if (given === undefined) return undefined;
      const call = calls.get(nameOf(scope, given.key));
      if (call === undefined || call.until <= now()) return undefined;
      return call.fingerprint === given.fingerprint ? call : 'reused';
    },
    of: (given, seq) =>
      given && { key: given.key, fingerprint: given.fingerprint, until: now() + given.windowMs, seq },
    remember(scope, taskId, call) {
      for (const [name, { until }] of calls) {
        // in the order of the calls: what is behind one whose window is open is forgotten later
        if (until > now()) break;
        calls.delete(name);
      }
      if (call !== undefined) calls.set(nameOf(scope, call.key), { ...call, taskId });
    },
  };
}
