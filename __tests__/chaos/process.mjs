// One process of the fleet, a front-end or a worker: its argument tells which. It tells its port, and what it finds wrong.
import { setTimeout } from 'node:timers/promises';
import express from 'express';
import { a2aRouter, startWorker, StorageError } from 'express-a2a';
import { redisBackend } from 'express-a2a/redis';
import { hostileBroker, hostileBus } from 'express-a2a/testing';
import { createAgent } from './agent.mjs';
import { brokenAgent, brokenResponse, brokenStorage } from './broken.mjs';

/**
 * @typedef {{ role: 'front-end' | 'worker', redisUrl: string, drop: number, seed: number, library: 'node-redis' | 'ioredis',
 *   leaseMs: number, maxAttempts: number, concurrency: number, broken: readonly string[] }} Settings
 */

/** @type {Settings} */
const settings = JSON.parse(process.argv[2] ?? '');
const { role, redisUrl, drop, seed, library, leaseMs, maxAttempts, concurrency, broken } = settings;
let isHurried = false;

/** @param {unknown} message */
const tell = (message) => process.send?.(message);
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error) => {
    tell({ crash: `${event}: ${textOf(error)}` });
  });
}
process.on('message', (message) => {
  if (message === 'hurry') isHurried = true;
});
// the driver is gone
process.on('disconnect', () => process.exit());

/** @param {unknown} error */
function textOf(error) {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** @returns {Promise<{ client: import('express-a2a/redis').RedisClient, command: import('./broken.mjs').Command }>} */
async function openClient() {
  // clients connect again by themselves
  if (library === 'ioredis') {
    const { Redis } = await import('ioredis');
    const client = new Redis(redisUrl);
    client.on('error', () => undefined);
    return { client, command: ([name = '', ...args]) => client.call(name, ...args) };
  }
  const { createClient } = await import('redis');
  const client = createClient({ url: redisUrl });
  client.on('error', () => undefined);
  await client.connect();
  return { client, command: (args) => client.sendCommand([...args]) };
}

const { client, command } = await openClient();
const backend = redisBackend({ client });
const noise = { repeat: 0.05, delay: 0.1, strip: 0.1, seed };
const hostile = {
  storage: brokenStorage(broken, backend.storage, command),
  eventBus: hostileBus(backend.eventBus, { drop, staleHead: 0.05, ...noise }),
  broker: hostileBroker(backend.broker, { drop, ...noise }),
};
/** @type {(error: unknown) => void} */
const onError = (error) => {
  // Redis is down: clients are answered with 503, and try again
  if (error instanceof StorageError && error.code === 'unavailable') return;
  tell({ fault: `${role}: ${textOf(error)}` });
};

async function startAgent() {
  const agent = createAgent(() => isHurried);
  const options = { ...hostile, leaseMs, maxAttempts, concurrency, onError, cancelGraceMs: leaseMs };
  for (;;) {
    try {
      await startWorker({ ...options, agent: brokenAgent(broken, agent, command) });
      tell({ isUp: true });
      return;
    } catch {
      // the server may be down just now; an operator would start the worker again
      await setTimeout(100);
    }
  }
}

function startRouter() {
  const a2a = a2aRouter({
    ...hostile,
    card: { name: 'Chaos', description: 'Says its name', version: '1.0.0' },
    ...{ cancelGraceMs: leaseMs, keepAliveMs: 1000, dedupeWindowMs: 600_000, onError },
  });
  const app = express();
  app.use('/a2a', brokenResponse(broken), a2a);
  const server = app.listen(0, '127.0.0.1', () => {
    const address = server.address();
    tell({ port: typeof address === 'object' ? address?.port : undefined });
  });
}

if (role === 'worker') await startAgent();
else startRouter();
