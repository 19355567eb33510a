import type { Clock } from './clock.ts';
import { within } from './feed-page.ts';
import type { Watch } from './feed-watch.ts';
import type { TaskId } from './log.ts';
import type { Logger } from './logger.ts';
import type { Storage } from './storage.ts';
import type { TransientMap } from './transient-map.ts';

/** The poll that makes lost hints harmless. It works only while tasks are watched. */
export interface Poll {
  readonly start: () => void;
  readonly stop: () => void;
  /** Hints may have been missed. */
  readonly now: () => void;
  /** A hint told something new. */
  readonly heard: () => void;
  readonly joinFailed: (error: unknown) => void;
  /** Whether hints arrive, as far as known. */
  readonly isHealthy: () => boolean;
}

const TICK_MS = 1000;
const HEALTHY_POLL_MS = 15_000;
const POLL_LIMIT_MS = 10_000;
const MAX_BACKOFF_MS = 10_000;

/**
 * One look at the heads of all watched tasks: every 15 s while hints arrive, every second while they do not, at once when
 * the bus says that some may be missing. A hint is missing when the poll has found something and a tick later no hint has
 * told of it; hints arrive again when one told something new and nothing was missing.
 */
export function createPoll(options: {
  readonly storage: Pick<Storage, 'heads'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly watches: Pick<TransientMap<TaskId, Watch>, 'all' | 'size'>;
}): Poll {
  const { storage, clock, logger, watches } = options;
  let cancelTick: (() => void) | undefined;
  let dueAtMs = 0;
  let isPolling = false;
  let pollAgain = false;
  let failures = 0;
  let isDeaf = false;
  let hasHeard = false;
  let failedJoins = 0;
  let unjoined = 0;

  function tick(): void {
    cancelTick = clock.after(TICK_MS, tick);
    unjoined = 0;
    for (const watch of watches.all()) {
      if (watch.owed > 0) isDeaf = true;
      watch.owed = 0;
      watch.tick();
      if (watch.listening === 'late') unjoined += 1;
    }
    failedJoins = 0;
    const nowMs = clock.elapsed();
    if (nowMs >= dueAtMs || ((isDeaf || unjoined > 0) && failures === 0)) void look();
  }

  async function look(): Promise<void> {
    if (isPolling) {
      pollAgain = true;
      return;
    }
    isPolling = true;
    const before = new Map(watches.all().map((watch) => [watch, watch.head()]));
    const ids = [...before.keys()].map(({ taskId }) => taskId);
    try {
      const heads = await within(clock, POLL_LIMIT_MS, () => storage.heads(ids));
      let missing = 0;
      for (const [watch, head] of before) {
        if (watch.polled(heads.get(watch.taskId)?.head ?? 0, head)) missing += 1;
      }
      judge(missing);
    } catch (error) {
      failed(error);
    }
    isPolling = false;
    if (!pollAgain) return;
    pollAgain = false;
    if (watches.size > 0) await look();
  }

  function judge(missing: number): void {
    if (isDeaf && missing === 0 && hasHeard) isDeaf = false;
    hasHeard = false;
    failures = 0;
    dueAtMs = clock.elapsed() + HEALTHY_POLL_MS * (0.9 + Math.random() / 10);
  }

  function failed(error: unknown): void {
    failures += 1;
    const backoffMs = Math.min(MAX_BACKOFF_MS, TICK_MS * 2 ** failures) * (0.5 + Math.random() / 2);
    dueAtMs = clock.elapsed() + backoffMs;
    logger.warn({ err: error, failures }, 'looking for missed entries failed, trying again');
  }

  return {
    start() {
      dueAtMs = clock.elapsed() + HEALTHY_POLL_MS * (0.9 + Math.random() / 10);
      cancelTick ??= clock.after(TICK_MS, tick);
    },
    stop() {
      cancelTick?.();
      cancelTick = undefined;
    },
    now() {
      if (watches.size > 0) void look();
    },
    heard() {
      hasHeard = true;
    },
    joinFailed(error) {
      failedJoins += 1;
      // a bus that is down fails for every task: one line a tick tells enough
      if (failedJoins === 1) logger.warn({ err: error }, 'subscribing to a task failed; its readers poll');
    },
    isHealthy: () => !isDeaf && failedJoins + unjoined === 0,
  };
}
