import type { Abortable } from './abortable.ts';
import type { Batches } from './batches.ts';
import type { Clock } from './clock.ts';
import type { EventBus } from './event-bus.ts';
import { createFlush } from './feed-flush.ts';
import { readPage } from './feed-page.ts';
import { createPoll } from './feed-poll.ts';
import { Reader, type Sources } from './feed-reader.ts';
import { createRingBudget } from './feed-ring.ts';
import { Watch, type WatchContext } from './feed-watch.ts';
import type { LogEntry, Scope, Seq, TaskId } from './log.ts';
import type { Logger } from './logger.ts';
import type { Storage, TaskSnapshot } from './storage.ts';
import { TransientMap } from './transient-map.ts';

export { CursorTrimmed } from './feed-reader.ts';

/** Follows tasks: a snapshot at k, then every entry after k, on any instance. */
export interface TaskFeed {
  /**
   * Entries after `after`, each exactly once, in order. Each item is all that is ready, never empty. Waits for more;
   * returns after the closing entry or on abort. Throws CursorTrimmed if `after` is older than the log. Any number of
   * callers share one ring and one subscription per task, and callers at the same place get the same array.
   */
  readonly tail: (taskId: TaskId, after: Seq, signal: Abortable) => Tail;
  /** Snapshot at k, then the tail after k. `undefined` when the task is unknown or of another scope. */
  readonly open: (
    taskId: TaskId,
    scope: Scope,
    signal: Abortable,
  ) => Promise<{ snapshot: TaskSnapshot; tail: Tail } | undefined>;
  /**
   * The tail of a task that the caller is about to create. Called a turn before the write: where the bus is of this process,
   * the log need not be read for what came between. Ends as the others do, or by its `end`.
   */
  readonly expect: (taskId: TaskId, signal: Abortable) => ExpectedTail;
  /** Stops polling and listening. Readers that are still there end. */
  readonly close: () => void;
}

/** What follows in the log of a task. */
export interface Tail extends Batches<readonly LogEntry[]> {
  /** Whether this task has never had two readers at once in this process. */
  readonly isAlone: () => boolean;
}

/** A tail that begins when it is known after which entry. */
export interface ExpectedTail extends Tail {
  /** To be called right before the write: all that is written from now on is heard of, where the subscription is there. */
  readonly trustHints: () => void;
  readonly startAfter: (seq: Seq) => void;
  /**
   * Resolves when readers are woken the next time, or sooner where that is too far away for a client that waits for its
   * first event. What a task has to say at once is there by then.
   */
  readonly soon: () => Promise<void>;
  /** What is there now, without a read; undefined where that is nothing. */
  readonly take: () => readonly LogEntry[] | undefined;
}

/** What a feed may hold in memory. What does not fit is read from the storage. */
export interface FeedLimits {
  /** Recent entries of one task. Default 1,024. */
  readonly ringEntries?: number;
  /** Their bytes, roughly. Default 1 MiB. */
  readonly ringBytes?: number;
  /** Bytes of the recent entries of all tasks, roughly; the task that was silent longest goes first. Default 64 MiB. */
  readonly totalBytes?: number;
  /** Entries of one read, which is what a reader that is behind holds. Default 256. */
  readonly pageEntries?: number;
  /** Bytes of one read. Default 256 KiB. */
  readonly pageBytes?: number;
}

/** Makes the feed of a process. It costs nothing while nobody reads. */
export function createTaskFeed(options: {
  readonly storage: Pick<Storage, 'loadTask' | 'read' | 'heads'>;
  readonly eventBus: Pick<EventBus, 'subscribe' | 'onGap'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: FeedLimits;
}): TaskFeed {
  const { storage, eventBus, clock, logger, limits = {} } = options;
  const { pageEntries = 256, pageBytes = 256 * 1024 } = limits;
  const watches = new TransientMap<TaskId, Watch>();
  const rings = createRingBudget(limits);
  const poll = createPoll({ storage, clock, logger, watches });
  const flush = createFlush<Watch>(clock, (watch) => {
    watch.wake();
  });
  let isClosed = false;

  const context: WatchContext = {
    eventBus,
    logger,
    readPage: (taskId, after, isWanted) =>
      readPage({ storage, clock, logger, pageEntries, pageBytes }, taskId, after, isWanted),
    remember: rings.remember,
    mark: flush.mark,
    heard: poll.heard,
    joinFailed: poll.joinFailed,
    left(watch) {
      watches.delete(watch.taskId);
      rings.drop(watch);
      flush.forget(watch);
      if (watches.size === 0) poll.stop();
    },
  };

  function watch(taskId: TaskId): Watch {
    const known = watches.get(taskId);
    if (known !== undefined) return known;
    const made = new Watch(taskId, context);
    if (watches.size === 0) poll.start();
    watches.set(taskId, made);
    made.join(poll.isHealthy());
    return made;
  }

  const sources: Sources = { join: (taskId, reader) => watch(taskId).enter(reader) };

  function reader(taskId: TaskId, after: Seq, signal: Abortable): Reader {
    const made = new Reader(sources, taskId, after, signal, flush.soon);
    if (isClosed) made.end();
    return made;
  }

  const stopGaps = eventBus.onGap(() => {
    // after a failover of the store, what is remembered may not be what is stored
    rings.clear();
    poll.now();
  });

  return {
    tail: reader,
    async open(taskId, scope, signal) {
      const tail = reader(taskId, 0, signal);
      // with a live subscription, all after the snapshot is heard of, and no read is needed; else the tail begins with one
      const isLive = watches.get(taskId)?.listening === 'live';
      if (isLive) tail.enter(true);
      let snapshot: TaskSnapshot | undefined;
      try {
        snapshot = await storage.loadTask(taskId, scope);
      } finally {
        if (snapshot === undefined || snapshot.closed) tail.end();
      }
      if (snapshot === undefined) return undefined;
      tail.startAfter(snapshot.seq);
      return { snapshot, tail };
    },
    expect(taskId, signal) {
      const tail = reader(taskId, 0, signal);
      tail.enter();
      return tail;
    },
    close() {
      isClosed = true;
      stopGaps();
      for (const watch of watches.all()) watch.end();
    },
  };
}
