import type { Part } from '../protocol/v1.ts';
import type { Clock } from './clock.ts';
import { publish } from './engine.ts';
import type { EventBus } from './event-bus.ts';
import { Fairness } from './fairness.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import type { EntryBody } from './log.ts';
import type { Logger } from './logger.ts';
import { type Deferred, deferred, inMicrotask } from './promises.ts';
import { retryPauseMs } from './retry.ts';
import type { RunMeter } from './run-meter.ts';
import type { Lease, Storage, WriteResult } from './storage.ts';
import { LeaseLost, TaskClosed, TaskTooLarge } from './task-failed.ts';

/** What the storage said to an append that it took. */
export type Stored = Extract<WriteResult, { ok: true }>;

/** Who is told what became of entries. */
export interface Pushed {
  readonly onStored: (stored: Stored) => void;
  /** With TaskClosed, LeaseLost or TaskTooLarge. */
  readonly onRefused: (error: Error) => void;
}

interface Item {
  readonly entries: readonly EntryBody[];
  readonly bytes: number;
  readonly pushed: Pushed;
}

/** Entries and bytes that may wait before an agent is slowed down, and that one append takes. */
const ROOM = { entries: 256, bytes: 1 << 20 };

/** What all queues of a worker share. */
export interface AppendQueueOptions {
  readonly storage: Storage;
  readonly eventBus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Keeper = Pick<LeaseKeeper, 'lost' | 'beforeWrite' | 'afterWrite' | 'lose' | 'wrote'>;

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
  readonly #lease: Lease;
  readonly #keeper: Keeper;
  readonly #meter: RunMeter | undefined;
  readonly #fairness: Fairness;
  #waiting: Item[] = [];
  /** What an append is under way for, and what it writes. */
  #inFlight: readonly Item[] | undefined;
  #entries = NOTHING;
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

  /** `meter` is told of what is written. */
  constructor(options: AppendQueueOptions, lease: Lease, keeper: Keeper, meter?: RunMeter) {
    this.#options = options;
    this.#lease = lease;
    this.#keeper = keeper;
    this.#meter = meter;
    this.#fairness = new Fairness(options.clock);
    keeper.lost.listen(this);
  }

  /** The lease was lost. */
  onEnding(): void {
    this.#cancelPause?.();
    const batch = this.#inFlight;
    this.#inFlight = undefined;
    if (batch !== undefined) this.#goOn(batch, FENCED);
  }

  /** Whether the task has ended with what was stored. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Queues entries that belong together. */
  push(entries: readonly EntryBody[], pushed: Pushed): void {
    if (entries.length === 0) pushed.onStored({ ok: true, seq: 0, closed: false, entries: [] });
    else if (this.#isFull) pushed.onRefused(tooLarge());
    else this.pushEnd(entries, pushed);
  }

  /** Queues the end of a task that has outgrown the storage's limit; everything else is refused from then on. */
  pushEnd(entries: readonly EntryBody[], pushed: Pushed): void {
    let bytes = 0;
    for (const entry of entries) bytes += roughBytes(entry);
    this.#waiting.push({ entries, bytes, pushed });
    this.#queuedEntries += entries.length;
    this.#queuedBytes += bytes;
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#most = ROOM.entries;
    // what is pushed before the next microtasks goes out together
    inMicrotask(() => {
      this.#writeSoon();
    });
  }

  /** Undefined while the queue has room; else resolves when what was pushed has been stored. */
  room(): Promise<void> | undefined {
    const hasRoom = this.#queuedEntries < ROOM.entries && this.#queuedBytes < ROOM.bytes;
    return hasRoom ? undefined : this.settled();
  }

  /** Resolves when all that was pushed is stored or refused; undefined where nothing is under way. */
  settled(): Promise<void> | undefined {
    if (!this.#isBusy) return undefined;
    this.#idle ??= deferred();
    return this.#idle.promise;
  }

  /** Whether nothing is written but the start of the run. Most agents say one thing then, and return. */
  get #hasOnlyStarted(): boolean {
    return this.#producerSeq === 1;
  }

  /** What an agent says as it returns goes out together: its return is heard of a microtask after what it said before. */
  #writeSoon(): void {
    if (this.#hasOnlyStarted)
      inMicrotask(() => {
        this.#writeNext();
      });
    else this.#writeNext();
  }

  #writeNext(): void {
    if (this.#waiting.length === 0) {
      // a later push starts anew
      this.#isBusy = false;
      this.#idle?.resolve();
      this.#idle = undefined;
      return;
    }
    const batch = this.#takeBatch();
    this.#producerSeq += 1;
    this.#tries = 0;
    this.#keeper.beforeWrite();
    if (this.#keeper.lost.hasEnded) {
      this.#goOn(batch, FENCED);
      return;
    }
    this.#inFlight = batch;
    this.#entries = entriesOf(batch);
    this.#write();
  }

