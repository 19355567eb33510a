// Requests and answers in a closed loop over keep-alive connections.
import { HttpConnection } from '../lib/http-connection.mjs';
import { closedLoop } from '../lib/load.mjs';
import * as rpc from '../lib/rpc.mjs';

/**
 * @typedef {import('../lib/workload.mjs').Workload} Workload
 * @typedef {import('../lib/load.mjs').Server} Server
 */

const CONNECTIONS = 32;
// the optimising compiler needs some 8,000 requests on the slowest to settle, and a second or two on the fastest
const WARM_UP_SECONDS = 15;

/** @type {import('../lib/workload.mjs').Metric[]} */
const METRICS = [
  { key: 'cpuUs', label: 'server CPU µs', better: 'lower' },
  { key: 'perSecond', label: 'per second', better: 'higher' },
  { key: 'p50', label: 'p50 ms', better: 'lower' },
  { key: 'p99', label: 'p99 ms', better: 'lower' },
];

/**
 * @param {Server} server
 * @param {Buffer} request
 * @returns {Promise<any>}
 */
async function once(server, request) {
  const connection = await HttpConnection.open(server.port);
  const { body } = await connection.request(request);
  connection.close();
  return JSON.parse(body);
}

/**
 * A workload whose requests `setUp` prepares, once per server process.
 *
 * @param {{ name: string, title: string, setUp: (server: Server) => Promise<{ next: () => Buffer, note?: string }> }} options
 * @returns {Workload}
 */
function unary({ name, title, setUp }) {
  return {
    ...{ name, title, metrics: METRICS, isShort: true },
    async prepare(server, { warmUpRequests: limit }) {
      const state = await setUp(server);
      const options = { connections: CONNECTIONS, seconds: WARM_UP_SECONDS, limit };
      await closedLoop(server, { ...options, nextRequest: state.next });
      return state;
    },
    async run(server, { next, note }, { unarySeconds }) {
      const load = await closedLoop(server, {
        ...{ connections: CONNECTIONS, seconds: unarySeconds, nextRequest: next },
      });
      return {
        ...load,
        note: [load.non200 > 0 ? `${load.non200} not 200` : '', note].filter(Boolean).join('; '),
      };
    },
  };
}

export const getTask = unary({
  name: 'get-task',
  title: 'GetTask of a finished small task',
  async setUp(server) {
    const { result } = await once(server, rpc.sendMessage('echo'));
    const next = () => rpc.getTask(result.task.id);
    const check = await once(server, next());
    if (check.result?.status?.state !== 'TASK_STATE_COMPLETED')
      throw new Error(`GetTask gave ${JSON.stringify(check)}`);
    return { next };
  },
});

export const sendMessage = unary({
  name: 'send-message',
  title: 'SendMessage echo, blocking',
  async setUp(server) {
    const next = () => rpc.sendMessage('echo');
    const check = await once(server, next());
    if (check.result?.task?.status?.state !== 'TASK_STATE_COMPLETED')
      throw new Error(`SendMessage gave ${JSON.stringify(check)}`);
    return { next };
  },
});

export const streamEcho = unary({
  name: 'stream-echo',
  title: 'SendStreamingMessage echo',
  setUp: async () => ({ next: () => rpc.sendStreamingMessage('echo') }),
});

/**
 * @param {string} name
 * @param {string} title
 * @param {() => Buffer} next
 */
function refusal(name, title, next) {
  return unary({
    ...{ name, title },
    async setUp(server) {
      const { error, result } = await once(server, next());
      const data = error?.data === undefined ? '' : ` data ${JSON.stringify(error.data)}`;
      const note = error
        ? `${error.code} "${error.message}"${data}`
        : `NO ERROR: ran the agent, task ${result?.task?.status?.state}`;
      return { next, note };
    },
  });
}

export const refuseNoParts = refusal(
  'refuse-no-parts',
  'refusal of a message without parts',
  rpc.messageWithoutParts,
);
export const refuseNoId = refusal(
  'refuse-no-id',
  'refusal of a message without messageId',
  rpc.messageWithoutId,
);
