import { foldLog, foldFrom, type Fold, type TaskShape, withShape } from '../core/fold.ts';
import type { LogEntry, StoredTask } from '../core/log.ts';
import { jsonBytes } from './frozen-copy.ts';
import type { TaskRecord } from './task-record.ts';

/** What a task amounts to. Made when it is first asked for, as most tasks end before somebody does; kept up from then on. */
export function foldOf(record: TaskRecord): Fold {
  const { log, closedAt } = record;
  return (record.fold ??=
    closedAt === undefined ? foldFrom(log.all()) : new FinishedTask(foldLog(log.all())));
}

/** Leaves of a task that has ended what is needed: thousands are kept. */
export function settle(record: TaskRecord): void {
  const { log } = record;
  log.close();
  if (log.isSmall && log.first === 1) {
    // the log has all of it
    record.fold = undefined;
    record.taskBytes = 0;
  } else {
    keepTask(record);
  }
}

/** Makes what a task amounts to before its log goes. */
export function keepTask(record: TaskRecord): void {
  const task = foldOf(record).snapshot();
  record.taskBytes = weighForGood(task);
  record.fold = new FinishedTask(task);
}

/** What it takes from now on, as bytes of JSON, roughly. Puts the chunks of its texts together for good. */
function weighForGood(task: StoredTask): number {
  for (const { parts } of task.artifacts ?? []) {
    for (const { text } of parts) {
      // looking into a text that was joined of chunks makes it one string, a fifth of the tree it was
      text?.charCodeAt(0);
    }
  }
  return jsonBytes(task);
}

/** What is left of the fold of a task that has ended. */
class FinishedTask implements Fold {
  readonly #task: StoredTask;

  constructor(task: StoredTask) {
    this.#task = task;
  }

  apply({ kind }: LogEntry): never {
    throw new TypeError(`Nothing comes after the end of a task, no ${kind} either`);
  }

  snapshot(shape?: TaskShape): StoredTask {
    return shape === undefined ? this.#task : withShape(this.#task, shape);
  }
}
