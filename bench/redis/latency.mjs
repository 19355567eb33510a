// From a cancel to the agent's signal, and from a chunk to its reader, through processes of their own.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { followStream, openConnections, taskIdOf } from '../lib/load.mjs';
import { nowUs } from '../lib/now-us.mjs';
import { rpc, sendStreamingMessage } from '../lib/rpc.mjs';
import { percentile, sorted } from '../lib/stats.mjs';
import { timesOf, withFleet } from './fleet.mjs';
import { EVERY_MS, startStreams, STREAMS } from './paced-streams.mjs';

const CANCELS = 300;
const AT_ONCE = 4;
const WARM_UP = 20;
const SECONDS = 8;
const TICK_MS = 10;
/** The load outlives what is measured beside it; it ends with its processes. */
const ENDLESS = 100_000;

/** @typedef {{ p50: number, p99: number, max: number }} Limits in ms */
/** @typedef {{ label: string, ms: number[], goal: Partial<Limits> }} Latencies */

const RATE = `${STREAMS} streams x ${1000 / EVERY_MS} events/s`;

/** @returns {Promise<Latencies[]>} */
export async function measureCancels() {
  const quiet = await withFleet(cancels);
  const busy = await withFleet(async (fleet) => {
    const { done } = await startStreams(fleet, ENDLESS);
    done.catch(() => {});
    return cancels(fleet);
  });
  const label = 'cancel sent to another front-end, to signal of the agent';
  return [
    { label, ms: quiet, goal: { max: 200 } },
    { label: `the same beside ${RATE}`, ms: busy, goal: { max: 200 } },
  ];
}

/**
 * Tasks begun at one front-end and cancelled at the other, four at a time.
 *
 * @param {import('./fleet.mjs').Fleet} fleet
 */
async function cancels({ first, second, worker }) {
  const starters = await openConnections(first.port, AT_ONCE);
  const cancellers = await openConnections(second.port, AT_ONCE);
  /** @type {Map<string, number>} */
  const sent = new Map();
  /** @param {number} i @param {number} count */
  const loop = async (i, count) => {
    for (let n = i; n < count; n += AT_ONCE) {
      const [starter, canceller] = [starters[i], cancellers[i]];
      if (starter === undefined || canceller === undefined) throw new Error('no connection');
      await heldTask(starter, async (taskId) => {
        sent.set(taskId, nowUs());
        const { body } = await canceller.request(rpc('CancelTask', { id: taskId }));
        if (!body.includes('"result"')) throw new Error(`A cancel was refused: ${body}`);
      });
    }
  };
  const all = (/** @type {number} */ count) => Promise.all(starters.map((_, i) => loop(i, count)));
  await all(WARM_UP);
  sent.clear();
  await timesOf(worker);
  await all(CANCELS);
  const signalled = await timesOf(worker);
  return [...sent].map(([taskId, sentAt]) => {
    const at = signalled.get(taskId);
    if (at === undefined) throw new Error(`The signal of ${taskId} never came`);
    return (at - sentAt) / 1000;
  });
}

/**
 * Begins a task, calls back once its agent is working, and waits for its end.
 *
 * @param {import('../lib/http-connection.mjs').HttpConnection} connection
 * @param {(taskId: string) => Promise<void>} onWorking
 */
async function heldTask(connection, onWorking) {
  let markWorking = () => {};
  /** @type {Promise<void>} */
  const working = new Promise((resolve) => (markWorking = resolve));
  const stream = followStream(connection, sendStreamingMessage('hold'), () => {
    // the task as submitted, then WORKING
    if (stream.counter.events >= 2) markWorking();
  });
  const id = await taskIdOf(stream);
  await Promise.race([working, stream.done]);
  await onWorking(id);
  await stream.done;
}

/** @returns {Promise<{ latencies: Latencies[], note: string }>} */
export async function measureDelivery() {
  return withFleet(async (fleet) => {
    const { worker } = fleet;
    await (
      await startStreams(fleet, 20)
    ).done;
    await timesOf(worker);
    const count = (SECONDS * 1000) / EVERY_MS;
    const delay = monitorEventLoopDelay({ resolution: TICK_MS });
    delay.enable();
    const before = await cpuOf(fleet);
    const arrivals = await (await startStreams(fleet, count)).done;
    const after = await cpuOf(fleet);
    delay.disable();
    const lateMs = (/** @type {number} */ p) => (delay.percentile(p) / 1e6 - TICK_MS).toFixed(1);
    const stored = await timesOf(worker);
    const read = new Set(arrivals.map(({ stamp }) => stamp));
    const events = STREAMS * count;
    if (stored.size !== events || read.size !== events) {
      throw new Error(`${events} chunks were given, ${stored.size} stored, ${read.size} read`);
    }
    const ms = arrivals.map(({ at, readAt }) => (readAt - at) / 1000);
    const afterStored = arrivals.map(({ stamp, readAt }) => (readAt - (stored.get(stamp) ?? NaN)) / 1000);
    const [redisUs, workerUs, frontUs] = after.map((it, i) =>
      Math.round(((it - (before[i] ?? 0)) / events) * 1e6),
    );
    return {
      latencies: [
        { label: `chunk given by the agent, to its bytes read; ${RATE}`, ms, goal: { p50: 20, p99: 100 } },
        { label: 'its append returned to the worker, to its bytes read', ms: afterStored, goal: {} },
      ],
      note: `CPU of a chunk at ${RATE}: Redis ${redisUs} µs, the worker ${workerUs} µs, the front-end with the readers ${frontUs} µs.
Meanwhile timers of the client were ${lateMs(50)} ms late (p50; p99 ${lateMs(99)} ms): what one process waited for a core.`,
    };
  });
}

/**
 * CPU seconds of Redis, worker and the front-end with the readers.
 *
 * @param {import('./fleet.mjs').Fleet} fleet
 */
async function cpuOf({ redis, worker, second }) {
  return [await redis.cpuSeconds(), worker.cpuSeconds(), second.cpuSeconds()];
}

/**
 * @param {readonly number[]} ms
 * @returns {Limits}
 */
export function percentilesOf(ms) {
  const ordered = sorted(ms);
  return { p50: percentile(ordered, 50), p99: percentile(ordered, 99), max: percentile(ordered, 100) };
}
