// A redis-server of the benchmark's own, on a free port, without persistence, held to core 0.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createClient } from 'redis';
import { freePort, onCores } from '../lib/server-process.mjs';

const IN_MEMORY = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];

/** @typedef {Awaited<ReturnType<typeof startRedis>>} Redis */

/** Starts it, and a client that asks it for its figures. */
export async function startRedis() {
  const port = await freePort();
  const server = ['redis-server', '--port', String(port), '--bind', '127.0.0.1', ...IN_MEMORY];
  const [command = '', ...args] = onCores('0', server);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = () => void child.kill('SIGKILL');
  // whatever ends this process ends the server
  process.once('exit', kill);
  await ready(child);
  const url = `redis://127.0.0.1:${port}`;
  const admin = await connect(url);
  /** @param {string} section @param {string} field */
  const info = async (section, field) =>
    new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(await admin.info(section))?.[1] ?? '';
  return {
    url,
    admin,
    version: () => info('server', 'redis_version'),
    memoryBytes: async () => Number(await info('memory', 'used_memory')),
    /** Seconds of CPU so far, all threads. */
    async cpuSeconds() {
      return Number(await info('cpu', 'used_cpu_user')) + Number(await info('cpu', 'used_cpu_sys'));
    },
    async stop() {
      admin.destroy();
      const ended = once(child, 'exit');
      kill();
      await ended;
      process.off('exit', kill);
    },
  };
}

/**
 * A connected client; its maker destroys it.
 *
 * @param {string} url
 */
export async function connect(url) {
  const client = createClient({ url });
  client.on('error', (error) => console.error(`redis: ${error.message}`));
  await client.connect();
  return client;
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<void>}
 */
function ready(child) {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (text) => {
      if (String(text).includes('Ready to accept connections')) resolve();
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: is it installed?`)));
  });
}
