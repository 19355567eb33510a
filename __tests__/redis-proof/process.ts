import { serveBackend } from '../../lib/testing/process/serve-backend.ts';
import { redisBroker, redisEventBus } from './hints.ts';
import { redisQueue } from './queue.ts';
import { connect } from './server.ts';
import { wholeStorage } from './whole-storage.ts';

serveBackend(async (url = '', prefix = '', kind = 'hints') => {
  const [client, subscriber] = await Promise.all([connect(url), connect(url)]);
  return {
    storage: wholeStorage({ client, prefix }),
    broker: kind === 'queue' ? redisQueue({ client, prefix }) : redisBroker({ client, subscriber, prefix }),
    eventBus: redisEventBus({ client, subscriber, prefix }),
  };
});
