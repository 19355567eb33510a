// An agent emits many chunks without giving way. How long does an unrelated GetTask wait?
import { HttpConnection } from '../lib/http-connection.mjs';
import { followStream } from '../lib/load.mjs';
import { getTask, sendMessage, sendStreamingMessage } from '../lib/rpc.mjs';

const CHUNKS = 1000;
const BYTES = 256;

/** @type {import('../lib/workload.mjs').Workload} */
export const burst = {
  name: 'burst',
  title: `GetTask while another task bursts ${CHUNKS} chunks`,
  rounds: 3,
  metrics: [
    { key: 'worstMs', label: 'worst GetTask ms', better: 'lower' },
    { key: 'doneMs', label: 'burst complete ms', better: 'lower' },
  ],
  async prepare(server) {
    const connection = await HttpConnection.open(server.port);
    const { result } = JSON.parse((await connection.request(sendMessage('echo'))).body);
    const { id } = result.task;
    for (let i = 0; i < 300; i++) await connection.request(getTask(id));
    for (let i = 0; i < 20; i++) await connection.request(sendStreamingMessage(`burst:50:${BYTES}`));
    connection.close();
    return { id };
  },
  async run(server, { id }) {
    const caller = await HttpConnection.open(server.port);
    const connection = await HttpConnection.open(server.port);
    const started = performance.now();
    const stream = followStream(connection, sendStreamingMessage(`burst:${CHUNKS}:${BYTES}`));
    let worstMs = 0;
    while (!stream.finished) {
      const sentAt = performance.now();
      await caller.request(getTask(id));
      worstMs = Math.max(worstMs, performance.now() - sentAt);
    }
    const doneMs = performance.now() - started;
    caller.close();
    connection.close();
    if (stream.counter.events < CHUNKS)
      throw new Error(`${server.name}: the burst delivered ${stream.counter.events} events`);
    return { worstMs, doneMs };
  },
};
