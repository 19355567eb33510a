import type { EventBus, TaskHint } from '../core/event-bus.ts';
import type { TaskId } from '../core/log.ts';
import { TransientMap } from '../core/transient-map.ts';

/** Hands hints from writers to readers in this process, at once. It never loses one, so it has no gaps. */
export function createMemoryEventBus(subscriptions: Subscriptions = new TransientMap()): EventBus {
  function remove(taskId: TaskId, subscription: Subscription): void {
    subscription.isOn = false;
    const left = subscriptions.get(taskId)?.filter(({ isOn }) => isOn) ?? [];
    if (left.length > 0) subscriptions.set(taskId, left);
    else subscriptions.delete(taskId);
  }

  return {
    publish(hint) {
      // callbacks may subscribe and unsubscribe: that makes other lists
      for (const subscription of subscriptions.get(hint.taskId) ?? NOBODY) {
        if (subscription.isOn) deliver(subscription, hint);
      }
    },
    subscribe(taskId, onHint) {
      // an object of its own, so that the same function can be subscribed twice
      const subscription = { onHint, isOn: true };
      subscriptions.set(taskId, (subscriptions.get(taskId) ?? NOBODY).concat([subscription]));
      return Promise.resolve(() => {
        remove(taskId, subscription);
      });
    },
    onGap: () => () => undefined,
    close: () => Promise.resolve(),
  };
}

/** Who listens to what. Lists are replaced, never changed. */
export type Subscriptions = TransientMap<TaskId, readonly Subscription[]>;

interface Subscription {
  readonly onHint: (hint: TaskHint) => unknown;
  isOn: boolean;
}

const NOBODY: readonly Subscription[] = [];

/** A callback that fails hurts nobody: whoever misses a hint polls. */
function deliver({ onHint }: Subscription, hint: TaskHint): void {
  try {
    const result = onHint(hint);
    if (result instanceof Promise) result.catch(() => undefined);
  } catch {
    // the readers look at storage by themselves
  }
}
