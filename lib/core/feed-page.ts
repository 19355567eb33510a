import type { Clock } from './clock.ts';
import type { Page } from './feed-reader.ts';
import type { Seq, TaskId } from './log.ts';
import type { Logger } from './logger.ts';
import { StorageError, type Storage } from './storage.ts';

/** A read that fails for so long ends its readers; they can go on elsewhere. */
const FAILS_FOR_MS = 10_000;
const MAX_PAUSE_MS = 1000;

/** How pages are read. */
export interface PageOptions {
  readonly storage: Pick<Storage, 'read'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pageEntries: number;
  readonly pageBytes: number;
}

/** Reads a page; repeats with growing pauses while that fails, for 10 s, or until nobody wants it any more. */
export async function readPage(
  options: PageOptions,
  taskId: TaskId,
  after: Seq,
  isWanted: () => boolean,
): Promise<Page> {
  const { storage, clock, logger, pageEntries, pageBytes } = options;
  const endsAtMs = clock.elapsed() + FAILS_FOR_MS;
  for (let tries = 1; ; tries += 1) {
    const leftMs = Math.max(1, endsAtMs - clock.elapsed());
    try {
      const read = await within(clock, leftMs, () => storage.read(taskId, after, pageEntries, pageBytes));
      const page = { after, entries: read.entries, head: read.head, first: read.first, closed: read.closed };
      assertDense(page);
      return page;
    } catch (error) {
      const pauseMs = Math.min(MAX_PAUSE_MS, 25 * 2 ** tries) * (0.5 + Math.random() / 2);
      if (!isWanted() || clock.elapsed() + pauseMs >= endsAtMs) throw error;
      logger.warn({ err: error, taskId, tries }, 'reading entries failed, trying again');
      await sleep(clock, pauseMs);
    }
  }
}

/** Settles like `action()`, or rejects when that takes longer than `limitMs`. */
export async function within<T>(clock: Clock, limitMs: number, action: () => Promise<T>): Promise<T> {
  let cancel: () => void = () => undefined;
  const late = new Promise<never>((_resolve, reject) => {
    cancel = clock.after(limitMs, () => {
      reject(new StorageError('unavailable', `The storage did not answer for ${Math.round(limitMs)} ms`));
    });
  });
  try {
    return await Promise.race([action(), late]);
  } finally {
    cancel();
  }
}

function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}

/** Once per page, whoever reads it. A hole here would be lost for good: better no page. */
function assertDense({ after, entries, head, first }: Page): void {
  const trimmed = first > after + 1;
  if (!trimmed && entries.length === 0 && head > after) {
    throw new Error(`The storage gave nothing after ${after}, of ${head} entries`);
  }
  let seq = trimmed ? first - 1 : after;
  for (const entry of entries) {
    seq += 1;
    if (entry.seq !== seq) throw new Error(`The storage gave entry ${entry.seq} where ${seq} was next`);
  }
}
