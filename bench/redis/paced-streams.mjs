// The load of the latencies: many streams at a moderate rate. Tasks are begun at one front-end and read at another.
import { HttpConnection } from '../lib/http-connection.mjs';
import { followStream, openConnections, taskIdOf } from '../lib/load.mjs';
import { nowUs } from '../lib/now-us.mjs';
import { sendStreamingMessage, subscribeToTask } from '../lib/rpc.mjs';
import { stampsIn } from './stamp.mjs';

export const STREAMS = 50;
export const EVERY_MS = 50;
const BYTES = 64;
const FRAME_END = '\n\n';

/** @typedef {{ stamp: string, at: number, readAt: number }} Arrival a chunk, with the µs when it was given and read */

/**
 * Starts `count` chunks in each stream. `done` gives what arrived at the second front-end.
 *
 * @param {import('./fleet.mjs').Fleet} fleet
 * @param {number} count
 */
export async function startStreams({ first, second }, count) {
  const starters = await openConnections(first.port, STREAMS);
  /** @type {Arrival[]} */
  const arrivals = [];
  const followed = starters.map(async (starter) => {
    const begun = followStream(starter, sendStreamingMessage(`paced:${count}:${EVERY_MS}:${BYTES}`));
    const taskId = await taskIdOf(begun);
    starter.close();
    const reader = await HttpConnection.open(second.port);
    return { done: readAll(reader, taskId, arrivals) };
  });
  const readers = await Promise.all(followed);
  return {
    done: Promise.all(readers.map(({ done }) => done)).then(() => arrivals),
  };
}

/**
 * @param {HttpConnection} connection
 * @param {string} taskId
 * @param {Arrival[]} arrivals
 * @returns {Promise<void>}
 */
function readAll(connection, taskId, arrivals) {
  let rest = '';
  return new Promise((resolve, reject) => {
    connection.send(subscribeToTask(taskId), {
      onHead: () => {},
      onBody: (data) => {
        const readAt = nowUs();
        const text = rest + data.toString('latin1');
        const end = text.lastIndexOf(FRAME_END) + 1;
        rest = text.slice(end);
        for (const { stamp, at } of stampsIn(text.slice(0, end))) arrivals.push({ stamp, at, readAt });
      },
      onEnd: () => {
        connection.close();
        resolve();
      },
      onError: reject,
    });
  });
}
