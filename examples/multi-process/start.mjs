// Starts everything: a proxy, two front-ends, two workers, a push sender, and a Redis where none runs.
// A process that dies is started again; Ctrl-C ends them all. In production a service manager or Kubernetes does this.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { findRedis, freePorts } from './find-redis.mjs';

const RESTART_MS = 1000;
const PATIENCE_MS = 15_000;

/** @type {Map<string, import('node:child_process').ChildProcess>} */
const children = new Map();
let isStopping = false;

/**
 * Keeps a process running.
 * @param {string} name
 * @param {string} file
 * @param {Record<string, string>} [env]
 */
function keep(name, file, env = {}) {
  if (isStopping) return;
  const child = fork(join(import.meta.dirname, file), { env: { ...process.env, NAME: name, ...env } });
  children.set(name, child);
  child.once('exit', (code, signal) => {
    children.delete(name);
    // one that has nothing to do ends with 0
    if (isStopping || code === 0) return;
    console.log(`${name} (${child.pid}): ended by ${signal ?? `code ${code}`}, is started again`);
    setTimeout(keep, RESTART_MS, name, file, env);
  });
}

/** Tells a process to end, and waits until it has. @param {string} name */
async function end(name) {
  const child = children.get(name);
  if (child === undefined) return;
  const force = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  child.kill('SIGTERM');
  await once(child, 'exit');
  clearTimeout(force);
}

async function stop() {
  if (isStopping) return;
  isStopping = true;
  const names = [...children.keys()].filter((name) => name !== 'redis');
  await Promise.all(names.map(end));
  // the last one, since the others give back their work
  await end('redis');
  process.exit();
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop);

const REDIS_URL = await findRedis((port) => keep('redis', 'redis.mjs', { PORT: port }));
const [anyPort, ...ports] = await freePorts(3);
const origin = `http://127.0.0.1:${process.env['PORT'] === '0' ? anyPort : (process.env['PORT'] ?? 3000)}`;
const fronts = ports.map((port) => `http://127.0.0.1:${port}`);
const shared = { REDIS_URL, PUBLIC_URL: `${origin}/a2a` };

keep('proxy', 'proxy.mjs', { PORT: new URL(origin).port, TARGETS: fronts.join() });
for (const [index, port] of ports.entries()) {
  keep(`front-end-${index + 1}`, 'front-end.mjs', { ...shared, PORT: String(port) });
}
keep('worker-1', 'worker.mjs', shared);
keep('worker-2', 'worker.mjs', shared);
keep('push-sender', 'push-sender.mjs', shared);

while (!isStopping && !(await isReady(origin))) await new Promise((resolve) => setTimeout(resolve, 100));
if (!isStopping) console.log(lines());

/** Whether a front-end answers through the proxy. @param {string} url */
async function isReady(url) {
  const answer = await fetch(`${url}/ready`).catch(() => undefined);
  return answer?.ok ?? false;
}

function lines() {
  /** @param {string} method @param {object} params */
  const curl = (method, params) =>
    `curl -sNi ${origin}/a2a -H 'Content-Type: application/json' -H 'A2A-Version: 1.0' -d '${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}'`;
  const message = { messageId: 'm1', role: 'ROLE_USER', parts: [{ text: 'slow' }] };
  return `
Serving an agent at ${origin}/a2a, by front-ends at ${fronts.join(' and ')}, on ${REDIS_URL}. Try:

# stream a slow task; X-Served-By tells which front-end does
${curl('SendStreamingMessage', { message })}

# all tasks
${curl('ListTasks', {})}

Then kill any of the processes: kill -9 and the number beside its name.
`;
}
