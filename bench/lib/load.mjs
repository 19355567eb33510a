// The shapes of load that the workloads use.
import { HttpConnection } from './http-connection.mjs';
import { sendStreamingMessage } from './rpc.mjs';
import { parseSseBody, SseCounter } from './sse-counter.mjs';
import { percentile, sorted } from './stats.mjs';

/** @typedef {import('./server-process.mjs').ServerProcess} Server */

/**
 * @param {number} port
 * @param {number} count
 */
export function openConnections(port, count) {
  return Promise.all(Array.from({ length: count }, () => HttpConnection.open(port)));
}

/**
 * Measures time and CPU of server and load generator around `work`.
 *
 * @template T
 * @param {Server} server
 * @param {() => Promise<T>} work
 */
export async function measured(server, work) {
  const clientBefore = process.cpuUsage();
  const serverBefore = server.cpuSeconds();
  const started = performance.now();
  const result = await work();
  const seconds = (performance.now() - started) / 1000;
  const serverCpu = server.cpuSeconds() - serverBefore;
  const { user, system } = process.cpuUsage(clientBefore);
  const clientBusy = (user + system) / 1e6 / seconds;
  return { result, seconds, serverCpu, serverBusy: serverCpu / seconds, clientBusy };
}

/**
 * Every connection sends its next request when the last answer is complete.
 *
 * @param {Server} server
 * @param {object} options
 * @param {number} options.connections
 * @param {number} options.seconds
 * @param {() => Buffer} options.nextRequest
 * @param {number} [options.limit] requests after which it ends, if that comes first
 */
export async function closedLoop(server, { connections, seconds, nextRequest, limit = Infinity }) {
  const pool = await openConnections(server.port, connections);
  /** @type {number[]} */
  const latencies = [];
  let non200 = 0;
  /** @param {HttpConnection} connection @param {number} deadline @returns {Promise<void>} */
  const loop = (connection, deadline) =>
    new Promise((resolve, reject) => {
      let sentAt = performance.now();
      const exchange = {
        onHead: (/** @type {number} */ status) => void (status !== 200 && non200++),
        onBody: () => {},
        onEnd: () => {
          const now = performance.now();
          latencies.push(now - sentAt);
          sentAt = now;
          if (now < deadline && latencies.length < limit) connection.send(nextRequest(), exchange);
          else resolve();
        },
        onError: reject,
      };
      connection.send(nextRequest(), exchange);
    });
  const outcome = await measured(server, () => {
    const deadline = performance.now() + seconds * 1000;
    return Promise.all(pool.map((connection) => loop(connection, deadline)));
  });
  for (const connection of pool) connection.close();
  const ordered = sorted(latencies);
  return {
    non200,
    perSecond: ordered.length / outcome.seconds,
    p50: percentile(ordered, 50),
    p99: percentile(ordered, 99),
    cpuUs: (outcome.serverCpu / ordered.length) * 1e6,
    serverBusy: outcome.serverBusy,
    clientBusy: outcome.clientBusy,
  };
}

/**
 * A stream that is being followed. `started` resolves with its first event, `done` at its end.
 *
 * @typedef {object} Followed
 * @property {HttpConnection} connection
 * @property {SseCounter} counter
 * @property {Buffer[]} firstBytes
 * @property {Promise<void>} started
 * @property {Promise<void>} done
 * @property {boolean} finished
 */

/**
 * Opens an SSE stream and follows it.
 *
 * @param {HttpConnection} connection
 * @param {Buffer} request
 * @param {(completed: number) => void} [onEvents]
 * @returns {Followed}
 */
export function followStream(connection, request, onEvents) {
  const counter = new SseCounter();
  /** @type {Buffer[]} */
  const firstBytes = [];
  let markStarted = () => {};
  /** @type {Promise<void>} */
  const started = new Promise((resolve) => (markStarted = resolve));
  /** @type {Followed} */
  const stream = { connection, counter, firstBytes, started, done: started, finished: false };
  stream.done = new Promise((resolve, reject) => {
    connection.send(request, {
      onHead: () => {},
      onBody: (data) => {
        if (counter.events === 0) firstBytes.push(data);
        const completed = counter.feed(data);
        if (completed === 0) return;
        markStarted();
        onEvents?.(completed);
      },
      onEnd: () => {
        stream.finished = true;
        markStarted();
        resolve();
      },
      onError: reject,
    });
  });
  stream.done.catch(() => {});
  return stream;
}

/**
 * Opens a stream on which nothing more happens once its agent works; resolves then.
 *
 * @param {HttpConnection} connection
 * @returns {Promise<void>}
 */
export function openIdleStream(connection) {
  return new Promise((resolve, reject) => {
    let events = 0;
    const stream = followStream(connection, sendStreamingMessage('hold'), (completed) => {
      events += completed;
      if (events >= 2) resolve();
    });
    stream.done.then(() => reject(new Error('The stream ended')), reject);
  });
}

/**
 * The id of the task that a stream is about, from its first event.
 *
 * @param {Followed} stream
 * @returns {Promise<string>}
 */
export async function taskIdOf({ started, firstBytes }) {
  await started;
  const text = String(Buffer.concat(firstBytes));
  const [first] = parseSseBody(text.slice(0, text.lastIndexOf('\n\n') + 2));
  const id = first?.result?.task?.id;
  if (typeof id !== 'string') throw new Error(`The first event has no task: ${JSON.stringify(first)}`);
  return id;
}
