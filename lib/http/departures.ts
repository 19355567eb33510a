import type { IncomingMessage, ServerResponse } from 'node:http';

/** Tells when clients have gone. */
export interface Departures {
  /** Whether nobody is left to answer. */
  readonly hasLeft: (req: IncomingMessage, res: ServerResponse) => boolean;
  /** Calls `onLeave` when the client goes, or has all of its answer. What it gives, where it gives something, stops it. */
  readonly watch: (
    req: IncomingMessage,
    res: ServerResponse,
    onLeave: () => void,
  ) => (() => void) | undefined;
}

/**
 * Makes the watch. When a connection ends, node closes only the response whose turn it is; calls that the client sent
 * ahead of it (RFC 9112 §9.3.2) are told by the connection, to which one listener is added for all of them.
 */
export function createDepartures(): Departures {
  const ahead = new WeakMap<IncomingMessage['socket'], Set<() => void>>();

  function waitingOn(socket: IncomingMessage['socket']): Set<() => void> {
    const known = ahead.get(socket);
    if (known !== undefined) return known;
    const added = new Set<() => void>();
    ahead.set(socket, added);
    socket.once('close', () => {
      for (const onLeave of added) onLeave();
    });
    return added;
  }

  return {
    hasLeft: (req, res) => res.destroyed || req.socket.destroyed,
    watch(req, res, onLeave) {
      // it comes once
      res.on('close', onLeave);
      if (res.socket !== null) return undefined;
      const waiting = waitingOn(req.socket).add(onLeave);
      return () => waiting.delete(onLeave);
    },
  };
}
