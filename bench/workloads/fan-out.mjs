import { followStream, measured, openConnections, taskIdOf } from '../lib/load.mjs';
import { sendMessage, sendStreamingMessage, subscribeToTask } from '../lib/rpc.mjs';

const READERS = 200;
const BYTES = 64;

/**
 * @param {import('../lib/load.mjs').Server} server
 * @param {{ chunks: number, readers: number }} size
 */
async function deliver(server, { chunks, readers }) {
  const connections = await openConnections(server.port, readers + 2);
  const [owner, gateKeeper, ...followers] = connections;
  if (owner === undefined || gateKeeper === undefined) throw new Error('no connection');
  const own = followStream(owner, sendStreamingMessage(`chunks:${chunks}:${BYTES}:0:gate`));
  const taskId = await taskIdOf(own);
  const streams = followers.map((connection) => followStream(connection, subscribeToTask(taskId)));
  await Promise.all(streams.map(({ started }) => started));
  const outcome = await measured(server, async () => {
    await gateKeeper.request(sendMessage('go'));
    await Promise.all([own, ...streams].map(({ done }) => done));
    return [own, ...streams].reduce((sum, { counter }) => sum + counter.events, 0);
  });
  for (const connection of connections) connection.close();
  const short = streams.find(({ counter }) => counter.events < chunks);
  if (short) throw new Error(`${server.name}: a reader got ${short.counter.events} of ${chunks} chunks`);
  return outcome;
}

/** @type {import('../lib/workload.mjs').Workload} */
export const fanOut = {
  name: 'fan-out',
  title: `one task to ${READERS} readers`,
  rounds: 5,
  metrics: [
    { key: 'cpuPer1e5', label: 'server CPU s per 1e5 deliveries', better: 'lower' },
    { key: 'perSecond', label: 'deliveries per second', better: 'higher' },
  ],
  prepare: (server) => deliver(server, { chunks: 100, readers: 50 }),
  async run(server, _state, { fanOutChunks }) {
    const outcome = await deliver(server, { chunks: fanOutChunks, readers: READERS });
    const { result: deliveries, seconds, serverCpu, serverBusy, clientBusy } = outcome;
    const cpuPer1e5 = (serverCpu / deliveries) * 1e5;
    return { perSecond: deliveries / seconds, cpuPer1e5, serverBusy, clientBusy };
  },
};
