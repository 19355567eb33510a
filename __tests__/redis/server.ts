import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { createClient } from 'redis';

const MISSING = 'NO REDIS: set REDIS_URL or install redis-server; the Redis backend has NOT been tested';

/** A Redis to test against. `stop` ends it if it was started here. */
export interface TestRedis {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const LOCAL = 'redis://127.0.0.1:6379';

/**
 * Finds a Redis: REDIS_URL, else a local one, else the `redis-server` binary on a free port. Synchronous, so that a file
 * of tests can be skipped as a whole. `undefined`: there is none.
 */
export function findRedis(): (() => Promise<TestRedis>) | undefined {
  const url = process.env['REDIS_URL'] ?? (answers(6379) ? LOCAL : undefined);
  if (url !== undefined) return async () => ({ url, stop: async () => {} });
  return hasServer() ? () => startServer() : undefined;
}

/** Whether a server of our own can be started. Where it can not, says so; in CI that is an error. */
export function hasServer(): boolean {
  if (spawnSync('redis-server', ['--version']).status === 0) return true;
  if (process.env['CI'] === 'true') throw new Error(MISSING);
  console.warn(MISSING);
  return false;
}

function answers(port: number): boolean {
  const script = `const s=require('net').connect(${port},'127.0.0.1',()=>s.write('PING\\r\\n'));
    s.setTimeout(500,()=>process.exit(1)).on('error',()=>process.exit(1))
     .on('data',(d)=>process.exit(String(d).startsWith('+PONG')?0:1))`;
  return spawnSync(process.execPath, ['-e', script]).status === 0;
}

/** A server of our own. With a `directory` each write is on disk before it is answered. `crash` ends it as by SIGKILL. */
export async function startServer(
  directory?: string,
  port?: number,
  more: readonly string[] = [],
): Promise<TestRedis & { readonly port: number; readonly crash: () => Promise<void> }> {
  const own = port ?? (await freePort());
  const durable = ['--dir', directory ?? '', '--appendonly', 'yes', '--appendfsync', 'always'];
  const kept = directory === undefined ? ['--appendonly', 'no'] : durable;
  const args = ['--port', String(own), '--bind', '127.0.0.1', '--save', '', ...kept, ...more];
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => {
    server.once('close', () => {
      resolve();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.stdout.on('data', (text: Buffer) => {
      if (text.includes('Ready to accept connections')) resolve();
    });
    server.once('error', reject);
    void ended.then(() => {
      reject(new Error('redis-server ended before it was ready'));
    });
  });
  const endBy = (signal: NodeJS.Signals) => () => {
    server.kill(signal);
    return ended;
  };
  return { url: `redis://127.0.0.1:${own}`, port: own, stop: endBy('SIGTERM'), crash: endBy('SIGKILL') };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
}

/** A connected client; the caller closes it. Its name is its own. */
export async function connect(url: string) {
  const client = createClient({ url, name: randomUUID() });
  client.on('error', () => {}); // commands reject by themselves
  await client.connect();
  return client;
}

/** Cuts the connections that carry a name, and no others; they come back by themselves. */
export async function cutByName(by: Client, name: string): Promise<void> {
  const clients = (await by.clientList()).filter((it) => it.name === name);
  for (const { id } of clients) await by.sendCommand(['CLIENT', 'KILL', 'ID', String(id)]);
}

/** How much is stored under a prefix: keys, and the members of the sets among them. */
export async function countRecords(client: Client, prefix: string): Promise<number> {
  let count = 0;
  for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
    for (const key of keys) if ((await client.exists(key)) === 1) count += 1;
  }
  return count;
}

type Client = Awaited<ReturnType<typeof connect>>;

/** Removes every key of a test run. */
export async function removeKeys(client: Client, prefix: string): Promise<void> {
  for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
    if (keys.length > 0) await client.unlink(keys);
  }
}
