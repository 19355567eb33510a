import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { StreamResponse } from '../../lib/protocol/v1.ts';

/** A notification as a webhook got it. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The body as a StreamResponse. */
  readonly event: StreamResponse;
}

/** A webhook on a socket of its own. */
export interface Receiver {
  readonly url: string;
  /** All that came, whatever it was answered with. */
  readonly received: readonly Received[];
  /** Resolves when `isEnough` says so of what came so far. */
  readonly until: (isEnough: (received: readonly Received[]) => boolean) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Answers a notification that has been noted. */
export type Behave = (res: ServerResponse, received: Received, req: IncomingMessage) => unknown;

/** Serves a webhook that answers 204 unless told otherwise. */
export async function receiver(behave: Behave = (res) => res.writeHead(204).end()): Promise<Receiver> {
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((req, res) => void take(req, res));

  async function take(req: IncomingMessage, res: ServerResponse): Promise<void> {
    let body = '';
    req.setEncoding('utf8').on('data', (text: string) => (body += text));
    await once(req, 'end');
    const event = JSON.parse(body) as StreamResponse; // what the sender writes
    const one = { path: req.url ?? '', headers: req.headers, body, event };
    received.push(one);
    behave(res, one, req);
    for (const look of waiting) look();
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: `http://127.0.0.1:${String(port)}/hook`,
    received,
    until: (isEnough) =>
      new Promise((resolve) => {
        const look = () => {
          if (!isEnough(received)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
