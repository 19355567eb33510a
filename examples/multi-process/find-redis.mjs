import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * URL of a Redis: REDIS_URL, else the one at the usual port (REDIS_PORT names another), else that of a server which `start`
 * starts at a free port.
 * @param {(port: string) => void} start
 */
export async function findRedis(start) {
  const { REDIS_URL, REDIS_PORT = '6379' } = process.env;
  if (REDIS_URL !== undefined) return REDIS_URL;
  if (await answers(Number(REDIS_PORT))) return `redis://127.0.0.1:${REDIS_PORT}`;
  const [port] = await freePorts(1);
  start(String(port));
  return `redis://127.0.0.1:${port}`;
}

/** Whether a Redis listens at this port of this machine. @param {number} port @returns {Promise<boolean>} */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      resolve(String(data).startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.setTimeout(1000, () => {
      resolve(false);
      socket.destroy();
    });
  });
}

/** Ports of this machine where nobody listens. @param {number} count */
export async function freePorts(count) {
  const probes = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(probes.map((probe) => once(probe, 'listening')));
  const ports = probes.map((probe) => {
    const address = probe.address();
    return typeof address === 'object' ? (address?.port ?? 0) : 0;
  });
  await Promise.all(probes.map((probe) => once(probe.close(), 'close')));
  return ports;
}
