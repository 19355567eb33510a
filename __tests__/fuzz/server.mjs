// The server of the fuzz, in a process of its own: prints its port, tells how it is when asked.
import express from 'express';
import { a2aRouter, memoryBackend } from 'express-a2a';

const app = express();
const a2a = a2aRouter({
  card: { name: 'Fuzz', description: 'Takes anything', version: '1.0.0' },
  ...memoryBackend({
    retention: { finishedTasks: 200, logMs: 0 },
    limits: { taskBytes: 2_000_000, idempotencyKeys: 100 },
  }),
  limits: { bodyBytes: 1_000_000 },
  tenants: ['', 'acme'],
  // somebody, as an extended card is for callers that are known
  owner: () => 'fuzz',
  extendedCard: { description: 'Takes anything, and more' },
  // webhooks are kept, and nobody is asked for their addresses
  push: {
    send: false,
    lookup: (_host, _options, callback) => callback(null, [{ address: '8.8.8.8', family: 4 }]),
  },
  cancelGraceMs: 50,
  onError: (error) => process.send?.({ fault: error instanceof Error ? error.stack : String(error) }),
  async *agent(turn) {
    const length = turn.task.history?.length ?? 0;
    if (turn.text.includes('ask') && length < 20) await turn.requireInput('More?');
    else if (turn.text === 'long') yield 'x'.repeat(20_000);
    else for (const piece of ['a', 'b']) yield piece;
  },
});
app.use('/a2a', a2a);
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined });
});
// no answer is to be lost because the machine is slow
server.keepAliveTimeout = 600_000;
process.on('message', () => {
  globalThis.gc?.();
  const { calls, runs } = a2a.status();
  process.send?.({
    calls,
    running: runs.running,
    heapMb: Math.round(process.memoryUsage().heapUsed / 2 ** 20),
  });
});
process.on('disconnect', () => process.exit());
