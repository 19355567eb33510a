// What a finished task takes on the server: with its log, and when only the task is left.
import { HttpConnection } from '../lib/http-connection.mjs';
import { closedLoop } from '../lib/load.mjs';
import { getTask, sendMessage } from '../lib/rpc.mjs';
import { withFleet } from './fleet.mjs';

const FILL_SECONDS = 6;
/** Longer than the filling, and the looking after it, take on a busy machine. */
const LOG_MS = 12_000;
const PATIENCE_MS = 30_000;
const CONNECTIONS = 16;
const FINISHED = '{a2a}:fin';

/** @typedef {{ label: string, tasks: number, withLog: number, withoutLog: number, jsonBytes: number }} Memory in bytes of one task */

/** @returns {Promise<Memory[]>} */
export async function measureMemory() {
  return [
    await memoryOf('an echo', 'echo', 1000),
    // a burst is stored in few appends, and takes the same memory
    await memoryOf('200 chunks of 64 B', 'burst:200:64', 200),
  ];
}

/**
 * @param {string} label
 * @param {string} script
 * @param {number} limit
 * @returns {Promise<Memory>}
 */
function memoryOf(label, script, limit) {
  return withFleet(
    async ({ redis, first }) => {
      const { admin } = redis;
      const send = (/** @type {number} */ most) =>
        closedLoop(first, {
          ...{ connections: CONNECTIONS, seconds: FILL_SECONDS, limit: most },
          nextRequest: () => sendMessage(script),
        });
      // connections, scripts and the like are there before
      await send(2 * CONNECTIONS);
      await settled(admin);
      await admin.flushAll();
      const before = await redis.memoryBytes();
      await send(limit);
      await settled(admin);
      const tasks = await admin.zCard(FINISHED);
      const withLog = (await redis.memoryBytes()) - before;
      const logs = await logsOf(admin);
      if (logs !== tasks) throw new Error(`${tasks} tasks have finished, and ${logs} logs are there`);
      await until(async () => (await logsOf(admin)) === 0, 'The logs did not go');
      const withoutLog = (await redis.memoryBytes()) - before;
      const jsonBytes = await taskBytes(first.port, admin);
      return { label, tasks, withLog: withLog / tasks, withoutLog: withoutLog / tasks, jsonBytes };
    },
    { LOG_MS: String(LOG_MS) },
  );
}

/** @typedef {import('./redis-server.mjs').Redis['admin']} Admin */

/**
 * Waits until every finished task has its checkpoint.
 *
 * @param {Admin} admin
 */
async function settled(admin) {
  await until(
    async () => (await count(admin, '{a2a}:c:*')) === (await admin.zCard(FINISHED)),
    'Checkpoints are missing',
  );
}

/** @param {Admin} admin */
function logsOf(admin) {
  return count(admin, '{a2a}:l:*');
}

/**
 * @param {Admin} admin
 * @param {string} pattern
 */
async function count(admin, pattern) {
  let found = 0;
  for await (const keys of admin.scanIterator({ MATCH: pattern, COUNT: 1000 })) found += keys.length;
  return found;
}

/**
 * @param {() => Promise<boolean>} isSo
 * @param {string} failure
 */
async function until(isSo, failure) {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(failure);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * Bytes of a finished task as clients get it.
 *
 * @param {number} port
 * @param {Admin} admin
 */
async function taskBytes(port, admin) {
  const [member = ''] = await admin.zRange(FINISHED, 0, 0);
  const connection = await HttpConnection.open(port);
  const { body } = await connection.request(getTask(JSON.parse(member)[0]));
  connection.close();
  return Buffer.byteLength(JSON.stringify(JSON.parse(body).result));
}
