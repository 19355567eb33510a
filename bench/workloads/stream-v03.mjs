// The same streams in A2A 0.3 and in 1.0, on one server: what does the other dialect cost?
import { closedLoop, measured, openConnections } from '../lib/load.mjs';
import { olderStreamingMessage, sendStreamingMessage } from '../lib/rpc.mjs';
import { wave } from './chunk-streams.mjs';

const CONNECTIONS = 32;
const WARM_UP = { connections: CONNECTIONS, seconds: 10, limit: 3000 };
// each dialect as often early as late
/** @type {readonly Version[]} */
const TURNS = ['1.0', '0.3', '0.3', '1.0'];

/**
 * @typedef {import('../lib/load.mjs').Server} Server
 * @typedef {'1.0' | '0.3'} Version
 */

/** @type {Record<Version, (script: string) => Buffer>} */
const REQUESTS = { '1.0': sendStreamingMessage, 0.3: olderStreamingMessage };

/**
 * CPU µs of one echo stream.
 *
 * @param {Server} server
 * @param {Version} version
 * @param {number} seconds
 */
async function echo(server, version, seconds) {
  const nextRequest = () => REQUESTS[version]('echo');
  const { cpuUs, non200 } = await closedLoop(server, { connections: CONNECTIONS, seconds, nextRequest });
  if (non200 > 0) throw new Error(`${server.name}: ${non200} streams of ${version} were refused`);
  return cpuUs;
}

/**
 * CPU µs of one event of streams of many chunks.
 *
 * @param {Server} server
 * @param {Version} version
 * @param {number} seconds
 */
async function chunks(server, version, seconds) {
  const connections = await openConnections(server.port, CONNECTIONS);
  const { result, serverCpu } = await measured(server, async () => {
    const started = performance.now();
    let events = 0;
    do events += await wave(server, connections, { request: REQUESTS[version] });
    while (performance.now() - started < seconds * 1000);
    return events;
  });
  for (const connection of connections) connection.close();
  return (serverCpu / result) * 1e6;
}

/**
 * How many times as much 0.3 costs, and both figures for the notes.
 *
 * @param {(version: Version) => Promise<number>} cost
 */
async function compare(cost) {
  const sums = { '1.0': 0, 0.3: 0 };
  for (const version of TURNS) sums[version] += await cost(version);
  return {
    ratio: sums['0.3'] / sums['1.0'],
    text: `${Math.round(sums['0.3'] / 2)} µs to ${Math.round(sums['1.0'] / 2)} µs`,
  };
}

/** @type {import('../lib/workload.mjs').Workload} */
export const streamV03 = {
  name: 'stream-v03',
  title: 'streams of A2A 0.3 against the same in 1.0',
  rounds: 3,
  servers: ['express-a2a'],
  metrics: [
    { key: 'echo', label: 'CPU of an echo in 0.3 : in 1.0', better: 'lower', absolute: true },
    { key: 'chunks', label: 'CPU of a chunk in 0.3 : in 1.0', better: 'lower', absolute: true },
  ],
  async prepare(server) {
    for (const request of Object.values(REQUESTS)) {
      await closedLoop(server, { ...WARM_UP, nextRequest: () => request('echo') });
      // opened now, because idle connections are closed
      const connections = await openConnections(server.port, CONNECTIONS);
      for (let i = 0; i < 3; i++) await wave(server, connections, { request });
      for (const connection of connections) connection.close();
    }
  },
  async run(server, _state, { unarySeconds, streamSeconds }) {
    const echoes = await compare((version) => echo(server, version, unarySeconds));
    const chunked = await compare((version) => chunks(server, version, streamSeconds));
    return { echo: echoes.ratio, chunks: chunked.ratio, note: `echo ${echoes.text}, chunk ${chunked.text}` };
  },
};
