import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** An address that leads to one server now, and to another one later, as that of a service does. */
export interface Door {
  readonly url: string;
  /** Cuts all connections; those that come from now on go to this port. */
  readonly leadTo: (port: number) => void;
  readonly close: () => void;
}

/** Opens an address for clients of Redis. */
export async function openDoor(port: number): Promise<Door> {
  let target = port;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const upstream = connect(target, '127.0.0.1');
    const end = () => {
      for (const it of [socket, upstream]) it.destroy();
      sockets.delete(socket);
    };
    for (const it of [socket, upstream]) it.once('close', end).on('error', end);
    sockets.add(socket);
    socket.pipe(upstream).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const it of sockets) it.destroy();
  };
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens at a port
    leadTo(next) {
      target = next;
      cut();
    },
    close() {
      server.close();
      cut();
    },
  };
}
