import { redisBackend } from '../../lib/redis/index.ts';
import { serveBackend } from '../../lib/testing/process/serve-backend.ts';
import { openClient, type ClientKind } from './clients.ts';
import { redisQueue } from './queue.ts';
import { connect } from './server.ts';

serveBackend(async (url = '', prefix = '', kind = 'node-redis') => {
  if (kind === 'queue') return { broker: redisQueue({ client: await connect(url), prefix }) };
  const { client } = await openClient(kind as ClientKind, url); // a test passed it
  return redisBackend({ client, prefix });
});
