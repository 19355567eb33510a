// What front-ends, workers and senders have in common: the backend on Redis, and the rules for webhooks.
import { createClient } from 'redis';
import { redisBackend } from 'express-a2a/redis';

/** Connects to the Redis at REDIS_URL. `close` ends the connections, when nothing uses the backend any more. */
export async function connect() {
  const client = createClient({ url: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379' });
  client.on('error', (error) => console.error(`redis: ${error.message}`));
  await client.connect();
  const backend = redisBackend({ client, prefix: '{a2a-example}:' });
  return {
    backend,
    async close() {
      await backend.broker.close();
      await backend.eventBus.close();
      client.destroy();
    },
  };
}

/**
 * Where webhooks may be: the same for the front-ends, which check addresses, and the sender, which checks again. In
 * production leave `allowPrivate` out; here, receivers are on this machine.
 */
export const webhookRules = { allowPrivate: process.env['NODE_ENV'] !== 'production' };
