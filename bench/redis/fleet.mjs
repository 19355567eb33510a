// Redis, two front-ends and a worker, each a process of its own, for the time of one measurement.
import { once } from 'node:events';
import { ServerProcess } from '../lib/server-process.mjs';
import { startRedis } from './redis-server.mjs';

/**
 * `first` and `second` are front-ends.
 *
 * @typedef {object} Fleet
 * @property {import('./redis-server.mjs').Redis} redis
 * @property {ServerProcess} first
 * @property {ServerProcess} second
 * @property {ServerProcess} worker
 */

/**
 * Starts all, does the work, and stops all, also when it fails.
 *
 * @template T
 * @param {(fleet: Fleet) => Promise<T>} work
 * @param {Record<string, string>} [env]
 * @returns {Promise<T>}
 */
export async function withFleet(work, env = {}) {
  const redis = await startRedis();
  /** @type {ServerProcess[]} */
  const started = [];
  /** @param {string} name */
  const start = async (name) => {
    const options = { env: { ...env, REDIS_URL: redis.url }, cores: '0,1' };
    const server = await ServerProcess.start(name, options);
    started.push(server);
    return server;
  };
  try {
    const worker = await start('redis-worker');
    const first = await start('redis-front-end');
    const second = await start('redis-front-end');
    return await work({ redis, first, second, worker });
  } finally {
    await Promise.all(started.map((server) => server.stop()));
    await redis.stop();
  }
}

/**
 * The times that the worker took down since it was asked last, in µs by their names.
 *
 * @param {ServerProcess} worker
 * @returns {Promise<Map<string, number>>}
 */
export async function timesOf({ child }) {
  const answer = once(child, 'message');
  child.send('times');
  const [{ times }] = await answer;
  return new Map(times);
}
