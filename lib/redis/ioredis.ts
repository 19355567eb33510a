import type { RedisConnection, RedisSubscriber, SubscriberEvents } from './connection.ts';

/** `new Redis()` of ioredis 6, as far as it is used. */
export interface IoRedisClient {
  readonly status: string;
  call(command: string, ...args: string[]): Promise<unknown>;
  duplicate(override?: Record<string, unknown>): IoRedisClient;
  connect(): Promise<unknown>;
  disconnect(): void;
  on(event: string, listener: (...args: never[]) => void): unknown;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
}

export function ioredisConnection(client: IoRedisClient): RedisConnection {
  return {
    isReady: () => client.status === 'ready',
    send: (_key, [name = '', ...args]) => client.call(name, ...args),
    openSubscriber: (events) =>
      subscriberOf(
        client.duplicate({
          ...{ lazyConnect: true, enableOfflineQueue: true, autoResubscribe: true },
          ...{ maxRetriesPerRequest: null, keyPrefix: '', protocol: 2 },
        }),
        events,
      ),
  };
}

function subscriberOf(client: IoRedisClient, { onMessage, onGap }: SubscriberEvents): RedisSubscriber {
  let wasLost = false;
  client.on('close', () => (wasLost = true));
  client.on('ready', () => {
    // its channels are subscribed again in the same turn, before anything that is asked from now on
    if (wasLost) onGap();
    wasLost = false;
  });
  client.on('error', () => undefined);
  client.on('message', (channel: string, text: string) => {
    onMessage(channel, text);
  });
  return {
    opened: client.connect(),
    subscribe: async (channel) => {
      await client.subscribe(channel);
    },
    unsubscribe: async (channel) => {
      await client.unsubscribe(channel);
    },
    close: () => {
      client.disconnect();
    },
  };
}
