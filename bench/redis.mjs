// npm run bench:redis
//
// What the Redis backend costs, and how fast it tells: prints tables and writes bench/results-redis.md. Starts a
// redis-server of its own, on core 0; the load generator (this process) has core 1, front-ends and worker have both.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machine } from './lib/machine.mjs';
import { asMarkdown, asText, format } from './lib/report.mjs';
import { pinGenerator } from './lib/server-process.mjs';
import { measureCancels, measureDelivery, percentilesOf } from './redis/latency.mjs';
import { measureMemory } from './redis/memory.mjs';
import { startRedis } from './redis/redis-server.mjs';
import { measureThroughput } from './redis/throughput.mjs';

if (process.platform !== 'linux') throw new Error('The benchmark reads /proc: it needs Linux');
// what `exit` ends, Ctrl-C ends
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
pinGenerator();

const startedAt = new Date();
const version = await redisVersion();
const cancels = await timed('cancel', measureCancels);
const delivery = await timed('delivery', measureDelivery);
const throughput = await timed('throughput', measureThroughput);
const memory = await timed('memory', measureMemory);

const parts = [
  {
    title: 'Latencies',
    text: `One worker, two front-ends, Redis and the client, each a process of its own, on two cores. ${delivery.note}`,
    table: latencyTable([...cancels, ...delivery.latencies]),
  },
  {
    title: 'Events per second',
    text: `Through one Redis on one core, written by one process on the other: 64 tasks at once, chunks of 64 B, no
persistence, nobody listens. "Raw" is XADD and PUBLISH of the same texts on the same client, as many at once. Medians of 5
rounds; a ratio is the median of the ratios of each round, and above 1 it is worse.`,
    table: throughputTable(throughput),
  },
  {
    title: 'Memory of a finished task',
    text: 'By `used_memory`, lists and all: right after the end, and when the log has gone (`retention.logMs`).',
    table: memoryTable(memory),
  },
];
const where = `${machine(startedAt, ['express', 'redis'])} (client), redis-server ${version}.`;
for (const { title, text, table } of parts) console.log(`\n${title}\n${text}\n\n${asText(table)}`);
console.log(`\n${where}`);
const sections = parts.map(({ title, text, table }) => `## ${title}\n\n${text}\n\n${asMarkdown(table)}`);
const head =
  '# Results with Redis\n\nWritten by `npm run bench:redis`; [README.md](README.md) tells how it is measured.';
writeFileSync(join(import.meta.dirname, 'results-redis.md'), `${[head, where, ...sections].join('\n\n')}\n`);
console.log('written to bench/results-redis.md');

/**
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} measure
 */
async function timed(name, measure) {
  const started = performance.now();
  const result = await measure();
  process.stderr.write(`${name} ${Math.round((performance.now() - started) / 1000)} s\n`);
  return result;
}

async function redisVersion() {
  const redis = await startRedis();
  try {
    return await redis.version();
  } finally {
    await redis.stop();
  }
}

/** @param {readonly import('./redis/latency.mjs').Latencies[]} all */
function latencyTable(all) {
  const rows = all.map(({ label, ms, goal }) => {
    const { p50, p99, max } = percentilesOf(ms);
    const reached = { p50, p99, max };
    const limits = Object.entries(goal);
    const isMet = limits.every(([key, limit]) => reached[/** @type {keyof typeof reached} */ (key)] <= limit);
    const verdict = limits.length === 0 ? '' : isMet ? 'met' : 'missed';
    const goals = limits.map(([key, limit]) => `${key} ${limit}`).join(', ');
    return [label, String(ms.length), format(p50), format(p99), format(max), goals, verdict];
  });
  return { head: ['from, to', 'count', 'p50 ms', 'p99 ms', 'max ms', 'goal ms', ''], rows };
}

/** @param {readonly import('./redis/throughput.mjs').Throughput[]} all */
function throughputTable(all) {
  const rows = all.flatMap(({ batch, own, raw, ratio }) => {
    const of = batch === 1 ? 'single appends' : `appends of ${batch}`;
    const row = (/** @type {string} */ label, /** @type {typeof own} */ it) => [
      ...[label, format(it.perSecond), format(it.redisUs), format(it.writerUs)],
    ];
    return [row(of, own), row(`${of}, raw`, raw), row(`${of}, ratio`, ratio)];
  });
  return { head: ['', 'events/s', 'Redis CPU µs per event', 'writer CPU µs per event'], rows };
}

/** @param {readonly import('./redis/memory.mjs').Memory[]} all */
function memoryTable(all) {
  const kb = (/** @type {number} */ bytes) => format(bytes / 1024);
  const rows = all.map(({ label, tasks, withLog, withoutLog, jsonBytes }) => [
    ...[label, String(tasks), kb(withLog), kb(withoutLog), kb(jsonBytes)],
  ]);
  return { head: ['task', 'tasks', 'KB after the end', 'KB without its log', 'KB of its JSON'], rows };
}
