import type { RedisConnection, RedisSubscriber, SubscriberEvents } from './connection.ts';

type Listener = (message: string, channel: string) => void;

/** `typeMapping` is what replies are given as: empty for the defaults, whatever the application's client says. */
interface SendOptions {
  readonly abortSignal: AbortSignal;
  readonly typeMapping: object;
}

/** What clients of node-redis have in common, as far as it is used. */
interface Common {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  subscribe(channel: string, listener: Listener): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
}

/** `createClient()` of node-redis 6, as far as it is used. */
export interface NodeRedisClient extends Common {
  sendCommand(args: readonly string[], options?: SendOptions): Promise<unknown>;
  duplicate(overrides?: { disableOfflineQueue?: boolean }): Common;
}

/** `createCluster()` of node-redis 6, as far as it is used. */
export interface NodeRedisCluster extends Common {
  readonly masters: readonly unknown[];
  sendCommand(firstKey: string, isReadonly: boolean, args: string[], options?: SendOptions): Promise<unknown>;
  duplicate(overrides?: { minimizeConnections?: boolean }): Common;
}

export function nodeRedisConnection(client: NodeRedisClient | NodeRedisCluster): RedisConnection {
  const isCluster = (it: typeof client): it is NodeRedisCluster => 'masters' in it;
  return {
    isReady: () => client.isReady,
    send: (key, command, abortSignal) =>
      isCluster(client)
        ? client.sendCommand(key, false, [...command], optionsOf(abortSignal))
        : client.sendCommand(command, optionsOf(abortSignal)),
    openSubscriber: (events) =>
      isCluster(client)
        ? subscriberOf(
            client.duplicate({ minimizeConnections: true }),
            events,
            [...['node-reconnecting', 'node-disconnect']],
            'node-ready',
          )
        : subscriberOf(client.duplicate({ disableOfflineQueue: false }), events, ['reconnecting'], 'ready'),
  };
}

function optionsOf(abortSignal: AbortSignal): SendOptions {
  return { abortSignal, typeMapping: {} };
}

function subscriberOf(
  client: Common,
  { onMessage, onGap }: SubscriberEvents,
  lost: readonly string[],
  ready: string,
): RedisSubscriber {
  let wasLost = false;
  for (const event of lost) client.on(event, () => (wasLost = true));
  client.on(ready, () => {
    if (wasLost) onGap();
    wasLost = false;
  });
  // without a listener an error would end the process; the client connects again by itself
  client.on('error', () => undefined);
  const listener: Listener = (message, channel) => {
    onMessage(channel, message);
  };
  return {
    opened: client.connect(),
    subscribe: async (channel) => {
      await client.subscribe(channel, listener);
    },
    unsubscribe: async (channel) => {
      await client.unsubscribe(channel);
    },
    close: () => {
      client.destroy();
    },
  };
}
