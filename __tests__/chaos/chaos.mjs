// Kills, stops and cuts what serves tasks while clients read them, then judges what they saw by the logs:
// `npm run chaos -- [--tasks 2000] [--readers 8000] [--seed 1]`. docs/testing.md.
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createClient } from 'redis';
import { redisBackend } from 'express-a2a/redis';
import { random as seeded } from '../fuzz/random.mjs';
import { makeFaults, WEIGHTS } from './faults.mjs';
import { startFleet } from './fleet.mjs';
import { judgeTask } from './judge.mjs';
import { printReport } from './report.mjs';
import { readTask, tasksByMessage } from './stored.mjs';
import { planTask, playTask } from './tasks.mjs';

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '2000' },
    readers: { type: 'string', default: '8000' },
    seed: { type: 'string', default: '1' },
    parallel: { type: 'string', default: '100' },
    'front-ends': { type: 'string', default: '3' },
    workers: { type: 'string', default: '4' },
    /** What has not ended so long after the last fault never will: ten times what it should take. */
    'limit-ms': { type: 'string', default: '40000' },
    faults: { type: 'string', default: Object.keys(WEIGHTS).join() },
    /** Shares of hints that processes lose, one drawn for each. */
    drops: { type: 'string', default: '0,0.3,1' },
    broken: { type: 'string', default: '' },
  },
});
const tasks = Number(values.tasks);
const readers = Number(values.readers);
const seed = Number(values.seed);
const parallel = Number(values.parallel);
const kinds = values.faults.split(',').filter((kind) => kind in WEIGHTS);
const LEASE_MS = 2000;
const MAX_ATTEMPTS = 5;
/** Time for a worker that slept until all was over to say what it likes. */
const WAKING_MS = 1000;

console.log(`chaos -- --tasks ${tasks} --readers ${readers} --seed ${seed}`);
const startedAt = Date.now();
const fleet = await startFleet({
  ...{ frontEnds: Number(values['front-ends']), workers: Number(values.workers), concurrency: parallel },
  ...{
    random: seeded(seed),
    drops: values.drops.split(',').map(Number),
    leaseMs: LEASE_MS,
    maxAttempts: MAX_ATTEMPTS,
    broken: values.broken.split(','),
  },
});
let isHurried = false;
let next = 0;
/** @type {import('./tasks.mjs').Played[]} */
const played = [];
const world = { fleet, random: seeded(seed + 1), cards: await readCards(), isHurried: () => isHurried };
const playing = Promise.all(Array.from({ length: parallel }, play));
const made = await makeFaults(fleet, {
  ...{ random: seeded(seed + 2), leaseMs: LEASE_MS, isOver: () => next >= tasks },
  kinds: /** @type {import('./faults.mjs').FaultKind[]} */ (kinds), // they are names of weights
  onLast: () => (isHurried = true),
});
await Promise.race([playing, setTimeout(Number(values['limit-ms']))]);
made.release();
await setTimeout(WAKING_MS);
const judged = await judgeAll();
await fleet.close();
printReport({ seed, startedAt, played, judged, made, started: fleet.started() });
process.exit(judged.faults.length > 0 ? 1 : 0);

/** The card of the agent, and the same without event ids. */
async function readCards() {
  const response = await fetch(`http://127.0.0.1:${fleet.ports()[0]}/a2a/.well-known/agent-card.json`);
  const client = /** @type {import('express-a2a').AgentCard} */ (await response.json());
  return { client, plain: { ...client, capabilities: { ...client.capabilities, extensions: [] } } };
}

/** One task after the other. */
async function play() {
  while (next < tasks) {
    const index = next++;
    const count = Math.floor((readers * (index + 1)) / tasks) - Math.floor((readers * index) / tasks);
    const task = playTask(planTask(seed, index, count), world);
    played.push(task);
    await task.ended;
  }
}

async function judgeAll() {
  const client = createClient({ url: fleet.url });
  await client.connect();
  const { storage } = redisBackend({ client });
  const judged = { faults: [...fleet.faults], fallbacks: 0, entries: 0, takenOver: 0, lastEndAt: 0 };
  for (const task of played) {
    const stored = task.taskId === undefined ? undefined : await readTask(storage, task.taskId);
    if (stored === undefined) {
      judged.faults.push(`${task.plan.name}: there is no task; ${task.faults.join()}`);
      continue;
    }
    const { faults, fallbacks } = judgeTask(task, stored, { maxAttempts: MAX_ATTEMPTS });
    const { entries } = stored;
    judged.faults.push(...faults);
    judged.fallbacks += fallbacks;
    judged.entries += entries.length;
    judged.takenOver += entries.filter((entry) => entry.kind === 'start' && entry.attempt > 1).length;
    judged.lastEndAt = Math.max(judged.lastEndAt, entries.at(-1)?.ts ?? 0);
  }
  for (const [messageId, ids] of await tasksByMessage(storage)) {
    if (ids.length !== 1) judged.faults.push(`${messageId} began ${ids.length} tasks: ${ids.join()}`);
  }
  client.destroy();
  return judged;
}
