// Events per second through one Redis: what the storage and the event bus do for an agent's chunks, beside the least that
// would do: XADD and PUBLISH of the same texts, as many at once, on the same client.
//
// Redis has core 0, the writer, which is this process, core 1. Nobody listens.
import { redisBackend } from 'express-a2a/redis';
import { ARTIFACT_ID, chunkText } from '../lib/agent-script.mjs';
import { median } from '../lib/stats.mjs';
import { connect, startRedis } from './redis-server.mjs';

const TASKS = 64;
const BYTES = 64;
const BATCHES = [1, 8];
const ROUNDS = 5;
const SECONDS = 1;
const SCOPE = { agent: 'bench', tenant: '', owner: null };

/** @typedef {{ perSecond: number, redisUs: number, writerUs: number }} Sample */
/** @typedef {(task: number, n: number) => Promise<unknown>} Write writes one batch to a task */
/** @typedef {{ batch: number, own: Sample, raw: Sample, ratio: Sample }} Throughput medians; a ratio above 1 is worse */
/** @typedef {Awaited<ReturnType<typeof connect>>} Client */

/** @returns {Promise<Throughput[]>} */
export async function measureThroughput() {
  const redis = await startRedis();
  try {
    const client = await connect(redis.url);
    const results = [];
    for (const batch of BATCHES) results.push(await compare(redis, client, batch));
    client.destroy();
    return results;
  } finally {
    await redis.stop();
  }
}

/**
 * @param {import('./redis-server.mjs').Redis} redis
 * @param {Client} client
 * @param {number} batch
 * @returns {Promise<Throughput>}
 */
async function compare(redis, client, batch) {
  const entries = Array.from({ length: batch }, (_, i) => chunk(i));
  /** @type {Record<'own' | 'raw', Sample[]>} */
  const samples = { own: [], raw: [] };
  for (let round = -1; round < ROUNDS; round++) {
    await client.flushAll();
    const own = await sample(redis, batch, await ownWrites(client, entries));
    const texts = await textsOf(client, batch);
    await client.flushAll();
    const raw = await sample(redis, batch, rawWrites(client, texts));
    // the first one warms up
    if (round < 0) continue;
    samples.own.push(own);
    samples.raw.push(raw);
  }
  const ratios = samples.own.map((own, i) => ratio(own, samples.raw[i] ?? own));
  return { batch, own: medians(samples.own), raw: medians(samples.raw), ratio: medians(ratios) };
}

/**
 * @param {number} i
 * @returns {import('express-a2a').EntryBody}
 */
function chunk(i) {
  const artifact = { artifactId: ARTIFACT_ID, parts: [{ text: chunkText(i, BYTES) }] };
  return { kind: 'artifact', artifact, append: true, lastChunk: false };
}

/**
 * As a worker writes: append, then a hint that is not waited for.
 *
 * @param {Client} client
 * @param {readonly import('express-a2a').EntryBody[]} entries
 * @returns {Promise<Write>}
 */
async function ownWrites(client, entries) {
  const { storage, eventBus } = redisBackend({ client });
  await storage.init();
  const leases = await Promise.all(Array.from({ length: TASKS }, (_, i) => lease(storage, `task-${i}`)));
  return async (task, n) => {
    const held = leases[task];
    if (held === undefined) throw new Error('no lease');
    const result = await storage.append(held, n + 1, entries);
    if (!result.ok) throw new Error(`An append was refused: ${result.reason}`);
    const { seq: head, closed, entries: written } = result;
    void eventBus.publish({ taskId: held.taskId, head, closed, entries: written });
  };
}

/**
 * @param {import('express-a2a').Storage} storage
 * @param {string} id
 */
async function lease(storage, id) {
  const status = { state: /** @type {const} */ ('TASK_STATE_SUBMITTED'), timestamp: '' };
  const task = { id, contextId: `context-${id}`, status, history: [], artifacts: [] };
  await storage.createTask({ scope: SCOPE, answers: 'task', request: {}, task });
  const [claimed] = await storage.claim({
    ...{ worker: 'bench', agent: SCOPE.agent, limit: 1, leaseMs: 600_000, taskId: id },
  });
  if (claimed === undefined) throw new Error(`${id} could not be claimed`);
  return claimed.lease;
}

/**
 * What was stored last, and the hint that told of it.
 *
 * @param {Client} client
 * @param {number} batch
 */
async function textsOf(client, batch) {
  const stored = (await client.xRevRange('{a2a}:l:task-0', '+', '-', { COUNT: batch })) ?? [];
  const bodies = stored.map(({ message }) => message['b'] ?? '');
  const [newest] = stored;
  if (newest === undefined || bodies.length < batch) throw new Error('nothing was stored');
  const head = Number.parseInt(newest.id);
  const entries = bodies.map((body) => ({
    ...JSON.parse(body),
    ...{ seq: head, ts: Number(newest.message['t']), epoch: 1 },
  }));
  return {
    bodies,
    ts: newest.message['t'] ?? '',
    hint: JSON.stringify({ v: 1, head, closed: false, entries }),
  };
}

/**
 * @param {Client} client
 * @param {Awaited<ReturnType<typeof textsOf>>} texts
 * @returns {Write}
 */
function rawWrites(client, { bodies, ts, hint }) {
  return async (task, n) => {
    const key = `{a2a}:l:task-${task}`;
    const first = n * bodies.length + 1;
    await Promise.all(
      bodies.map((body, i) => {
        const fields = ['t', ts, 'e', '1', 'b', body];
        return client.sendCommand(['XADD', key, `${first + i}-0`, ...fields]);
      }),
    );
    void client.sendCommand(['PUBLISH', `{a2a}:hint:task-${task}`, hint]);
  };
}

/**
 * All tasks at once, each as fast as its writes return.
 *
 * @param {import('./redis-server.mjs').Redis} redis
 * @param {number} batch
 * @param {Write} write
 * @returns {Promise<Sample>}
 */
async function sample(redis, batch, write) {
  const redisBefore = await redis.cpuSeconds();
  const before = process.cpuUsage();
  const started = performance.now();
  const deadline = started + SECONDS * 1000;
  const counts = await Promise.all(
    Array.from({ length: TASKS }, async (_, task) => {
      let n = 0;
      while (performance.now() < deadline) await write(task, n++);
      return n * batch;
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  const redisUs = ((await redis.cpuSeconds()) - redisBefore) * 1e6;
  const events = counts.reduce((sum, it) => sum + it, 0);
  return { perSecond: events / seconds, redisUs: redisUs / events, writerUs: (user + system) / events };
}

/**
 * @param {Sample} own
 * @param {Sample} raw
 * @returns {Sample}
 */
function ratio(own, raw) {
  return {
    perSecond: raw.perSecond / own.perSecond,
    redisUs: own.redisUs / raw.redisUs,
    writerUs: own.writerUs / raw.writerUs,
  };
}

/** @param {readonly Sample[]} samples @returns {Sample} */
function medians(samples) {
  return {
    perSecond: median(samples.map((it) => it.perSecond)),
    redisUs: median(samples.map((it) => it.redisUs)),
    writerUs: median(samples.map((it) => it.writerUs)),
  };
}
