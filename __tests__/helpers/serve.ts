import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';

/** An Express app on a free port of this machine. */
export interface Served {
  readonly origin: string;
  readonly port: number;
  readonly server: Server;
  readonly close: () => Promise<void>;
}

/** Serves what `setup` mounts, on the Express that is under test; `inFront` puts something before the app. */
export async function serve(
  setup: (app: express.Express) => void,
  inFront: (app: RequestListener) => RequestListener = (app) => app,
): Promise<Served> {
  const app = express();
  setup(app);
  const server = createServer(inFront(app)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    origin: `http://127.0.0.1:${String(port)}`,
    port,
    server,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
