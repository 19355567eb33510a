import type { Alarm, Alarms } from './alarms.ts';
import { type Clock, wholeMs } from './clock.ts';
import { Ending } from './ending.ts';
import type { EventBus, TaskHint } from './event-bus.ts';
import type { LogEntry, Seq } from './log.ts';
import type { Logger } from './logger.ts';
import type { ClaimedTask, Lease, Storage } from './storage.ts';
import { LeaseLost } from './task-failed.ts';

/** What all keepers of a worker share. */
export interface LeaseKeeperOptions {
  readonly storage: Storage;
  readonly eventBus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly alarms: Alarms;
  readonly leaseMs: number;
}

/** The run that holds the lease. */
export interface LeaseHolder {
  /** A cancel was seen; called once. */
  readonly onCancel: () => void;
  /** Newer input was seen. */
  readonly onInput: () => void;
  /** The lease was taken away or could not be renewed in time; called once. */
  readonly onLost: () => void;
}

/** How long before its end a lease is given up when nothing has been heard from the storage: clocks drift, and calls take time. */
const MARGIN_MS = 2000;

/** Keeps a lease alive and listens for what concerns its holder. A class, as each run has one. */
export class LeaseKeeper implements Alarm {
  place = 0;
  dueAt: number | undefined;
  /** Ends when the lease was lost, with LeaseLost as its reason. */
  readonly lost = new Ending();
  readonly #holder: LeaseHolder;
  readonly #lease: Lease;
  readonly #options: LeaseKeeperOptions;
  readonly #usableMs: number;
  #state: 'held' | 'lost' | 'stopped' = 'held';
  #renewedAt: number;
  #beatAt: number;
  #known: Seq;
  #writes = 0;
  #isWriting = false;
  #cancelSeen = false;
  #newestInput: Seq = 0;
  #isAsking = false;
  #askAgain = false;
  #unsubscribe: (() => void) | undefined;

  /** `claimedAt` is when the claim was sent, by `clock.elapsed()`. */
  constructor(
    holder: LeaseHolder,
    { lease, head }: Pick<ClaimedTask, 'lease' | 'head'>,
    claimedAt: number,
    options: LeaseKeeperOptions,
  ) {
    const { leaseMs, clock } = options;
    this.#holder = holder;
    this.#lease = lease;
    this.#options = options;
    this.#usableMs = Math.max(leaseMs / 2, leaseMs - MARGIN_MS);
    this.#renewedAt = claimedAt;
    this.#beatAt = wholeMs(clock) + Math.floor(leaseMs / 3);
    this.#known = head;
  }

  /** Starts the heartbeat and the listening. */
  start(): void {
    this.#wait();
    this.#listen();
  }

  /** An append is about to be sent: looks at the time, since a blocked event loop delays timers. */
  beforeWrite(): void {
    this.#writes += 1;
    this.#isWriting = true;
    this.#checkTime();
  }

  /** The append has been answered. */
  afterWrite(): void {
    this.#isWriting = false;
  }

