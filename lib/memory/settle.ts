import { type Fold, type TaskShape, withShape } from '../core/fold.ts';
import type { LogEntry, StoredTask } from '../core/log.ts';
import { jsonBytes } from './frozen-copy.ts';

/** What a task that has ended takes from now on, as bytes of JSON, roughly. Puts the chunks of its texts together for good. */
export function settle(task: StoredTask): number {
  for (const { parts } of task.artifacts ?? []) {
    for (const { text } of parts) {
      // looking into a text that was joined of chunks makes it one string, a fifth of the tree it was
      text?.charCodeAt(0);
    }
  }
  return jsonBytes(task);
}

/** What is left of the fold of a task that has ended: thousands of them are kept. */
export class FinishedTask implements Fold {
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
