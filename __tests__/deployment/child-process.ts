// A front-end, a worker or a sender of webhooks on Redis, in a process of its own.
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createClient } from 'redis';
import { a2aRouter } from '../../lib/express/router.ts';
import { startWorker } from '../../lib/core/start-worker.ts';
import { redisBackend, type RedisBackend } from '../../lib/redis/index.ts';
import { heldBytes } from '../helpers/memory.ts';
import { deployedAgent } from './agent.ts';
import { createGates } from './gates.ts';
import { frontEndOptions, limits, startQuickSender } from './settings.ts';

const STALL_MS = 3000;

async function frontEnd(backend: RedisBackend): Promise<{ port: number; stop: () => Promise<void> }> {
  const router = a2aRouter({ ...backend, ...frontEndOptions(backend.storage), stallMs: STALL_MS });
  const app = express();
  app.get('/calls', (_req, res) => void res.json(router.status().calls));
  app.get('/held', (_req, res) => void heldBytes().then((bytes) => res.json(bytes)));
  app.use('/a2a', router);
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    port,
    async stop() {
      server.close();
      await router.close({ drainMs: 1000 });
    },
  };
}

async function worker(backend: RedisBackend): Promise<{ stop: () => Promise<void> }> {
  const { pass, open } = createGates();
  process.on('message', open);
  const { stop } = await startWorker({ ...backend, agent: deployedAgent(pass) });
  return { stop };
}

const ROLES = { 'front-end': frontEnd, worker, sender: startQuickSender };

async function main([role = '', url = '', prefix = '']: readonly string[]): Promise<void> {
  const client = createClient({ url });
  client.on('error', () => undefined); // commands reject by themselves
  await client.connect();
  const backend = redisBackend({ client, prefix, limits });
  const started = await ROLES[role as keyof typeof ROLES](backend); // a test passed it
  process.once('SIGTERM', () => {
    void (async () => {
      await started.stop();
      await backend.broker.close();
      await backend.eventBus.close();
      client.destroy();
      process.disconnect();
    })();
  });
  process.send?.({ port: 'port' in started ? started.port : 0 });
}

process.on('disconnect', () => process.exit());
void main(process.argv.slice(2));
