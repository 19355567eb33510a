import type { Part } from '../protocol/v1.ts';
import type { Clock } from './clock.ts';
import { type Deferred, deferred } from './deferred.ts';
import { publish } from './engine.ts';
import type { EventBus } from './event-bus.ts';
import { createFairness, type Fairness } from './fairness.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import type { EntryBody } from './log.ts';
import type { Logger } from './logger.ts';
import { retryPauseMs } from './retry.ts';
import type { RunMeter } from './run-meter.ts';
import type { Lease, Storage, WriteResult } from './storage.ts';
import { LeaseLost, TaskClosed, TaskTooLarge } from './task-failed.ts';

/** What the storage said to an append that it took. */
export type Stored = Extract<WriteResult, { ok: true }>;

type OnStored = (stored: Stored) => void;
type OnRefused = (error: Error) => void;

interface Item {
  readonly entries: readonly EntryBody[];
  readonly bytes: number;
  readonly onStored: OnStored;
  readonly onRefused: OnRefused;
}

/** Entries and bytes that may wait before an agent is slowed down, and that one append takes. */
const ROOM = { entries: 256, bytes: 1 << 20 };

/** What a queue needs of its run. */
export interface AppendQueueOptions {
  readonly storage: Storage;
  readonly eventBus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly lease: Lease;
  readonly keeper: Pick<LeaseKeeper, 'lost' | 'beforeWrite' | 'afterWrite' | 'lose' | 'wrote'>;
  /** Told of what is written. */
  readonly meter?: RunMeter | undefined;
}

/**
 * Writes to one task under one lease, many at a time: while an append is in flight, what is pushed waits and goes out as
 * the next one, with the next producer sequence. An append whose answer was lost is repeated with the same one until the
 * lease is.
 *
 * When an entry does not fit into the task, what was pushed after it is refused as well: nobody is to see an output
 * with a hole in it. A class, as each run has one, and without a promise of its own for an append, as there are many.
 */
export class AppendQueue {
  readonly #options: AppendQueueOptions;
  readonly #fairness: Fairness;
  #waiting: Item[] = [];
  #inFlight: readonly Item[] | undefined;
  #producerSeq = 0;
  #tries = 0;
  #cancelPause: (() => void) | undefined;
  #queuedEntries = 0;
  #queuedBytes = 0;
  #isBusy = false;
  /** Resolves when the queue is empty; made only for who waits. */
  #idle: Deferred<void> | undefined;
  /** Entries that one append takes at most. */
  #most = ROOM.entries;
  #isFull = false;
  #hasEnded = false;

  constructor(options: AppendQueueOptions) {
    this.#options = options;
    this.#fairness = createFairness(options.clock);
    options.keeper.lost.listen(() => {
      this.#cancelPause?.();
      const batch = this.#inFlight;
      this.#inFlight = undefined;
      if (batch !== undefined) this.#goOn(batch, FENCED);
    });
  }

