import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Lease, Storage } from '../../lib/core/storage.ts';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { type FakeClock, fakeClock } from '../../lib/testing/fake-clock.ts';

const SCOPE = { agent: 'lease', tenant: '', owner: 'ann' };
const LEASE_MS = 3000;

/** What a lease is, in a few lines: who holds it, when it ends, and where no renewal gets past. */
interface Model {
  now: number;
  holder: { lease: Lease; end: number; cap: number; appends: number } | undefined;
  former: { lease: Lease; appends: number }[];
  cancelled: boolean;
  closed: boolean;
}

interface Real {
  readonly clock: FakeClock;
  readonly storage: Storage;
}

type Step = (model: Model, real: Real) => Promise<void>;

/** Time passes; more than a lease at once is a runner whose event loop is blocked. */
const passes =
  (ms: number): Step =>
  async (model, { clock }) => {
    clock.advance(ms);
    model.now += ms;
  };

const claims: Step = async (model, { storage }) => {
  const by = { worker: 'w', agent: SCOPE.agent, limit: 1, leaseMs: LEASE_MS, taskId: 'task' };
  const [claimed] = await storage.claim(by);
  const isFree = !model.closed && (model.holder === undefined || model.now >= model.holder.end);
  expect(claimed?.cancelRequested).toBe(isFree ? model.cancelled : undefined);
  if (claimed === undefined) return;
  if (model.holder !== undefined) model.former.push(model.holder);
  const end = model.now + LEASE_MS;
  model.holder = { lease: claimed.lease, end, cap: model.cancelled ? end : Infinity, appends: 0 };
};

const renews: Step = async (model, { storage }) => {
  const { holder } = model;
  for (const { lease } of model.former) expect(await storage.renew(lease, LEASE_MS)).toEqual({ ok: false });
  if (holder === undefined) return;
  holder.end = Math.min(holder.cap, Math.max(holder.end, model.now + LEASE_MS));
  expect(await storage.renew(holder.lease, LEASE_MS)).toEqual({
    ...{ ok: true, leftMs: Math.max(0, holder.end - model.now) },
    ...{ cancelRequested: model.cancelled, inputSeq: 1 },
  });
};

const appends: Step = async (model, { storage }) => {
  const body = { kind: 'status', state: 'TASK_STATE_WORKING' } as const;
  for (const former of model.former) {
    const { ok } = await storage.append(former.lease, former.appends + 1, [body]);
    expect(ok).toBe(false);
  }
  if (model.holder === undefined) return;
  model.holder.appends += 1;
  // past its end a lease is still good, as long as nobody else has one
  expect((await storage.append(model.holder.lease, model.holder.appends, [body])).ok).toBe(true);
};

const releases: Step = async (model, { storage }) => {
  if (model.holder === undefined) return;
  expect(await storage.release(model.holder.lease, 0, true)).toBe(true);
  model.former.push(model.holder);
  model.holder = undefined;
};

const cancels =
  (graceMs: number): Step =>
  async (model, { storage }) => {
    const { holder } = model;
    const written = await storage.requestCancel(SCOPE, 'task', graceMs);
    expect(written.ok).toBe(!model.closed);
    if (model.closed || model.cancelled) return;
    model.cancelled = true;
    if (holder === undefined || model.now >= holder.end) {
      model.closed = true;
      if (holder !== undefined) model.former.push(holder);
      model.holder = undefined;
      return;
    }
    holder.end = Math.min(holder.end, model.now + graceMs);
    holder.cap = holder.end;
  };

const step: fc.Arbitrary<readonly [name: string, step: Step]> = fc.oneof(
  fc.nat(4000).map((ms) => [`${ms} ms pass`, passes(ms)] as const),
  fc.constant(['claim', claims] as const),
  fc.constant(['renew', renews] as const),
  fc.constant(['append', appends] as const),
  fc.constant(['release', releases] as const),
  fc.nat(4000).map((ms) => [`cancel with ${ms} ms of grace`, cancels(ms)] as const),
);

describe('a lease', () => {
  it('ends when the model says, whatever is renewed, cancelled, released and late', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const clock = fakeClock();
        const { storage } = memoryBackend({ clock });
        const status = { state: 'TASK_STATE_SUBMITTED', timestamp: '' } as const;
        const task = { id: 'task', contextId: 'context', status, history: [] };
        await storage.createTask({ scope: SCOPE, request: {}, answers: 'task', task });
        const model: Model = { now: 0, holder: undefined, former: [], cancelled: false, closed: false };
        for (const [, run] of steps) await run(model, { clock, storage });
      }),
      { numRuns: 1000 },
    );
  });

  it('that a cancel has capped is not renewed past the grace by a runner that was blocked', async () => {
    const clock = fakeClock();
    const { storage } = memoryBackend({ clock });
    const status = { state: 'TASK_STATE_SUBMITTED', timestamp: '' } as const;
    const task = { id: 'task', contextId: 'context', status, history: [] };
    await storage.createTask({ scope: SCOPE, request: {}, answers: 'task', task });
    const by = { worker: 'w', agent: SCOPE.agent, limit: 1, leaseMs: 30_000, taskId: 'task' };
    const [blocked] = await storage.claim(by);
    if (blocked === undefined) throw new Error('not due');
    await storage.requestCancel(SCOPE, 'task', 5000);
    clock.advance(4000);
    expect(await storage.renew(blocked.lease, 30_000)).toEqual({
      ...{ ok: true, leftMs: 1000, cancelRequested: true, inputSeq: 1 },
    });
    expect(await storage.claim(by)).toEqual([]);
    clock.advance(1000);
    const [next] = await storage.claim(by);
    expect([next?.cancelRequested, next?.reason]).toEqual([true, 'lease-expired']);
    expect(await storage.renew(blocked.lease, 30_000)).toEqual({ ok: false });
  });
});
