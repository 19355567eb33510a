import { followStream, measured, openConnections } from '../lib/load.mjs';
import { sendStreamingMessage } from '../lib/rpc.mjs';

const STREAMS = 50;
const CHUNKS = 200;
const BYTES = 64;

/**
 * One stream on each connection; gives the number of events.
 *
 * @param {import('../lib/load.mjs').Server} server
 * @param {import('../lib/http-connection.mjs').HttpConnection[]} connections
 * @param {{ chunks?: number, request?: (script: string) => Buffer }} [options]
 */
export async function wave(server, connections, { chunks = CHUNKS, request = sendStreamingMessage } = {}) {
  const script = `chunks:${chunks}:${BYTES}`;
  const streams = connections.map((connection) => followStream(connection, request(script)));
  await Promise.all(streams.map(({ done }) => done));
  const short = streams.find(({ counter }) => counter.events < chunks);
  if (short) throw new Error(`${server.name}: a stream ended after ${short.counter.events} events`);
  return streams.reduce((sum, { counter }) => sum + counter.events, 0);
}

/** @type {import('../lib/workload.mjs').Workload} */
export const chunkStreams = {
  name: 'chunk-streams',
  title: `${STREAMS} streams of ${CHUNKS} chunks of ${BYTES} B at once`,
  rounds: 5,
  metrics: [
    { key: 'cpuPer1e5', label: 'server CPU s per 1e5 events', better: 'lower' },
    { key: 'perSecond', label: 'events per second', better: 'higher' },
  ],
  async prepare(server, { warmUpRequests }) {
    const connections = await openConnections(server.port, STREAMS);
    for (let events = 0; events < warmUpRequests;) events += await wave(server, connections, { chunks: 50 });
    for (const connection of connections) connection.close();
  },
  async run(server, _state, { streamSeconds }) {
    const connections = await openConnections(server.port, STREAMS);
    const outcome = await measured(server, async () => {
      const started = performance.now();
      let events = 0;
      do events += await wave(server, connections);
      while (performance.now() - started < streamSeconds * 1000);
      return events;
    });
    for (const connection of connections) connection.close();
    const { result: events, seconds, serverCpu, serverBusy, clientBusy } = outcome;
    return { perSecond: events / seconds, cpuPer1e5: (serverCpu / events) * 1e5, serverBusy, clientBusy };
  },
};
