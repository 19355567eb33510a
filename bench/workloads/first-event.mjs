import { setTimeout as sleep } from 'node:timers/promises';
import { HttpConnection } from '../lib/http-connection.mjs';
import { followStream } from '../lib/load.mjs';
import { sendStreamingMessage } from '../lib/rpc.mjs';
import { percentile, sorted } from '../lib/stats.mjs';

const SAMPLES = 60;
const IDLE_MS = 3;

/** @param {HttpConnection} connection */
async function sample(connection) {
  const started = performance.now();
  const stream = followStream(connection, sendStreamingMessage('echo'));
  await stream.started;
  const elapsed = performance.now() - started;
  await stream.done;
  return elapsed;
}

/** @type {import('../lib/workload.mjs').Workload} */
export const firstEvent = {
  name: 'first-event',
  title: 'time to the first event of an idle server',
  isShort: true,
  metrics: [
    { key: 'p50', label: 'p50 ms', better: 'lower' },
    { key: 'p99', label: 'p99 ms', better: 'lower' },
  ],
  async prepare(server, { warmUpRequests }) {
    const connection = await HttpConnection.open(server.port);
    // one at a time takes its time
    for (let i = 0; i < warmUpRequests / 4; i++) await sample(connection);
    connection.close();
  },
  async run(server) {
    const connection = await HttpConnection.open(server.port);
    const times = [];
    for (let i = 0; i < SAMPLES; i++) {
      await sleep(IDLE_MS);
      times.push(await sample(connection));
    }
    connection.close();
    const ordered = sorted(times);
    return { p50: percentile(ordered, 50), p99: percentile(ordered, 99) };
  },
};
