import type { Part } from '../protocol/v1.ts';
import type { Clock } from './clock.ts';
import { publish } from './engine.ts';
import type { EventBus } from './event-bus.ts';
import { createFairness } from './fairness.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import type { EntryBody } from './log.ts';
import type { Logger } from './logger.ts';
import { retryUntil } from './retry.ts';
import type { Lease, Storage, WriteResult } from './storage.ts';
import { LeaseLost, TaskClosed, TaskTooLarge } from './task-failed.ts';

/** What the storage said to an append that it took. */
export type Stored = Extract<WriteResult, { ok: true }>;

type OnStored = (stored: Stored) => void;
type OnRefused = (error: Error) => void;

/** Writes to one task under one lease, many at a time. */
export interface AppendQueue {
  /** Queues entries that belong together. `onStored` is called when they are; else `onRefused`, with TaskClosed, LeaseLost or TaskTooLarge. */
  readonly push: (entries: readonly EntryBody[], onStored: OnStored, onRefused: OnRefused) => void;
  /** Queues the end of a task that has outgrown the storage's limit; everything else is refused from then on. */
  readonly pushEnd: (entries: readonly EntryBody[], onStored: OnStored, onRefused: OnRefused) => void;
  /** Undefined while the queue has room; else resolves when what was pushed has been stored. */
  readonly room: () => Promise<void> | undefined;
  /** Resolves when all that was pushed is stored or refused. */
  readonly settled: () => Promise<void>;
  /** Whether the task has ended with what was stored. */
  readonly hasEnded: () => boolean;
}

interface Item {
  readonly entries: readonly EntryBody[];
  readonly bytes: number;
  readonly onStored: OnStored;
  readonly onRefused: OnRefused;
}

/** Entries and bytes that may wait before an agent is slowed down, and that one append takes. */
const ROOM = { entries: 256, bytes: 1 << 20 };

/**
 * Makes the queue of a lease. While an append is in flight, what is pushed waits and goes out as the next one, with the
 * next producer sequence. An append whose answer was lost is repeated with the same one until the lease is.
 *
 * When an entry does not fit into the task, what was pushed after it is refused as well: nobody is to see an output
 * with a hole in it.
 */
export function createAppendQueue(options: {
  storage: Storage;
  eventBus: EventBus;
  clock: Clock;
  logger: Logger;
  lease: Lease;
  keeper: Pick<LeaseKeeper, 'lost' | 'beforeWrite' | 'afterWrite' | 'lose' | 'wrote'>;
}): AppendQueue {
  const { storage, clock, logger, lease, keeper } = options;
  const retrying = { clock, logger, taskId: lease.taskId };
  const fairness = createFairness(clock);
  let waiting: Item[] = [];
  let producerSeq = 0;
  let queuedEntries = 0;
  let queuedBytes = 0;
  let draining: Promise<void> | undefined;
  let isFull = false;
  let hasEnded = false;

  function push(entries: readonly EntryBody[], onStored: OnStored, onRefused: OnRefused): void {
    if (entries.length === 0) onStored({ ok: true, seq: 0, closed: false, entries: [] });
    else if (isFull) onRefused(tooLarge());
    else pushEnd(entries, onStored, onRefused);
  }

  function pushEnd(entries: readonly EntryBody[], onStored: OnStored, onRefused: OnRefused): void {
    let bytes = 0;
    for (const entry of entries) bytes += roughBytes(entry);
    waiting.push({ entries, bytes, onStored, onRefused });
    queuedEntries += entries.length;
    queuedBytes += bytes;
    draining ??= drain();
  }

  async function drain(): Promise<void> {
    // what is pushed in the same turn of the event loop goes out together
    await Promise.resolve();
    let most = ROOM.entries;
    while (waiting.length > 0) {
      const batch = takeBatch(most);
      const result = await append(entriesOf(batch));
      most = settle(batch, result) ? most : 1;
      const turn = fairness.giveTurn(batch.length);
      if (turn !== undefined) await turn;
    }
    // in the same turn as the last look at the queue: a later push starts a new drain
    draining = undefined;
  }

  function takeBatch(most: number): Item[] {
    let count = 0;
    let bytes = 0;
    const end = waiting.findIndex((item) => {
      count += item.entries.length;
      bytes += item.bytes;
      return count > most || bytes > ROOM.bytes;
    });
    return waiting.splice(0, end === -1 ? waiting.length : Math.max(1, end));
  }

  /** Tells what became of a batch. False: it is back in the queue, to be tried piece by piece. */
  function settle(batch: readonly Item[], result: WriteResult): boolean {
    if (result.ok) {
      for (const item of release(batch)) item.onStored(result);
      return true;
    }
    if (result.reason !== 'too-large') {
      for (const item of release(batch)) item.onRefused(refusal(result.reason));
    } else if (batch.length > 1) {
      waiting = [...batch, ...waiting];
      return false;
    } else {
      isFull = true;
      const refused = release([...batch, ...waiting]);
      waiting = [];
      for (const item of refused) item.onRefused(tooLarge());
    }
    return true;
  }

  function release(items: readonly Item[]): readonly Item[] {
    for (const item of items) {
      queuedEntries -= item.entries.length;
      queuedBytes -= item.bytes;
    }
    return items;
  }

  async function append(entries: readonly EntryBody[]): Promise<WriteResult> {
    producerSeq += 1;
    try {
      keeper.beforeWrite();
      const write = () => storage.append(lease, producerSeq, entries);
      const result = await retryUntil('an append', write, keeper.lost, retrying);
      keeper.afterWrite();
      tell(result);
      return result;
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
      return { ok: false, reason: 'fenced' };
    }
  }

  function tell(result: WriteResult): void {
    if (result.ok) {
      const { seq: head, closed, entries } = result;
      if (closed) hasEnded = true;
      keeper.wrote(entries);
      const { taskId } = lease;
      publish(options, entries.length > 0 ? { taskId, head, closed, entries } : { taskId, head, closed });
    } else if (result.reason === 'too-large') {
      // nothing was stored, so the next append has this number
      producerSeq -= 1;
    } else {
      keeper.lose(`the storage refused an append (${result.reason})`);
    }
  }

  return {
    push,
    pushEnd,
    room: () => (queuedEntries < ROOM.entries && queuedBytes < ROOM.bytes ? undefined : draining),
    settled: () => draining ?? Promise.resolve(),
    hasEnded: () => hasEnded,
  };
}

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
