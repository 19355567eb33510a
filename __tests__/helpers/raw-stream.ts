import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { AgentApp } from './make-app.ts';
import { post } from './raw-http.ts';

/** Sends a call on a socket of its own. Nothing of the answer is read. */
export async function openRaw(
  app: Pick<AgentApp, 'port'>,
  method: string,
  params: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Socket> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const socket = connect(app.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(post('/a2a', body, { 'A2A-Version': '1.0', ...headers }) + body);
  return socket;
}

/** Resolves when that many bytes have come, or this text. */
export function whenSeen(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let tail = '';
    const look = (chunk: Buffer) => {
      tail = (tail + chunk.toString('latin1')).slice(-4096);
      if (!tail.includes(text)) return;
      socket.off('data', look);
      resolve();
    };
    socket.on('data', look);
    socket.once('close', () => {
      reject(new Error(`closed before ${text} was seen`));
    });
  });
}
