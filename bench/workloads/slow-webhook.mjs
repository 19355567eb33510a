// Streams with a webhook that takes 10 s for each notification, beside the same streams without one: does a stream wait?
import { once } from 'node:events';
import { createServer } from 'node:http';
import { closedLoop } from '../lib/load.mjs';
import { sendStreamingMessage } from '../lib/rpc.mjs';
import { ServerProcess } from '../lib/server-process.mjs';
import { median } from '../lib/stats.mjs';

const ANSWER_MS = 10_000;
const CONNECTIONS = 8;
const SCRIPT = 'chunks:10:64:5';
// each kind as often early as late; after the first webhooks the slots of the sender are taken
/** @type {readonly ('without' | 'with')[]} */
const TURNS = ['without', 'with', 'with', 'without', 'without', 'with'];

async function slowReceiver() {
  let posts = 0;
  const server = createServer((req, res) => {
    posts += 1;
    req.resume();
    setTimeout(() => res.writeHead(204).end(), ANSWER_MS).unref();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    posts: () => posts,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** @type {import('../lib/workload.mjs').Workload} */
export const slowWebhook = {
  name: 'slow-webhook',
  title: 'streams of 10 paced chunks with a webhook that takes 10 s, beside those without',
  rounds: 3,
  servers: ['express-a2a'],
  metrics: [
    { key: 'without', label: 'p99 ms without webhook', better: 'lower', absolute: true },
    { key: 'with', label: 'p99 ms with webhook', better: 'lower', absolute: true },
    { key: 'ratio', label: 'with / without', better: 'lower', absolute: true },
  ],
  async runAlone(name, { streamSeconds }) {
    const server = await ServerProcess.start(`${name}-push`);
    const hook = await slowReceiver();
    /** @type {Record<'without' | 'with', number[]>} */
    const times = { without: [], with: [] };
    try {
      await closedLoop(server, {
        connections: CONNECTIONS,
        seconds: 6 * streamSeconds,
        nextRequest: () => request(),
      });
      for (const turn of TURNS) {
        const nextRequest = () => request(turn === 'with' ? hook.url : undefined);
        const seconds = 3 * streamSeconds;
        const { p99, non200 } = await closedLoop(server, { connections: CONNECTIONS, seconds, nextRequest });
        if (non200 > 0) throw new Error(`${non200} streams ${turn} a webhook were refused`);
        times[turn].push(p99);
      }
      if (hook.posts() === 0) throw new Error('nothing was posted');
    } finally {
      hook.close();
      await server.stop();
    }
    const [without, withHook] = [median(times.without), median(times.with)];
    return {
      ...{ without, with: withHook, ratio: withHook / without },
      note: `${hook.posts()} notifications were under way or answered meanwhile`,
    };
  },
};

/** @param {string} [url] of a webhook */
function request(url) {
  return sendStreamingMessage(
    SCRIPT,
    url === undefined ? undefined : { taskPushNotificationConfig: { url } },
  );
}
