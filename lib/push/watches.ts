import type { EventBus } from '../core/event-bus.ts';
import type { TaskId } from '../core/log.ts';
import type { Logger } from '../core/logger.ts';

/** Tasks whose news concern webhooks. What is missed here costs time until the next poll, nothing else. */
export interface Watches {
  readonly add: (taskId: TaskId) => void;
  readonly remove: (taskId: TaskId) => void;
  readonly close: () => void;
}

/** Beyond it the tasks that were added first are left to the poll. */
const MOST_TASKS = 10_000;

/** Calls back when a watched task has news. A task that ends is watched no longer. */
export function createWatches(eventBus: EventBus, logger: Logger, onNews: () => void): Watches {
  const stops = new Map<TaskId, () => void>();
  let isClosed = false;

  async function subscribe(taskId: TaskId): Promise<void> {
    let stop: (() => void) | undefined;
    const stopLater = () => stop?.();
    stops.set(taskId, stopLater);
    try {
      stop = await eventBus.subscribe(taskId, ({ closed }) => {
        if (closed) remove(taskId);
        onNews();
      });
      // whoever ended it may have come before the bus answered
      if (stops.get(taskId) !== stopLater) stop();
      // what came before the bus listened
      onNews();
    } catch (error) {
      stops.delete(taskId);
      logger.warn({ err: error, taskId }, 'listening for the news of a webhook failed; the sender polls');
    }
  }

  function remove(taskId: TaskId): void {
    const stop = stops.get(taskId);
    stops.delete(taskId);
    stop?.();
  }

  const stopGaps = eventBus.onGap(onNews);

  return {
    add(taskId) {
      if (isClosed || stops.has(taskId)) return;
      const [first] = stops.keys();
      if (stops.size >= MOST_TASKS && first !== undefined) remove(first);
      void subscribe(taskId);
    },
    remove,
    close() {
      isClosed = true;
      stopGaps();
      for (const taskId of [...stops.keys()]) remove(taskId);
    },
  };
}
