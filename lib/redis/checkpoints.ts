import type { Seq, StoredTask, TaskId } from '../core/log.ts';
import type { RedisCommands } from './commands.ts';
import type { RedisKeys } from './keys.ts';
import type { RedisSettings } from './options.ts';
import { load } from './reads.ts';
import { CHECKPOINT } from './scripts/upkeep.ts';
import { boundText } from './wire.ts';

/** Stored folds, which keep reads short: made when the log has outgrown the last one, and at the end of a task. */
export interface Checkpoints {
  /** Folds and stores in the background; one at a time for each task. */
  readonly request: (taskId: TaskId) => void;
  /** The same, and waits for it. */
  readonly bring: (taskId: TaskId) => Promise<void>;
  /** Stores a fold. `bytes` is what checkpoint and log took at `seq`; `keep` how many entries to leave in the log. */
  readonly store: (
    taskId: TaskId,
    fold: {
      readonly seq: Seq;
      readonly task: StoredTask;
      readonly bytes?: number;
      readonly keep?: number | undefined;
    },
  ) => Promise<void>;
  /** Waits for those under way. */
  readonly settled: () => Promise<void>;
}

export function createCheckpoints(parts: {
  readonly commands: RedisCommands;
  readonly keys: RedisKeys;
  readonly settings: RedisSettings;
}): Checkpoints {
  const { commands, keys, settings } = parts;
  const { retention, limits } = settings;
  const running = new Map<TaskId, Promise<void>>();
  const again = new Set<TaskId>();

  const store: Checkpoints['store'] = async (taskId, { seq, task, bytes, keep }) => {
    const declared = [keys.header(taskId), keys.log(taskId), keys.checkpoint(taskId)];
    const text = JSON.stringify(task);
    const lifetimes = [boundText(retention.finishedMs), boundText(retention.logMs)];
    await commands.run(CHECKPOINT, declared, seq, text, bytes ?? '', keep ?? '', ...lifetimes);
  };

  async function make(taskId: TaskId): Promise<void> {
    const loaded = await load(parts, taskId);
    if (loaded === undefined) return;
    const { task, seq, bytes, first, closed } = loaded;
    // below the limit by a quarter, so that it is done once in many entries
    const isLong = !closed && seq - first >= limits.logEntries;
    await store(taskId, {
      seq,
      task,
      bytes,
      keep: isLong ? Math.floor(limits.logEntries * 0.75) : undefined,
    });
  }

  function bring(taskId: TaskId): Promise<void> {
    const known = running.get(taskId);
    if (known !== undefined) {
      // what it has read may be older than what is asked for
      again.add(taskId);
      return known;
    }
    const made = make(taskId).finally(() => {
      running.delete(taskId);
      if (again.delete(taskId)) request(taskId);
    });
    running.set(taskId, made);
    return made;
  }

  function request(taskId: TaskId): void {
    // reads are longer until the next one, which is all that a failure does
    bring(taskId).catch(() => undefined);
  }

  return {
    request,
    bring,
    store,
    async settled() {
      while (running.size > 0) await Promise.allSettled(running.values());
    },
  };
}
