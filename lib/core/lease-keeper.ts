import type { Clock } from './clock.ts';
import type { EventBus, TaskHint } from './event-bus.ts';
import type { Seq } from './log.ts';
import type { Logger } from './logger.ts';
import type { Lease, Storage } from './storage.ts';

/** Keeps a lease alive and listens for what concerns its holder. */
export interface LeaseKeeper {
  readonly isLost: () => boolean;
  /** Declares the lease lost: an append was fenced. */
  readonly lose: () => void;
  /** Renews now instead of at the next heartbeat. Gives how long the lease still lasts, or undefined when that is not known. */
  readonly renew: () => Promise<number | undefined>;
  /** Stops the heartbeat and the listening. The lease itself is left as it is. */
  readonly stop: () => void;
}

/** How long before its end a lease is given up, when nothing has been heard from the storage (§ clock skew and slow calls). */
const MARGIN_MS = 2000;

/**
 * Starts the heartbeat of a lease. `onCancel` is called once, `onInput` with the newest input each time it may have
 * grown, `onLost` once when the lease was taken away or could not be renewed in time.
 */
export function keepLease(options: {
  storage: Storage;
  eventBus: EventBus;
  clock: Clock;
  logger: Logger;
  lease: Lease;
  leaseMs: number;
  /** When the claim was sent, by `clock.elapsed()`. */
  claimedAt: number;
  onCancel: () => void;
  onInput: () => void;
  onLost: () => void;
}): LeaseKeeper {
  const { storage, eventBus, clock, logger, lease, leaseMs, onInput } = options;
  const usableMs = Math.max(leaseMs / 2, leaseMs - MARGIN_MS);
  let renewedAt = options.claimedAt;
  let state: 'held' | 'lost' | 'stopped' = 'held';
  let cancelSeen = false;
  let newestInput: Seq = 0;
  let cancelBeat = clock.after(leaseMs / 3, beat);
  let unsubscribe: (() => void) | undefined;
  const offGap = eventBus.onGap(() => void renew());
  void listen();

  async function listen(): Promise<void> {
    try {
      const off = await eventBus.subscribe(lease.taskId, onHint);
      if (state === 'held') unsubscribe = off;
      else off();
    } catch (error) {
      logger.warn({ err: error, taskId: lease.taskId }, 'subscribing failed; cancel comes by heartbeat');
    }
  }

  function onHint(hint: TaskHint): void {
    if (hint.entries === undefined) {
      void renew();
      return;
    }
    for (const entry of hint.entries) {
      if (entry.kind === 'cancel') sawCancel();
      else if (entry.kind === 'input' || entry.kind === 'resume') sawInput(entry.seq);
    }
  }

  function sawCancel(): void {
    if (cancelSeen || state !== 'held') return;
    cancelSeen = true;
    options.onCancel();
  }

  function sawInput(seq: Seq): void {
    if (seq <= newestInput || state !== 'held') return;
    newestInput = seq;
    onInput();
  }

  function beat(): void {
    if (clock.elapsed() - renewedAt >= usableMs) {
      lose();
      return;
    }
    cancelBeat = clock.after(leaseMs / 3, beat);
    void renew();
  }

  async function renew(): Promise<number | undefined> {
    if (state !== 'held') return undefined;
    const sentAt = clock.elapsed();
    try {
      const answer = await storage.renew(lease, leaseMs);
      if (!answer.ok) {
        lose();
        return undefined;
      }
      renewedAt = Math.max(renewedAt, sentAt);
      if (answer.cancelRequested) sawCancel();
      sawInput(answer.inputSeq);
      return answer.leftMs;
    } catch (error) {
      logger.warn({ err: error, taskId: lease.taskId }, 'renewing a lease failed');
      return undefined;
    }
  }

  function lose(): void {
    if (state !== 'held') return;
    end('lost');
    options.onLost();
  }

  function end(how: 'lost' | 'stopped'): void {
    state = how;
    cancelBeat();
    offGap();
    unsubscribe?.();
  }

  return {
    isLost: () => {
      if (state === 'held' && clock.elapsed() - renewedAt >= usableMs) lose();
      return state === 'lost';
    },
    lose,
    renew,
    stop: () => {
      if (state === 'held') end('stopped');
    },
  };
}
