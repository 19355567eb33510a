// The work that is counted: an agent on a socket of this process, through Express, as users have it.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { getHeapSpaceStatistics } from 'node:v8';
import { a2aRouter, memoryBackend } from 'express-a2a';
import express from 'express';
import { HttpConnection } from '../lib/http-connection.mjs';
import { followStream, openConnections, openIdleStream, taskIdOf } from '../lib/load.mjs';
import { getTask, sendMessage, sendStreamingMessage, subscribeToTask } from '../lib/rpc.mjs';
import { scriptedAgent } from '../lib/scripted-agent.mjs';
import { countCalls, counted, watchSockets } from './counters.mjs';

/** @typedef {(storage: import('express-a2a').Storage) => import('express-a2a').Storage} Wrap */

const WARM_UP = 300;
const CALLS = 200;
const READERS = 20;
const CHUNKS = 200;
const BYTES = 64;
/** Streams on which nothing happens, each with an agent at work. */
const IDLE = { warmUp: 50, count: 200 };

/** Sends between young collections, of which each makes what it finds twice old. */
const OLD = { atOnce: 8, rounds: 50 };

/** Chunks of a task that is short, and of one that is long: it must cost as much per chunk. */
const GROWTH = { short: 1000, long: 16_000 };

/** @param {Wrap} wrap */
async function serve(wrap) {
  const { storage, broker, eventBus } = memoryBackend();
  const a2a = a2aRouter({
    ...{ storage: countCalls(wrap(storage)), broker, eventBus, agent: scriptedAgent },
    card: { name: 'Guard', description: 'Is counted', version: '1.0.0' },
    worker: { concurrency: IDLE.warmUp + IDLE.count },
  });
  const server = createServer(express().use('/a2a', a2a));
  watchSockets(server);
  return listen(server);
}

/** @param {import('node:http').Server} server */
async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

/**
 * All counts by name, per call, per event or per chunk. `wrap` may make the storage worse, to see that it is noticed.
 *
 * @param {{ wrap?: Wrap, growth?: typeof GROWTH }} [options]
 * @returns {Promise<import('./judge.mjs').Counts>}
 */
export async function measureAll({ wrap = (storage) => storage, growth = GROWTH } = {}) {
  const port = await serve(wrap);
  const connection = await HttpConnection.open(port);
  const sent = JSON.parse((await connection.request(sendMessage('echo'))).body);
  const calls = {
    GetTask: () => getTask(sent.result.task.id),
    SendMessage: () => sendMessage('echo'),
    SendStreamingMessage: () => sendStreamingMessage('echo'),
  };
  /** @type {import('./judge.mjs').Counts} */
  const counts = {};
  for (const [name, request] of Object.entries(calls))
    Object.assign(counts, await perCall(connection, name, request));
  Object.assign(counts, await perDelivery(port), await perChunk(connection, growth));
  Object.assign(counts, await perSendThatGetsOld());
  // at last, as its agents stay
  Object.assign(counts, await perIdleStream(port));
  return counts;
}

/**
 * @param {HttpConnection} connection
 * @param {string} name
 * @param {() => Buffer} request
 */
async function perCall(connection, name, request) {
  const repeat = async (/** @type {number} */ times) => {
    for (let i = 0; i < times; i++) await connection.request(request());
  };
  await repeat(WARM_UP);
  const start = heapNow();
  await repeat(CALLS);
  const allocated = process.memoryUsage().heapUsed - start;
  const { promises, timers, json, socketWrites, storage } = await counted(() => repeat(CALLS));
  return {
    [`${name}: promises`]: promises / CALLS,
    [`${name}: timers`]: timers / CALLS,
    [`${name}: JSON.stringify`]: json / CALLS,
    [`${name}: socket writes`]: socketWrites / CALLS,
    [`${name}: storage calls`]: storage / CALLS,
    [`${name}: KB allocated`]: allocated / CALLS / 1024,
  };
}

/**
 * One task to many readers.
 *
 * @param {number} port
 */
