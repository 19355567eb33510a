// A server that shuts down at SIGTERM, as the README shows it. Says where it listens, and what has been closed.
import { memoryBackend, a2aRouter } from 'express-a2a';

/** @type {{ default: typeof import('express') }} */
const { default: express } = await import(process.env['EXPRESS'] === '4' ? 'express4' : 'express');

const backend = memoryBackend();
const { storage } = backend;
/** @type {Record<string, () => Promise<void>>} */
const starts = {
  slow: () => new Promise((resolve) => void process.once('SIGTERM', () => setTimeout(resolve, 100))),
  hanging: () => new Promise(() => (connecting = setInterval(() => undefined, 1000))),
};
/** @type {NodeJS.Timeout | undefined} */
let connecting;

const a2a = a2aRouter({
  card: { name: 'N', description: 'D', version: '1' },
  ...backend,
  storage: {
    ...storage,
    init: starts[process.argv[2] ?? ''] ?? (() => storage.init()),
    close: () => {
      clearInterval(connecting);
      return storage.close();
    },
  },
  worker: { concurrency: 500 },
  cancelGraceMs: 100,
  async *agent(turn) {
    yield 'begun';
    if (turn.text === 'deaf') await new Promise(() => undefined);
    await new Promise((resolve) => {
      turn.signal.addEventListener('abort', resolve);
    });
    console.log('agent told');
  },
});

const server = express()
  .use('/a2a', a2a)
  .listen(0, '127.0.0.1', () => {
    const address = server.address();
    console.log(`listening on ${String(typeof address === 'object' && address?.port)}`);
  });
// so long that nobody could wait for it
server.keepAliveTimeout = 600_000;

process.on('SIGTERM', () => {
  server.close(() => {
    console.log('server closed');
  });
  void a2a.close({ drainMs: 100 }).then(() => {
    console.log(`agent closed ${JSON.stringify(a2a.status())}`);
  });
});
