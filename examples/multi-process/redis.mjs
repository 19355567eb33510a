// A redis-server for the time the example runs, for those who have none running. What it keeps goes with it.
import { spawn } from 'node:child_process';

const port = process.env['PORT'] ?? '6379';
const inMemory = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];
const server = spawn('redis-server', ['--port', port, '--bind', '127.0.0.1', ...inMemory], {
  // Ctrl-C is not for it: the others need it to give back their work
  detached: true,
  stdio: 'ignore',
});
server.once('spawn', () => console.log(`redis-server (${server.pid}): at redis://127.0.0.1:${port}`));
server.once('error', () => {
  console.error('There is no Redis: set REDIS_URL, or install redis-server');
  process.exit(1);
});
server.once('exit', (code) => process.exit(code ?? 1));

process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => server.kill());
process.on('disconnect', () => server.kill());