  /** Takes note of entries that the holder wrote; what lies between them was written by others. */
  wrote(entries: readonly LogEntry[]): void {
    const first = entries[0]?.seq;
    if (first === undefined) return;
    if (first > this.#known + 1) this.ask();
    this.#known = first + entries.length - 1;
  }

  /** Declares the lease lost: an append was refused. */
  lose(why: string): void {
    if (this.#state !== 'held') return;
    const { taskId, epoch } = this.#lease;
    this.#options.logger.warn({ taskId, epoch }, `the lease of a task was lost: ${why}`);
    this.#end('lost');
    this.lost.end(new LeaseLost('This worker no longer holds the task'));
    this.#holder.onLost();
  }

  /** Renews now instead of at the next heartbeat. Gives how long the lease still lasts, or undefined when that is not known. */
  async renew(): Promise<number | undefined> {
    if (this.#state !== 'held') return undefined;
    const { storage, clock, logger, leaseMs } = this.#options;
    const sentAt = wholeMs(clock);
    const before = this.#writes;
    const wasWriting = this.#isWriting;
    try {
      const answer = await storage.renew(this.#lease, leaseMs);
      if (!answer.ok) {
        // an append beside it may have ended the task, and with it the lease: the answer to that one tells
        if (!wasWriting && this.#writes === before) this.lose('it was taken away');
        return undefined;
      }
      this.#renewedAt = Math.max(this.#renewedAt, sentAt);
      if (answer.cancelRequested) this.#sawCancel();
      this.#sawInput(answer.inputSeq);
      return answer.leftMs;
    } catch (error) {
      logger.warn({ err: error, taskId: this.#lease.taskId }, 'renewing a lease failed');
      return undefined;
    }
  }

  /** Stops the heartbeat and the listening. The lease itself is left as it is. */
  stop(): void {
    if (this.#state === 'held') this.#end('stopped');
  }

  #end(how: 'lost' | 'stopped'): void {
    this.#state = how;
    this.#options.alarms.clear(this);
    this.#leave(this.#unsubscribe);
  }

  /** A bus that can not be left must not keep the run from its end. */
  #leave(stop: (() => void) | undefined): void {
    try {
      stop?.();
    } catch (error) {
      const { taskId } = this.#lease;
      this.#options.logger.warn({ err: error, taskId }, 'unsubscribing from a task failed');
    }
  }

  #listen(): void {
    const { eventBus, logger } = this.#options;
    const { taskId } = this.#lease;
    const hear = (hint: TaskHint) => {
      this.#hear(hint);
    };
    const failed = (error: unknown) => {
      logger.warn({ err: error, taskId }, 'subscribing failed; a cancel is noticed by the heartbeat');
      this.#catchUp();
    };
    try {
      eventBus.subscribe(taskId, hear).then((unsubscribe) => {
        this.#unsubscribe = unsubscribe;
        if (this.#state === 'held') this.#catchUp();
        else this.#leave(unsubscribe);
      }, failed);
    } catch (error) {
      failed(error);
    }
  }

  /** What others wrote between the claim and now has told nobody; an append that is yet to be sent finds out by its number. */
  #catchUp(): void {
    if (this.#writes > 0) this.ask();
  }

  #hear({ head, entries }: TaskHint): void {
    if (entries === undefined) {
      if (head > this.#known) this.ask();
      return;
    }
    for (const entry of entries) {
      if (entry.kind === 'cancel') this.#sawCancel();
      else if (entry.kind === 'input' || entry.kind === 'resume') this.#sawInput(entry.seq);
    }
  }

  #sawCancel(): void {
    if (this.#cancelSeen || this.#state !== 'held') return;
    this.#cancelSeen = true;
    this.#holder.onCancel();
  }

  #sawInput(seq: Seq): void {
    if (seq <= this.#newestInput || this.#state !== 'held') return;
    this.#newestInput = seq;
    this.#holder.onInput();
  }

  onAlarm(): void {
    const lateMs = wholeMs(this.#options.clock) - this.#beatAt;
    // the end of the lease may be due before
    if (lateMs >= 0) this.#beat(lateMs);
    this.#checkTime();
    if (this.#state === 'held') this.#wait();
  }

  /** One alarm, for the next heartbeat and for the end: a renewal only moves the end away. */
  #wait(): void {
    const dueAt = Math.min(this.#beatAt, this.#renewedAt + this.#usableMs);
    this.#options.alarms.set(this, dueAt - this.#options.clock.elapsed());
  }

  #beat(lateMs: number): void {
    const { logger, leaseMs } = this.#options;
    if (lateMs > MARGIN_MS) {
      const advice = 'the event loop was blocked: move long computations out of it, or raise leaseMs';
      logger.warn({ taskId: this.#lease.taskId, lateMs, leaseMs }, advice);
    }
    this.#beatAt += lateMs + Math.floor(leaseMs / 3);
    // not `ask`: a question that is never answered must not hold up the next
    void this.renew();
  }

  /** Asks the storage for news. One question at a time: what is asked meanwhile is asked once more. */
  ask(): void {
    this.#askAgain = true;
    if (!this.#isAsking) void this.#askAll();
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true;
    while (this.#askAgain) {
      this.#askAgain = false;
      await this.renew();
    }
    this.#isAsking = false;
  }

  #checkTime(): void {
    const { clock } = this.#options;
    if (this.#state === 'held' && clock.elapsed() - this.#renewedAt >= this.#usableMs)
      this.lose('it could not be renewed in time');
  }
}