  /** Whether the task has ended with what was stored. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Queues entries that belong together. `onStored` is called when they are; else `onRefused`, with TaskClosed, LeaseLost or TaskTooLarge. */
  push(entries: readonly EntryBody[], onStored: OnStored, onRefused: OnRefused): void {
    if (entries.length === 0) onStored({ ok: true, seq: 0, closed: false, entries: [] });
    else if (this.#isFull) onRefused(tooLarge());
    else this.pushEnd(entries, onStored, onRefused);
  }

  /** Queues the end of a task that has outgrown the storage's limit; everything else is refused from then on. */
  pushEnd(entries: readonly EntryBody[], onStored: OnStored, onRefused: OnRefused): void {
    let bytes = 0;
    for (const entry of entries) bytes += roughBytes(entry);
    this.#waiting.push({ entries, bytes, onStored, onRefused });
    this.#queuedEntries += entries.length;
    this.#queuedBytes += bytes;
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#most = ROOM.entries;
    // what is pushed in the same turn of the event loop goes out together
    queueMicrotask(this.#writeNext);
  }

  /** Undefined while the queue has room; else resolves when what was pushed has been stored. */
  room(): Promise<void> | undefined {
    const hasRoom = this.#queuedEntries < ROOM.entries && this.#queuedBytes < ROOM.bytes;
    return hasRoom ? undefined : this.settled();
  }

  /** Resolves when all that was pushed is stored or refused. */
  async settled(): Promise<void> {
    if (!this.#isBusy) return;
    this.#idle ??= deferred();
    await this.#idle.promise;
  }

  readonly #writeNext = (): void => {
    if (this.#waiting.length === 0) {
      // a later push starts anew
      this.#isBusy = false;
      this.#idle?.resolve();
      this.#idle = undefined;
      return;
    }
    const { keeper } = this.#options;
    const batch = this.#takeBatch();
    this.#producerSeq += 1;
    this.#tries = 0;
    keeper.beforeWrite();
    if (keeper.lost.hasEnded) {
      this.#goOn(batch, FENCED);
      return;
    }
    this.#inFlight = batch;
    this.#write(entriesOf(batch));
  };

  #write(entries: readonly EntryBody[]): void {
    const { storage, lease, keeper, clock, logger } = this.#options;
    const { taskId } = lease;
    this.#tries += 1;
    const failed = (error: unknown) => {
      if (keeper.lost.hasEnded) return;
      logger.warn({ err: error, tries: this.#tries, taskId }, 'an append failed, trying again');
      this.#cancelPause = clock.after(retryPauseMs(this.#tries), () => {
        this.#write(entries);
      });
    };
    try {
      storage.append(lease, this.#producerSeq, entries).then(this.#answered, failed);
    } catch (error) {
      failed(error);
    }
  }

  readonly #answered = (result: WriteResult): void => {
    const batch = this.#inFlight;
    // the lease was lost meanwhile
    if (batch === undefined) return;
    this.#inFlight = undefined;
    this.#options.keeper.afterWrite();
    this.#tell(result);
    this.#goOn(batch, result);
  };

  #goOn(batch: readonly Item[], result: WriteResult): void {
    this.#most = this.#settle(batch, result) ? this.#most : 1;
    const turn = this.#fairness.giveTurn(batch.length);
    if (turn === undefined) this.#writeNext();
    else void turn.then(this.#writeNext);
  }

  #tell(result: WriteResult): void {
    const { keeper, lease, meter } = this.#options;
    if (result.ok) {
      const { seq: head, closed, entries } = result;
      if (closed) this.#hasEnded = true;
      keeper.wrote(entries);
      meter?.wrote(entries);
      const { taskId } = lease;
      publish(
        this.#options,
        entries.length > 0 ? { taskId, head, closed, entries } : { taskId, head, closed },
      );
    } else if (result.reason === 'too-large') {
      // nothing was stored, so the next append has this number
      this.#producerSeq -= 1;
    } else {
      keeper.lose(`the storage refused an append (${result.reason})`);
    }
  }

  #takeBatch(): Item[] {
    let count = 0;
    let bytes = 0;
    const end = this.#waiting.findIndex((item) => {
      count += item.entries.length;
      bytes += item.bytes;
      return count > this.#most || bytes > ROOM.bytes;
    });
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : Math.max(1, end));
  }

  /** Tells what became of a batch. False: it is back in the queue, to be tried piece by piece. */
  #settle(batch: readonly Item[], result: WriteResult): boolean {
    if (result.ok) {
      for (const item of this.#release(batch)) item.onStored(result);
      return true;
    }
    if (result.reason !== 'too-large') {
      for (const item of this.#release(batch)) item.onRefused(refusal(result.reason));
    } else if (batch.length > 1) {
      this.#waiting = [...batch, ...this.#waiting];
      return false;
    } else {
      this.#isFull = true;
      const refused = this.#release([...batch, ...this.#waiting]);
      this.#waiting = [];
      for (const item of refused) item.onRefused(tooLarge());
    }
    return true;
  }

  #release(items: readonly Item[]): readonly Item[] {
    for (const item of items) {
      this.#queuedEntries -= item.entries.length;
      this.#queuedBytes -= item.bytes;
    }
    return items;
  }
}

const FENCED: WriteResult = { ok: false, reason: 'fenced' };

/** What is pushed at once, as one promise. */
export function pushed(queue: AppendQueue, entries: readonly EntryBody[]): Promise<Stored> {
  return new Promise((resolve, reject) => {
    queue.push(entries, resolve, reject);
  });
}

function entriesOf(batch: readonly Item[]): readonly EntryBody[] {
  const [first, ...others] = batch;
  return first !== undefined && others.length === 0 ? first.entries : batch.flatMap(({ entries }) => entries);
}

function tooLarge(): Error {
  return new TaskTooLarge('This, or what was said before it, does not fit into the task');
}

function refusal(reason: string): Error {
  return reason === 'closed'
    ? new TaskClosed('The task has ended')
    : new LeaseLost('This worker no longer holds the task');
}

function roughBytes(entry: EntryBody): number {
  if (entry.kind === 'artifact') return 100 + partBytes(entry.artifact.parts);
  if (entry.kind === 'status' || entry.kind === 'message') return 100 + partBytes(entry.message?.parts ?? []);
  return 100;
}

function partBytes(parts: readonly Part[]): number {
  return parts.reduce((sum, { text, raw, data }) => {
    return sum + (text?.length ?? raw?.length ?? (data === undefined ? 100 : JSON.stringify(data).length));
  }, 0);
}
