import type { Clock } from './clock.ts';
import { Ending } from './ending.ts';
import type { EventBus, TaskHint } from './event-bus.ts';
import type { LogEntry, Seq } from './log.ts';
import type { Logger } from './logger.ts';
import type { Lease, Storage } from './storage.ts';
import { LeaseLost } from './task-failed.ts';

/** Keeps a lease alive and listens for what concerns its holder. */
export interface LeaseKeeper {
  /** Ends when the lease was lost, with LeaseLost as its reason. */
  readonly lost: Ending;
  /** Starts the heartbeat and the listening. */
  readonly start: () => void;
  /** An append is about to be sent: looks at the time, since a blocked event loop delays timers. */
  readonly beforeWrite: () => void;
  /** The append has been answered. */
  readonly afterWrite: () => void;
  /** Declares the lease lost: an append was refused. */
  readonly lose: (why: string) => void;
  /** Takes note of entries that the holder wrote; what lies between them was written by others. */
  readonly wrote: (entries: readonly LogEntry[]) => void;
  /** Renews now instead of at the next heartbeat. Gives how long the lease still lasts, or undefined when that is not known. */
  readonly renew: () => Promise<number | undefined>;
  /** Stops the heartbeat and the listening. The lease itself is left as it is. */
  readonly stop: () => void;
}

/** What a keeper needs. */
export interface LeaseKeeperOptions {
  readonly storage: Storage;
  readonly eventBus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lease: Lease;
  readonly leaseMs: number;
  /** The newest entry when the task was claimed. */
  readonly head: Seq;
  /** When the claim was sent, by `clock.elapsed()`. */
  readonly claimedAt: number;
  /** A cancel was seen; called once. */
  readonly onCancel: () => void;
  /** Newer input was seen. */
  readonly onInput: () => void;
  /** The lease was taken away or could not be renewed in time; called once. */
  readonly onLost: () => void;
}

/** How long before its end a lease is given up when nothing has been heard from the storage: clocks drift, and calls take time. */
const MARGIN_MS = 2000;

/** Makes the keeper of a lease. */
export function createLeaseKeeper(options: LeaseKeeperOptions): LeaseKeeper {
  const { storage, eventBus, clock, logger, lease, leaseMs } = options;
  const { taskId } = lease;
  const usableMs = Math.max(leaseMs / 2, leaseMs - MARGIN_MS);
  const lost = new Ending();
  let state: 'held' | 'lost' | 'stopped' = 'held';
  let renewedAt = options.claimedAt;
  let known = options.head;
  let writes = 0;
  let isWriting = false;
  let cancelSeen = false;
  let newestInput: Seq = 0;
  let asking: Promise<void> | undefined;
  let askAgain = false;
  let stopListening: () => void = () => undefined;
  let cancelBeat: () => void = () => undefined;
  let cancelEnd: () => void = () => undefined;

  const isHeld = () => state === 'held';

  function start(): void {
    beatLater();
    endLater();
    const offGap = eventBus.onGap(ask);
    stopListening = offGap;
    void listen(offGap);
  }

  async function listen(offGap: () => void): Promise<void> {
    try {
      const unsubscribe = await eventBus.subscribe(taskId, onHint);
      stopListening = () => {
        unsubscribe();
        offGap();
      };
      if (state !== 'held') stopListening();
    } catch (error) {
      logger.warn({ err: error, taskId }, 'subscribing failed; a cancel is noticed by the heartbeat');
    }
    // what others wrote between the claim and now has told nobody; an append that is yet to be sent finds out by its number
    if (writes > 0) ask();
  }

  function onHint({ head, entries }: TaskHint): void {
    if (entries === undefined) {
      if (head > known) ask();
      return;
    }
    for (const entry of entries) {
      if (entry.kind === 'cancel') sawCancel();
      else if (entry.kind === 'input' || entry.kind === 'resume') sawInput(entry.seq);
    }
  }

  function wrote(entries: readonly LogEntry[]): void {
    const first = entries[0]?.seq;
    if (first === undefined) return;
    if (first > known + 1) ask();
    known = first + entries.length - 1;
  }

  function sawCancel(): void {
    if (cancelSeen || state !== 'held') return;
    cancelSeen = true;
    options.onCancel();
  }

  function sawInput(seq: Seq): void {
    if (seq <= newestInput || state !== 'held') return;
    newestInput = seq;
    options.onInput();
  }

  function beatLater(): void {
    const dueAt = clock.elapsed() + leaseMs / 3;
    cancelBeat = clock.after(leaseMs / 3, () => {
      const lateMs = clock.elapsed() - dueAt;
      if (lateMs > MARGIN_MS) {
        const advice = 'the event loop was blocked: move long computations out of it, or raise leaseMs';
        logger.warn({ taskId, lateMs, leaseMs }, advice);
      }
      beatLater();
      // not `ask`: a question that is never answered must not hold up the next
      void renew();
    });
  }

  function endLater(): void {
    cancelEnd();
    cancelEnd = clock.after(renewedAt + usableMs - clock.elapsed(), () => {
      // a timer may fire a moment early
      if (!isLost()) endLater();
    });
  }

  /** Asks the storage for news. One question at a time: what is asked meanwhile is asked once more. */
  function ask(): void {
    askAgain = true;
    asking ??= askAll();
  }

  async function askAll(): Promise<void> {
    while (askAgain) {
      askAgain = false;
      await renew();
    }
    asking = undefined;
  }

  async function renew(): Promise<number | undefined> {
    if (state !== 'held') return undefined;
    const sentAt = clock.elapsed();
    const before = writes;
    const wasWriting = isWriting;
    try {
      const answer = await storage.renew(lease, leaseMs);
      if (!answer.ok) {
        // an append beside it may have ended the task, and with it the lease: the answer to that one tells
        if (!wasWriting && writes === before) lose('it was taken away');
        return undefined;
      }
      renewedAt = Math.max(renewedAt, sentAt);
      if (isHeld()) endLater();
      if (answer.cancelRequested) sawCancel();
      sawInput(answer.inputSeq);
      return answer.leftMs;
    } catch (error) {
      logger.warn({ err: error, taskId }, 'renewing a lease failed');
      return undefined;
    }
  }

  function isLost(): boolean {
    if (state === 'held' && clock.elapsed() - renewedAt >= usableMs) lose('it could not be renewed in time');
    return state === 'lost';
  }

  function lose(why: string): void {
    if (state !== 'held') return;
    logger.warn({ taskId, epoch: lease.epoch }, `the lease of a task was lost: ${why}`);
    end('lost');
    lost.end(new LeaseLost('This worker no longer holds the task'));
    options.onLost();
  }

  function end(how: 'lost' | 'stopped'): void {
    state = how;
    cancelBeat();
    cancelEnd();
    stopListening();
  }

  return {
    lost,
    start,
    beforeWrite() {
      writes += 1;
      isWriting = true;
      isLost();
    },
    afterWrite() {
      isWriting = false;
    },
    lose,
    wrote,
    renew,
    stop() {
      if (state === 'held') end('stopped');
    },
  };
}
