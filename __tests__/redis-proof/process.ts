import { serveBackend } from '../../lib/testing/process/serve-backend.ts';
import { redisBroker, redisEventBus } from './hints.ts';
import { connect } from './server.ts';
import { wholeStorage } from './whole-storage.ts';

serveBackend(async (url = '', prefix = '') => {
  const [client, subscriber] = await Promise.all([connect(url), connect(url)]);
  return {
    storage: wholeStorage({ client, prefix }),
    broker: redisBroker({ client, subscriber, prefix }),
    eventBus: redisEventBus({ client, subscriber, prefix }),
  };
});
