// One reader stops reading while the task emits much. What does it cost the server, and the reader that reads?
import { HttpConnection } from '../lib/http-connection.mjs';
import { followStream, taskIdOf } from '../lib/load.mjs';
import { sendMessage, sendStreamingMessage, subscribeToTask } from '../lib/rpc.mjs';
import { ServerProcess } from '../lib/server-process.mjs';

const CAP_MS = 20_000;

/**
 * @param {string} name
 * @param {{ chunks: number, bytes: number, isSlow: boolean }} options
 */
async function emit(name, { chunks, bytes, isSlow }) {
  const server = await ServerProcess.start(name);
  try {
    const open = () => HttpConnection.open(server.port);
    const owner = followStream(await open(), sendStreamingMessage(`chunks:${chunks}:${bytes}:0:gate`));
    const taskId = await taskIdOf(owner);
    const fast = followStream(await open(), subscribeToTask(taskId));
    await fast.started;
    const slow = isSlow ? followStream(await open(), subscribeToTask(taskId)) : undefined;
    await slow?.started;
    slow?.connection.pauseReading();
    const gateKeeper = await open();
    server.resetPeakRss();
    const started = performance.now();
    gateKeeper.request(sendMessage('go')).catch(() => {});
    await within(CAP_MS, Promise.all([owner.done, fast.done]));
    const seconds = (performance.now() - started) / 1000;
    const finished = owner.finished && fast.finished && server.alive;
    const peakMb = server.alive ? server.peakRssMb() : NaN;
    const memory = finished ? await server.collectGarbage() : undefined;
    const heldMb = memory === undefined ? NaN : (memory.heapUsed + memory.external) / 1e6;
    const wasCut = slow?.connection.closed === true;
    return { seconds, peakMb, heldMb, finished, fastEvents: fast.counter.events, wasCut };
  } finally {
    await server.stop();
  }
}

/**
 * @param {number} limitMs
 * @param {Promise<unknown>} work
 */
async function within(limitMs, work) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const cap = new Promise((resolve) => (timer = setTimeout(resolve, limitMs)));
  await Promise.race([work, cap]).catch(() => {});
  clearTimeout(timer);
}

/** @type {import('../lib/workload.mjs').Workload} */
export const slowReader = {
  name: 'slow-reader',
  title: 'a reader that does not read while 100 MB (25 in a quick run) are emitted',
  rounds: 1,
  metrics: [
    { key: 'heldMb', label: 'MB held for it, after GC', better: 'lower', absolute: true },
    { key: 'peakMb', label: 'peak RSS MB', better: 'lower' },
    { key: 'fastSeconds', label: 'other reader done, s', better: 'lower' },
    { key: 'slowdown', label: 'other reader slowed by', better: 'lower', absolute: true },
  ],
  async runAlone(name, { slowReaderMb, slowReaderBytes }) {
    const chunks = Math.round((slowReaderMb * 1e6) / slowReaderBytes);
    const without = await emit(name, { chunks, bytes: slowReaderBytes, isSlow: false });
    const withSlow = await emit(name, { chunks, bytes: slowReaderBytes, isSlow: true });
    const end = withSlow.finished ? '' : `NOT FINISHED in ${CAP_MS / 1000} s, `;
    return {
      heldMb: withSlow.heldMb - without.heldMb,
      peakMb: withSlow.peakMb,
      fastSeconds: withSlow.seconds,
      slowdown: withSlow.seconds / without.seconds,
      note: `${end}the other reader got ${withSlow.fastEvents} events, the slow one was ${withSlow.wasCut ? '' : 'not '}cut`,
    };
  },
};