async function perDelivery(port) {
  const deliver = async () => {
    const [owner, gateKeeper, ...followers] = await openConnections(port, READERS + 2);
    if (owner === undefined || gateKeeper === undefined) throw new Error('no connection');
    const own = followStream(owner, sendStreamingMessage(`chunks:${CHUNKS}:${BYTES}:0:gate`));
    const taskId = await taskIdOf(own);
    const streams = followers.map((follower) => followStream(follower, subscribeToTask(taskId)));
    await Promise.all(streams.map(({ started }) => started));
    const tally = await counted(async () => {
      await gateKeeper.request(sendMessage('go'));
      await Promise.all([own, ...streams].map(({ done }) => done));
    });
    for (const open of [owner, gateKeeper, ...followers]) open.close();
    return tally;
  };
  await deliver();
  const { json, writes } = await deliver();
  const deliveries = CHUNKS * (READERS + 1);
  return {
    'fan-out: JSON.stringify per event': json / CHUNKS,
    'fan-out: res.write per delivery': writes / deliveries,
  };
}

/**
 * One task that grows: what a chunk costs, whether it costs more the more there are, and what is kept of it.
 *
 * @param {HttpConnection} connection
 * @param {typeof GROWTH} growth
 */
async function perChunk(connection, { short, long }) {
  const grow = (/** @type {number} */ chunks) =>
    connection.request(sendStreamingMessage(`chunks:${chunks}:${BYTES}`));
  await grow(short);
  const start = heapNow();
  await grow(short);
  const allocated = process.memoryUsage().heapUsed - start;
  const before = heapNow();
  await grow(short);
  const kept = heapNow() - before;
  const few = await counted(() => grow(short));
  const many = await counted(() => grow(long));
  const exponent = (/** @type {number} */ a, /** @type {number} */ b) =>
    Math.log(b / a) / Math.log(long / short);
  return {
    // how many chunks come in one write depends on the machine, and each write takes promises as well
    'chunk: promises, per chunk and write': few.promises / (short + few.writes),
    'chunk: JSON.stringify': few.json / short,
    'chunk: res.write': few.writes / short,
    'chunk: storage calls': few.storage / short,
    'chunk: KB allocated': allocated / short / 1024,
    'chunk: bytes kept': kept / short,
    'growth 1,000 to 16,000: storage calls, exponent': exponent(few.storage, many.storage),
    'growth 1,000 to 16,000: JSON.stringify, exponent': exponent(few.json, many.json),
  };
}

/**
 * What outlives two young collections, in front of Express, whose own requests do: the finished task should, and nothing else.
 * A container that is old may keep alive what has come and gone in it.
 */
async function perSendThatGetsOld() {
  /** @type {import('express-a2a').A2ARouter<import('node:http').IncomingMessage>} */
  const a2a = a2aRouter({
    agent: scriptedAgent,
    card: { name: 'Guard', description: 'Is counted', version: '1.0.0' },
  });
  const connections = await openConnections(
    await listen(createServer(a2a.before(express(), '/a2a'))),
    OLD.atOnce,
  );
  const repeat = async (/** @type {number} */ rounds) => {
    for (let i = 0; i < rounds; i++) {
      await Promise.all(connections.map((connection) => connection.request(sendMessage('echo'))));
      globalThis.gc?.({ type: 'minor' });
    }
  };
  await repeat(OLD.rounds);
  heapNow();
  const before = oldNow();
  await repeat(OLD.rounds);
  return { 'SendMessage: KB that get old': (oldNow() - before) / OLD.rounds / OLD.atOnce / 1024 };
}

/** Bytes in use that two young collections have left. */
function oldNow() {
  globalThis.gc?.({ type: 'minor' });
  globalThis.gc?.({ type: 'minor' });
  const old = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space');
  return old?.space_used_size ?? NaN;
}

/**
 * What is kept for a stream that waits, with its client, which is in this process too.
 *
 * @param {number} port
 */
async function perIdleStream(port) {
  const hold = async (/** @type {number} */ count) => {
    for (const connection of await openConnections(port, count)) await openIdleStream(connection);
  };
  await hold(IDLE.warmUp);
  const before = heapNow();
  await hold(IDLE.count);
  return { 'idle stream and its client: KB kept': (heapNow() - before) / IDLE.count / 1024 };
}

/** Bytes in use, after all that can go has gone. */
function heapNow() {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
