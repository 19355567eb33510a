import type { EventBus, TaskHint } from '../core/event-bus.ts';
import type { Channels } from './channels.ts';
import type { RedisCommands } from './commands.ts';
import { hintText, parseHint } from './hint-wire.ts';
import type { RedisKeys } from './keys.ts';

/** Publish and subscribe, a channel per task. Hints go with their entries, where these are small. */
export function createRedisEventBus(parts: {
  readonly commands: RedisCommands;
  readonly channels: Channels;
  readonly keys: RedisKeys;
}): EventBus {
  const { commands, channels, keys } = parts;
  let isClosed = false;
  return {
    async publish(hint) {
      // without a connection it would wait for one
      if (isClosed || !commands.isReady()) return;
      const channel = keys.hints(hint.taskId);
      // lost, which is allowed
      await commands.send(channel, 'PUBLISH', channel, hintText(hint)).catch(() => undefined);
    },
    subscribe: (taskId, onHint) =>
      channels.listen(keys.hints(taskId), (text) => {
        const hint = parseHint(taskId, text);

        return hint === undefined ? undefined : call(onHint, hint);
      }),
    onGap: channels.onGap,
    async close() {
      if (isClosed) return;
      isClosed = true;
      channels.close();
    },
  };
}

/** What a callback gives is looked at, against its type: it may be a promise that rejects. */
function call(onHint: (hint: TaskHint) => unknown, hint: TaskHint): unknown {
  return onHint(hint);
}
