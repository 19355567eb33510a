// The worker of the Redis benchmark. It takes down when a task's signal came (by the task's id), and when an append with
// stamped chunks returned (by their stamps), and tells when it is asked.
import { startWorker } from 'express-a2a';
import { redisBackend } from 'express-a2a/redis';
import { ARTIFACT_ID } from '../lib/agent-script.mjs';
import { nowUs } from '../lib/now-us.mjs';
import { scriptedAgent } from '../lib/scripted-agent.mjs';
import { connect } from '../redis/redis-server.mjs';
import { newStamp, stampsIn } from '../redis/stamp.mjs';

/** Streams of the load, and tasks beside it. */
const CONCURRENCY = 100;
/** Time for readers to subscribe before the first chunk. */
const SETTLE_MS = 1000;

/** @type {[string, number][]} */
const times = [];
process.on('message', (request) => {
  if (request === 'times') process.send?.({ times: times.splice(0) });
});

const client = await connect(process.env['REDIS_URL'] ?? '');
const backend = redisBackend({ client, retention: { logMs: Number(process.env['LOG_MS'] ?? Infinity) } });

await startWorker({
  ...{ ...backend, storage: timed(backend.storage), concurrency: CONCURRENCY },
  agent(turn) {
    const [kind, count, everyMs, bytes] = turn.text.split(':');
    if (kind === 'paced') return paced(turn, Number(count), Number(everyMs), Number(bytes));
    if (kind === 'hold') turn.signal.addEventListener('abort', () => times.push([turn.taskId, nowUs()]));
    return scriptedAgent(turn);
  },
});
process.stdout.write('READY\n');

/**
 * Chunks at their times, whether or not the ones before are stored, as a model gives them.
 *
 * @param {import('express-a2a').Turn} turn
 * @param {number} count
 * @param {number} everyMs
 * @param {number} bytes
 */
async function paced(turn, count, everyMs, bytes) {
  await turn.working();
  const stream = turn.stream({ artifactId: ARTIFACT_ID });
  const start = performance.now() + SETTLE_MS + Math.random() * everyMs;
  for (let i = 0; i < count; i++) {
    const pauseMs = start + i * everyMs - performance.now();
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    void stream.append(newStamp().padEnd(bytes, '.'));
  }
  await stream.end();
}

/**
 * @param {import('express-a2a').Storage} storage
 * @returns {import('express-a2a').Storage}
 */
function timed(storage) {
  return {
    ...storage,
    async append(lease, producerSeq, entries) {
      const result = await storage.append(lease, producerSeq, entries);
      const now = nowUs();
      for (const entry of entries) {
        if (entry.kind !== 'artifact') continue;
        for (const { stamp } of stampsIn(entry.artifact.parts[0]?.text ?? '')) times.push([stamp, now]);
      }
      return result;
    },
  };
}
