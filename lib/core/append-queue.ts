import type { Clock } from './clock.ts';
import type { EventBus } from './event-bus.ts';
import type { EntryBody } from './log.ts';
import type { Logger } from './logger.ts';
import { retryUntil } from './retry.ts';
import type { Lease, Storage, WriteResult } from './storage.ts';
import { LeaseLost, TaskClosed } from './task-failed.ts';

/** What the storage said to an append that it took. */
export type Stored = Extract<WriteResult, { ok: true }>;

/** Writes to one task under one lease, many at a time. */
export interface AppendQueue {
  /** Queues entries that belong together. Resolves when they are stored; rejects with TaskClosed, LeaseLost or TaskTooLarge. */
  readonly push: (entries: readonly EntryBody[]) => Promise<Stored>;
  /** Resolves when the queue has room: at once, or when what is in flight has been stored. */
  readonly room: () => Promise<void> | undefined;
  /** Resolves when all that was pushed is stored or refused. */
  readonly settled: () => Promise<void>;
}

/** The task has reached the size that the storage allows. */
export class TaskTooLarge extends Error {
  override readonly name = 'TaskTooLarge';
}

interface Item {
  readonly entries: readonly EntryBody[];
  readonly bytes: number;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: Error) => void;
}

/** Entries and bytes that may wait before an agent is slowed down. */
const ROOM = { entries: 256, bytes: 1 << 20 };
/** An agent that emits in a tight loop gives the event loop a turn this often. */
const TURN = { entries: 64, ms: 10 };

/**
 * Makes the queue of a lease. While an append is in flight, what is pushed waits and goes out as the next one, with the
 * next producer sequence. An append whose answer was lost is repeated with the same one until `isLost()`.
 */
export function createAppendQueue(options: {
  storage: Storage;
  eventBus: EventBus;
  clock: Clock;
  logger: Logger;
  lease: Lease;
  isLost: () => boolean;
  onLost: () => void;
}): AppendQueue {
  const { storage, eventBus, clock, logger, lease, isLost, onLost } = options;
  const waiting: Item[] = [];
  let producerSeq = 0;
  let queuedEntries = 0;
  let queuedBytes = 0;
  let draining: Promise<void> | undefined;
  let sinceTurn = 0;
  let lastTurn = clock.elapsed();

  function push(entries: readonly EntryBody[]): Promise<Stored> {
    if (entries.length === 0) return Promise.resolve({ ok: true, seq: 0, closed: false, entries: [] });
    return new Promise((resolve, reject) => {
      const bytes = roughBytes(entries);
      waiting.push({ entries, bytes, resolve, reject });
      queuedEntries += entries.length;
      queuedBytes += bytes;
      draining ??= drain();
    });
  }

  async function drain(): Promise<void> {
    // what is pushed in the same turn of the event loop goes out together
    await Promise.resolve();
    let most = ROOM.entries;
    while (waiting.length > 0) {
      const batch = takeBatch(most);
      most = (await store(batch)) ? ROOM.entries : 1;
      sinceTurn += batch.reduce((count, item) => count + item.entries.length, 0);
      await giveTurn();
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

  /** Stores a batch. False: it has to be tried again in smaller pieces. */
  async function store(batch: Item[]): Promise<boolean> {
    const result = await appendUntilAnswered(batch.flatMap((item) => item.entries));
    if (result?.ok === false && result.reason === 'too-large' && batch.length > 1) {
      waiting.unshift(...batch);
      return false;
    }
    for (const item of batch) {
      queuedEntries -= item.entries.length;
      queuedBytes -= item.bytes;
      if (result?.ok === true) item.resolve(result);
      else item.reject(refusal(result));
    }
    return true;
  }

  async function appendUntilAnswered(entries: readonly EntryBody[]): Promise<WriteResult | undefined> {
    producerSeq += 1;
    const result = await retryUntil(() => storage.append(lease, producerSeq, entries), isLost, {
      clock,
      logger,
      what: `appending to task ${lease.taskId}`,
    });
    if (result?.ok === true) ring(result);
    else if (result?.reason === 'too-large') producerSeq -= 1;
    else if (result?.reason !== 'closed') onLost();
    return result;
  }

  function ring(result: Stored): void {
    const hint = { taskId: lease.taskId, head: result.seq, closed: result.closed };
    void Promise.resolve(
      eventBus.publish(result.entries.length > 0 ? { ...hint, entries: result.entries } : hint),
    ).catch((error: unknown) => {
      logger.warn({ err: error, taskId: lease.taskId }, 'publishing a hint failed; readers poll');
    });
  }

  async function giveTurn(): Promise<void> {
    if (sinceTurn < TURN.entries && (sinceTurn < 8 || clock.elapsed() - lastTurn < TURN.ms)) return;
    await new Promise(setImmediate);
    sinceTurn = 0;
    lastTurn = clock.elapsed();
  }

  return {
    push,
    room: () => (queuedEntries < ROOM.entries && queuedBytes < ROOM.bytes ? undefined : draining),
    settled: () => draining ?? Promise.resolve(),
  };
}

function refusal(result: WriteResult | undefined): Error {
  if (result?.ok === false && result.reason === 'closed') return new TaskClosed('The task has ended');
  if (result?.ok === false && result.reason === 'too-large') return new TaskTooLarge('The task is too large');
  return new LeaseLost('This worker no longer holds the task');
}

function roughBytes(entries: readonly EntryBody[]): number {
  let bytes = 0;
  for (const entry of entries) {
    bytes += 100;
    if (entry.kind !== 'artifact') continue;
    for (const part of entry.artifact.parts) bytes += part.text?.length ?? part.raw?.length ?? 100;
  }
  return bytes;
}