  #write(): void {
    this.#tries += 1;
    try {
      // functions of this write: most runs wait much longer than they write
      this.#options.storage.append(this.#lease, this.#producerSeq, this.#entries).then(
        (result) => {
          this.#answered(result);
        },
        (error: unknown) => {
          this.#failed(error);
        },
      );
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const { clock, logger } = this.#options;
    if (this.#keeper.lost.hasEnded) return;
    const { taskId } = this.#lease;
    logger.warn({ err: error, tries: this.#tries, taskId }, 'an append failed, trying again');
    this.#cancelPause = clock.after(retryPauseMs(this.#tries), () => {
      this.#write();
    });
  }

  #answered(result: WriteResult): void {
    const batch = this.#inFlight;
    // the lease was lost meanwhile
    if (batch === undefined) return;
    this.#inFlight = undefined;
    this.#entries = NOTHING;
    this.#keeper.afterWrite();
    this.#tell(result);
    this.#goOn(batch, result);
  }

  #goOn(batch: readonly Item[], result: WriteResult): void {
    this.#most = this.#settle(batch, result) ? this.#most : 1;
    const turn = this.#fairness.giveTurn(batch.length);
    if (turn === undefined) this.#writeNext();
    else {
      void turn.then(() => {
        this.#writeNext();
      });
    }
  }

  #tell(result: WriteResult): void {
    if (result.ok) {
      const { seq: head, closed, entries } = result;
      if (closed) this.#hasEnded = true;
      this.#keeper.wrote(entries);
      this.#meter?.wrote(entries);
      const { taskId } = this.#lease;
      publish(
        this.#options,
        entries.length > 0 ? { taskId, head, closed, entries } : { taskId, head, closed },
      );
    } else if (result.reason === 'too-large') {
      // nothing was stored, so the next append has this number
      this.#producerSeq -= 1;
    } else {
      this.#keeper.lose(`the storage refused an append (${result.reason})`);
    }
  }

  #takeBatch(): readonly Item[] {
    const waiting = this.#waiting;
    let count = 0;
    let bytes = 0;
    let end = 0;
    for (const item of waiting) {
      count += item.entries.length;
      bytes += item.bytes;
      if (end > 0 && (count > this.#most || bytes > ROOM.bytes)) break;
      end += 1;
    }
    if (end < waiting.length) return waiting.splice(0, end);
    this.#waiting = [];
    return waiting;
  }

  /** Tells what became of a batch. False: it is back in the queue, to be tried piece by piece. */
  #settle(batch: readonly Item[], result: WriteResult): boolean {
    if (result.ok) {
      for (const item of this.#release(batch)) item.pushed.onStored(result);
      return true;
    }
    if (result.reason !== 'too-large') {
      for (const item of this.#release(batch)) item.pushed.onRefused(refusal(result.reason));
    } else if (batch.length > 1) {
      this.#waiting = [...batch, ...this.#waiting];
      return false;
    } else {
      this.#isFull = true;
      const refused = this.#release([...batch, ...this.#waiting]);
      this.#waiting = [];
      for (const item of refused) item.pushed.onRefused(tooLarge());
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

const NOTHING: readonly EntryBody[] = [];
const FENCED: WriteResult = { ok: false, reason: 'fenced' };

/** What is pushed at once, as one promise. */
export function pushed(queue: AppendQueue, entries: readonly EntryBody[]): Promise<Stored> {
  return new Promise((onStored, onRefused) => {
    queue.push(entries, { onStored, onRefused });
  });
}

function entriesOf(batch: readonly Item[]): readonly EntryBody[] {
  const first = batch[0];
  if (first !== undefined && batch.length === 1) return first.entries;
  const all: EntryBody[] = [];
  for (const { entries } of batch) for (const entry of entries) all.push(entry);
  return all;
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
