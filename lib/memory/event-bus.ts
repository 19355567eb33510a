import type { EventBus, TaskHint } from '../core/event-bus.ts';
import type { TaskId } from '../core/log.ts';

/** Hands hints from writers to readers in this process, at once. It never loses one, so it has no gaps. */
export function createMemoryEventBus(subscriptions: Subscriptions = new Map()): EventBus {
  return {
    publish(hint) {
      const subscribed = subscriptions.get(hint.taskId);
      if (subscribed === undefined) return;
      // a copy: callbacks may subscribe and unsubscribe
      for (const subscription of [...subscribed]) {
        if (subscribed.has(subscription)) deliver(subscription, hint);
      }
    },
    subscribe(taskId, onHint) {
      const subscribed = subscriptions.get(taskId) ?? new Set();
      subscriptions.set(taskId, subscribed);
      // an object of its own, so that the same function can be subscribed twice
      const subscription = { onHint };
      subscribed.add(subscription);
      return Promise.resolve(() => {
        subscribed.delete(subscription);
        if (subscribed.size === 0 && subscriptions.get(taskId) === subscribed) subscriptions.delete(taskId);
      });
    },
    onGap: () => () => undefined,
    close: () => Promise.resolve(),
  };
}

/** Who listens to what. */
export type Subscriptions = Map<TaskId, Set<Subscription>>;

interface Subscription {
  readonly onHint: (hint: TaskHint) => unknown;
}

/** A callback that fails hurts nobody: whoever misses a hint polls. */
function deliver({ onHint }: Subscription, hint: TaskHint): void {
  try {
    const result = onHint(hint);
    if (result instanceof Promise) result.catch(() => undefined);
  } catch {
    // the readers look at storage by themselves
  }
}
