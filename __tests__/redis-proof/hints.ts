import type { Broker } from '../../lib/core/broker.ts';
import type { EventBus, TaskHint } from '../../lib/core/event-bus.ts';
import type { connect } from './server.ts';

type Client = Awaited<ReturnType<typeof connect>>;

/** `subscriber` is a connection of its own: it can do nothing but listen. */
interface Options {
  readonly client: Client;
  readonly subscriber: Client;
  readonly prefix: string;
}

/** An event bus on publish and subscribe: a channel per task. */
export function redisEventBus({ client, subscriber, prefix }: Options): EventBus {
  const onGaps = new Set<{ readonly call: () => void }>();
  let isClosed = false;
  let wasLost = false;
  const lose = () => void (wasLost = true);
  const find = () => {
    if (wasLost) for (const { call } of [...onGaps]) call();
    wasLost = false;
  };
  // many buses share a connection: only those that are asked to look out do
  const unwatch = () => void subscriber.off('reconnecting', lose).off('ready', find);
  return {
    async publish(hint) {
      // entries are read by whoever wants them
      const { taskId, head, closed } = hint;
      // without a connection it would wait for one
      if (isClosed || !client.isReady) return;
      await client
        .publish(`${prefix}hint:${taskId}`, JSON.stringify({ taskId, head, closed }))
        .catch(() => undefined); // lost, which is allowed
    },
    async subscribe(taskId, onHint) {
      const channel = `${prefix}hint:${taskId}`;
      let isOver = false;
      const listener = (text: string) => {
        if (!isOver) callQuietly(() => onHint(JSON.parse(text) as TaskHint)); // `publish` wrote it
      };
      await subscriber.subscribe(channel, listener);
      return () => {
        if (isOver) return;
        isOver = true;
        subscriber.unsubscribe(channel, listener).catch(() => undefined);
      };
    },
    onGap(call) {
      const own = { call };
      if (onGaps.size === 0) subscriber.on('reconnecting', lose).on('ready', find);
      onGaps.add(own);
      return () => {
        if (onGaps.delete(own) && onGaps.size === 0) unwatch();
      };
    },
    async close() {
      isClosed = true;
      onGaps.clear();
      unwatch();
    },
  };
}

/** Hints kept for a worker without room; those beyond are lost, and the worker polls. */
const MOST_HINTS = 1024;

/** A broker on the same: a channel per agent. */
export function redisBroker({ client, subscriber, prefix }: Options): Broker {
  let isClosed = false;
  return {
    async wake({ agent }) {
      if (isClosed || !client.isReady) return;
      await client.publish(`${prefix}wake:${agent}`, '1').catch(() => undefined);
    },
    async work(agent, free, onWork) {
      const running = new Set<Promise<unknown>>();
      let [hints, isOver] = [0, false];
      const look = () => {
        if (hints === 0 || isOver || free() <= 0) return;
        hints -= 1;
        const run = begin(onWork, agent).then(() => {
          running.delete(run);
          look();
        });
        running.add(run);
      };
      const listener = () => {
        hints = Math.min(hints + 1, MOST_HINTS);
        look();
      };
      await subscriber.subscribe(`${prefix}wake:${agent}`, listener);
      return {
        async stop() {
          isOver = true;
          await subscriber.unsubscribe(`${prefix}wake:${agent}`, listener).catch(() => undefined);
          await Promise.all(running);
        },
      };
    },
    async close() {
      isClosed = true;
    },
  };
}

async function begin(onWork: Parameters<Broker['work']>[2], agent: string): Promise<unknown> {
  try {
    return await onWork({ agent });
  } catch {
    return undefined; // the next hint calls it again
  }
}

function callQuietly(call: () => unknown): void {
  try {
    Promise.resolve(call()).catch(() => undefined);
  } catch {
    // a callback that throws hurts nobody else
  }
}
