import type { RedisConnection, RedisSubscriber } from './connection.ts';

type Listener = (text: string) => unknown;

/** The one connection that listens, shared by the event bus and the broker of a backend. */
export interface Channels {
  /** Resolves once messages will usually arrive. The function it gives stops it; twice is fine. */
  readonly listen: (channel: string, onText: Listener) => Promise<() => void>;
  /** Calls back whenever messages may have been missed. */
  readonly onGap: (callback: () => void) => () => void;
  /** Closes the connection when all who use it have closed; `listen` then rejects. */
  readonly close: () => void;
}

interface Channel {
  readonly listeners: Set<{ readonly onText: Listener }>;
  readonly ready: Promise<void>;
}

/** Opens the connection at the first listener. `users` is how many parts call `close`. */
export function createChannels(connection: RedisConnection, users: number): Channels {
  const channels = new Map<string, Channel>();
  /** The last command for each channel, while it is under way. */
  const commands = new Map<string, Promise<void>>();
  const gaps = new Set<{ readonly callback: () => void }>();
  let subscriber: RedisSubscriber | undefined;
  let left = users;

  async function connected(): Promise<RedisSubscriber> {
    const used = (subscriber ??= connection.openSubscriber({
      onMessage(name, text) {
        const listeners = channels.get(name)?.listeners;
        for (const listener of [...(listeners ?? [])]) {
          // one that was called before it may have stopped it
          if (listeners?.has(listener)) quietly(() => listener.onText(text));
        }
      },
      onGap() {
        for (const { callback } of [...gaps]) quietly(callback);
      },
    }));
    try {
      await used.opened;
    } catch (error) {
      // the next listener opens another one, while this one might try on for ever
      if (subscriber === used) subscriber = undefined;
      used.close();
      throw error;
    }
    return used;
  }

  function open(name: string): Channel {
    const known = channels.get(name);
    if (known !== undefined) return known;
    const added: Channel = {
      listeners: new Set(),
      ready: inTurn(name, async () => {
        if (left <= 0) throw closed();
        await (await connected()).subscribe(name);
      }),
    };
    channels.set(name, added);
    return added;
  }

  /**
   * One command at a time for each channel: clients keep lists of their own, and a SUBSCRIBE that is asked for while the
   * UNSUBSCRIBE before it is under way is never sent by some.
   */
  function inTurn(name: string, command: () => Promise<void>): Promise<void> {
    const before = commands.get(name);
    const sent = before === undefined ? command() : before.then(command, command);
    commands.set(name, sent);
    const over = () => {
      if (commands.get(name) === sent) commands.delete(name);
    };
    sent.then(over, over);
    return sent;
  }

  function leave(name: string, channel: Channel): void {
    if (channel.listeners.size > 0 || channels.get(name) !== channel) return;
    channels.delete(name);
    const leaving = inTurn(name, async () => subscriber?.unsubscribe(name));
    // the connection is gone, and the channel with it
    leaving.catch(() => undefined);
  }

  return {
    async listen(name, onText) {
      // a retry that comes late must not open a connection that nobody closes
      if (left <= 0) throw closed();
      const channel = open(name);
      const listener = { onText };
      channel.listeners.add(listener);
      const stop = () => {
        if (channel.listeners.delete(listener)) leave(name, channel);
      };
      try {
        await channel.ready;
        return stop;
      } catch (error) {
        stop();
        throw error;
      }
    },
    onGap(callback) {
      const gap = { callback };
      gaps.add(gap);
      return () => void gaps.delete(gap);
    },
    close() {
      left -= 1;
      if (left > 0) return;
      channels.clear();
      // one that is still being opened ends as well
      subscriber?.close();
      subscriber = undefined;
    },
  };
}

function closed(): Error {
  return new Error('The broker and the event bus have been closed');
}

/** Whoever throws, or rejects, hurts nobody else. */
function quietly(call: () => unknown): void {
  try {
    Promise.resolve(call()).catch(() => undefined);
  } catch {
    // it is told of the next one all the same
  }
}
