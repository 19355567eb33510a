// Readers come and go on one long task. Does the server let go of them?
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpConnection } from '../lib/http-connection.mjs';
import { followStream, openConnections, taskIdOf } from '../lib/load.mjs';
import { sendStreamingMessage, subscribeToTask } from '../lib/rpc.mjs';

const BATCHES = 6;
const BATCH = 50;
const SETTLE_MS = 100;

/**
 * @param {import('../lib/load.mjs').Server} server
 * @param {string} taskId
 * @param {number} batches
 */
async function comeAndGo(server, taskId, batches) {
  for (let i = 0; i < batches; i++) {
    const connections = await openConnections(server.port, BATCH);
    const streams = connections.map((connection) => followStream(connection, subscribeToTask(taskId)));
    await Promise.all(streams.map(({ started }) => started));
    for (const connection of connections) connection.close();
  }
  await sleep(SETTLE_MS);
  const { heapUsed, external } = await server.collectGarbage();
  return heapUsed + external;
}

/** @type {import('../lib/workload.mjs').Workload} */
export const churn = {
  name: 'churn',
  title: `${BATCHES * BATCH} readers of one task come and go`,
  rounds: 3,
  metrics: [{ key: 'keptKb', label: 'heap KB kept per reader gone', better: 'lower', absolute: true }],
  async run(server) {
    const owner = await HttpConnection.open(server.port);
    const taskId = await taskIdOf(followStream(owner, sendStreamingMessage('hold')));
    const before = await comeAndGo(server, taskId, 2);
    const after = await comeAndGo(server, taskId, BATCHES);
    owner.close();
    return { keptKb: (after - before) / 1024 / (BATCHES * BATCH) };
  },
};
