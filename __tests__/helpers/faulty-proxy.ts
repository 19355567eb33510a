import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What is done to one response that is a stream. */
export interface Faults {
  /** The connection ends after so many bytes, counted from the first of the head. */
  readonly cutAfter?: number;
  /** How it ends: reset, closed in the middle, or closed as if the answer were complete. */
  readonly cut?: 'reset' | 'close' | 'complete';
  /** Whether an event is sent twice, or behind the one after it; asked for each. */
  readonly repeats?: () => boolean;
  readonly swaps?: () => boolean;
  /** Where in so many bytes to pause; undefined sends them at once. */
  readonly pauseAt?: (length: number) => number | undefined;
  /** Told where each write ended, in bytes from the first of the head. */
  readonly onWrite?: (sent: number) => void;
}

/** A request as the proxy saw it. */
export interface ProxiedRequest {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A proxy that damages streams. Each connection carries one request. */
export interface FaultyProxy {
  readonly url: string;
  readonly close: () => Promise<void>;
  /** Connections of clients that are open. */
  readonly open: () => number;
}

/** Forwards to the origin of `target`. `faults` is asked for each request. */
export async function faultyProxy(
  target: string,
  faults: (request: ProxiedRequest) => Faults,
): Promise<FaultyProxy> {
  const agent = new Agent({ keepAlive: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    void serve(socket).catch(() => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port

  async function serve(socket: Socket): Promise<void> {
    const { path, ...asked } = await readRequest(socket);
    const upstream = request(new URL(path, target), { method: asked.method, headers: asked.headers, agent });
    // who goes away is gone for the server too
    socket.on('close', () => upstream.destroy());
    upstream.end(asked.body, 'latin1');
    const [response] = (await once(upstream, 'response')) as [IncomingMessage];
    const wire = createWire(socket, faults(asked));
    await wire.head(response);
    for await (const chunk of response) await wire.body(chunk as Buffer); // no encoding is set
    await wire.end();
  }

  return {
    url: `http://127.0.0.1:${String(port)}${new URL(target).pathname}`,
    open: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      agent.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Writes a response with its faults. */
function createWire(socket: Socket, faults: Faults) {
  const { cutAfter = Infinity, cut = 'close', pauseAt } = faults;
  let sent = 0;
  let text = '';
  let held: string | undefined;
  let isStream = false;

  async function write(bytes: Buffer): Promise<void> {
    if (socket.destroyed || socket.writableEnded) return;
    const left = cutAfter - sent;
    const part = bytes.subarray(0, Math.max(0, left));
    sent += bytes.length;
    faults.onWrite?.(sent);
    const at = pauseAt?.(part.length);
    if (at !== undefined) {
      socket.write(part.subarray(0, at));
      await sleep(1);
    }
    socket.write(part.subarray(at ?? 0));
    if (bytes.length > left) end(part.length > 0);
  }

  function end(isInside: boolean): void {
    if (cut === 'reset') setImmediate(() => socket.resetAndDestroy());
    else socket.end(cut === 'complete' && !isInside ? '0\r\n\r\n' : '');
  }

  /** One event, cut inside where that is its fate. */
  async function writeEvent(event: string): Promise<void> {
    const bytes = Buffer.from(event, 'latin1');
    const room = cutAfter - sent;
    const isCut = cut === 'complete' && room < bytes.length + 10 && room > 0;
    const kept = isCut ? bytes.subarray(0, Math.max(1, room)) : bytes;
    const chunk = Buffer.concat([Buffer.from(`${kept.length.toString(16)}\r\n`), kept, Buffer.from('\r\n')]);
    if (!isCut) {
      await write(chunk);
      return;
    }
    sent = Infinity;
    if (!socket.writableEnded) socket.end(Buffer.concat([chunk, Buffer.from('0\r\n\r\n')]));
  }

  async function flush(): Promise<void> {
    for (let at = text.indexOf('\n\n'); at >= 0; at = text.indexOf('\n\n')) {
      const event = text.slice(0, at + 2);
      text = text.slice(at + 2);
      if (held === undefined && faults.swaps?.() === true) {
        held = event;
        continue;
      }
      await writeEvent(event);
      if (faults.repeats?.() === true) await writeEvent(event);
      if (held !== undefined) await writeEvent(held);
      held = undefined;
    }
  }

  return {
    async head(response: IncomingMessage): Promise<void> {
      isStream = response.headers['content-type'] === 'text/event-stream';
      const { 'content-type': type = '', 'content-length': length } = response.headers;
      const framing =
        isStream || length === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`;
      // with this line fetch takes a body that breaks off for a whole one: both kinds are to be met
      const close = cutAfter === Infinity || cutAfter % 2 === 0 ? ['Connection: close'] : [];
      const lines = [`HTTP/1.1 ${String(response.statusCode)} x`, `Content-Type: ${type}`, framing, ...close];
      const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
      if (isStream) await write(head);
      else socket.write(head);
    },
    async body(chunk: Buffer): Promise<void> {
      if (!isStream) {
        socket.write(chunk);
        return;
      }
      text += chunk.toString('latin1'); // bytes as characters
      await flush();
    },
    async end(): Promise<void> {
      if (!isStream) {
        socket.end();
        return;
      }
      if (held !== undefined) await writeEvent(held);
      if (!socket.writableEnded && !socket.destroyed) await write(Buffer.from('0\r\n\r\n'));
      socket.end();
    },
  };
}

async function readRequest(socket: Socket): Promise<ProxiedRequest & { readonly path: string }> {
  let bytes = '';
  for (;;) {
    const end = bytes.indexOf('\r\n\r\n');
    if (end >= 0) {
      const [line = '', ...lines] = bytes.slice(0, end).split('\r\n');
      const [method = '', path = '/'] = line.split(' ');
      const headers = Object.fromEntries(
        lines.map((each) => {
          const at = each.indexOf(':');
          return [each.slice(0, at).toLowerCase(), each.slice(at + 1).trim()];
        }),
      );
      const body = bytes.slice(end + 4);
      if (body.length >= Number(headers['content-length'] ?? 0)) {
        return { method, path, headers: { ...headers, connection: 'keep-alive' }, body };
      }
    }
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    bytes += chunk.toString('latin1');
  }
}
