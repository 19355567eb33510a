import type { Broker, WorkHint } from '../core/broker.ts';
import type { Channels } from './channels.ts';
import type { RedisCommands } from './commands.ts';
import type { RedisKeys } from './keys.ts';

/**
 * A doorbell, a channel per agent. The queue itself is Storage's: a worker that hears it claims what is due. It tells of no
 * task, as every idle worker hears it, and only one will get the task.
 */
export function createRedisBroker(parts: {
  readonly commands: RedisCommands;
  readonly channels: Channels;
  readonly keys: RedisKeys;
}): Broker {
  const { commands, channels, keys } = parts;
  let isClosed = false;
  return {
    async wake({ agent }) {
      if (isClosed || !commands.isReady()) return;
      const channel = keys.wakes(agent);
      await commands.send(channel, 'PUBLISH', channel, '1').catch(() => undefined);
    },
    async work(agent, free, onWork) {
      const looks = createLooks({ agent }, free, onWork);
      const stops = [await channels.listen(keys.wakes(agent), looks.ring), channels.onGap(looks.ring)];
      return {
        async stop() {
          for (const stop of stops) stop();
          await looks.end();
        },
      };
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      channels.close();
    },
  };
}

/** Hints kept for a worker without room; those beyond are lost, and the worker polls. */
const MOST_HINTS = 1024;

/** Calls `onWork` for each ring, while there is room; keeps the others until a run is over. */
function createLooks(hint: WorkHint, free: () => number, onWork: Parameters<Broker['work']>[2]) {
  const running = new Set<Promise<unknown>>();
  let [hints, isOver] = [0, false];

  function look(): void {
    if (hints === 0 || isOver || free() <= 0) return;
    hints -= 1;
    const run = begin().then(() => {
      running.delete(run);
      look();
    });
    running.add(run);
  }

  async function begin(): Promise<unknown> {
    try {
      return await onWork(hint);
    } catch {
      return undefined; // the next hint calls it again
    }
  }

  return {
    ring: (): void => {
      hints = Math.min(hints + 1, MOST_HINTS);
      look();
    },
    end: async (): Promise<void> => {
      isOver = true;
      await Promise.all(running);
    },
  };
}
