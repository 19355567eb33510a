/** What the backend asks of a client. Each kind of client has an adapter. */
export interface RedisConnection {
  /** Whether a command sent now goes out now. */
  readonly isReady: () => boolean;
  /** Sends a command to the node that holds `key`, and gives its reply as it came: text, integers, arrays, null. */
  readonly send: (key: string, command: readonly string[], signal: AbortSignal) => Promise<unknown>;
  /** Opens a connection that does nothing but listen, and comes back by itself. */
  readonly openSubscriber: (events: SubscriberEvents) => RedisSubscriber;
}

/** What a subscriber connection tells. */
export interface SubscriberEvents {
  readonly onMessage: (channel: string, text: string) => void;
  /** The connection is back after messages may have been missed; its channels are subscribed again. */
  readonly onGap: () => void;
}

/** A connection that listens. Each channel is subscribed once. */
export interface RedisSubscriber {
  /** Rejects when it can not be opened; it may try on until it is closed. */
  readonly opened: Promise<unknown>;
  readonly subscribe: (channel: string) => Promise<void>;
  readonly unsubscribe: (channel: string) => Promise<void>;
  /** Also while it is being opened, and where it could not be. */
  readonly close: () => void;
}
