// One task of ever more chunks: does an event cost more, the more the task already holds?
import { setInterval as every } from 'node:timers';
import { HttpConnection } from '../lib/http-connection.mjs';
import { followStream } from '../lib/load.mjs';
import { sendStreamingMessage } from '../lib/rpc.mjs';
import { ServerProcess } from '../lib/server-process.mjs';

const BYTES = 256;
const WARM_UP_STREAMS = 60;
const SAMPLES = 100;

/** @typedef {{ chunks: number, reached: number, capped: boolean, cpuSeconds: number, exponent: number, rssMb: number }} Growth */

/**
 * The exponent with which the CPU of a task grows in its events, by its second half against its first: 1 is linear.
 *
 * @param {{ events: number, cpu: number }[]} samples
 */
function exponentOf(samples) {
  const last = samples.at(-1);
  const half = samples.findLast(({ events }) => events <= (last?.events ?? 0) / 2);
  if (last === undefined || half === undefined || half.cpu <= 0) return NaN;
  return Math.log(last.cpu / half.cpu) / Math.log(last.events / half.events);
}

/**
 * Streams one task on a server of its own; stops when that has used `capSeconds` of CPU for it.
 *
 * @param {string} name
 * @param {number} chunks
 * @param {number} capSeconds
 * @returns {Promise<Growth>}
 */
async function growOnce(name, chunks, capSeconds) {
  const server = await ServerProcess.start(name);
  try {
    const connection = await HttpConnection.open(server.port);
    for (let i = 0; i < WARM_UP_STREAMS; i++)
      await connection.request(sendStreamingMessage(`chunks:50:${BYTES}`));
    const cpuStart = server.cpuSeconds();
    const used = () => server.cpuSeconds() - cpuStart;
    /** @type {{ events: number, cpu: number }[]} */
    const samples = [];
    let reached = 0;
    const request = sendStreamingMessage(`chunks:${chunks}:${BYTES}`);
    const stream = followStream(connection, request, (completed) => {
      reached += completed;
      if (reached >= samples.length * (chunks / SAMPLES)) samples.push({ events: reached, cpu: used() });
    });
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    /** @type {Promise<'capped'>} */
    const cap = new Promise((resolve) => {
      timer = every(() => void (used() > capSeconds && resolve('capped')), 50);
    });
    const capped = (await Promise.race([stream.done, cap])) === 'capped';
    clearInterval(timer);
    const cpuSeconds = used();
    const rssMb = server.rssMb();
    connection.close();
    return { chunks, reached, capped, cpuSeconds, exponent: exponentOf(samples), rssMb };
  } finally {
    await server.stop();
  }
}

/** @param {Growth} growth */
function describe({ chunks, reached, capped, cpuSeconds, rssMb }) {
  const end = capped ? `given up at ${reached} events` : 'complete';
  return `${chunks} chunks: ${end}, ${cpuSeconds.toFixed(2)} CPU s, RSS ${rssMb.toFixed(0)} MB`;
}

/** @type {import('../lib/workload.mjs').Workload} */
export const growth = {
  name: 'growth',
  title: `one task of 1,000 and of 16,000 chunks of ${BYTES} B`,
  rounds: 2,
  metrics: [
    { key: 'us1000', label: 'server CPU µs per event, 1,000 chunks', better: 'lower' },
    { key: 'us16000', label: 'server CPU µs per event, 16,000 chunks', better: 'lower' },
    { key: 'exponent', label: 'exponent of its CPU in its events', better: 'lower', absolute: true },
    { key: 'reached', label: 'events reached', better: 'higher', absolute: true },
  ],
  async runAlone(name, { growthChunks, growthCpuSeconds }) {
    /** @type {Growth[]} */
    const runs = [];
    for (const chunks of growthChunks) {
      const run = await growOnce(name, chunks, growthCpuSeconds);
      runs.push(run);
      if (run.capped) break;
    }
    const complete = runs.filter(({ capped }) => !capped);
    const perEvent = complete.map((run) => [`us${run.chunks}`, (run.cpuSeconds / run.reached) * 1e6]);
    const last = runs.at(-1);
    return {
      ...Object.fromEntries(perEvent),
      exponent: last?.exponent,
      reached: last?.reached,
      note: runs.map(describe).join('; '),
    };
  },
};
