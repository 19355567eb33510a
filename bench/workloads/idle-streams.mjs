import { HttpConnection } from '../lib/http-connection.mjs';
import { openConnections, openIdleStream } from '../lib/load.mjs';
import { sendStreamingMessage } from '../lib/rpc.mjs';

const BATCH = 100;
const WARM_UP = 200;

/** @type {import('../lib/workload.mjs').Workload} */
export const idleStreams = {
  name: 'idle-streams',
  rounds: 2,
  // every agent is to run: one that waits for its turn costs less than those of the other servers
  env: { CONCURRENCY: '100000' },
  title: 'open streams on which nothing happens',
  metrics: [
    { key: 'rssKb', label: 'RSS KB per stream', better: 'lower' },
    { key: 'heapKb', label: 'heap KB per stream', better: 'lower' },
    { key: 'openMs', label: 'ms to open all', better: 'lower' },
  ],
  async run(server, _state, { idleStreams: count }) {
    const warm = await HttpConnection.open(server.port);
    for (let i = 0; i < WARM_UP; i++) await warm.request(sendStreamingMessage('echo'));
    warm.close();
    const before = await server.collectGarbage();
    const rssBefore = server.rssMb();
    const started = performance.now();
    const open = [];
    while (open.length < count) {
      const connections = await openConnections(server.port, Math.min(BATCH, count - open.length));
      await Promise.all(connections.map(openIdleStream));
      open.push(...connections);
    }
    const openMs = performance.now() - started;
    const after = await server.collectGarbage();
    const rssAfter = server.rssMb();
    for (const connection of open) connection.close();
    const heap = after.heapUsed + after.external - before.heapUsed - before.external;
    return { rssKb: ((rssAfter - rssBefore) * 1024) / count, heapKb: heap / 1024 / count, openMs };
  },
};
