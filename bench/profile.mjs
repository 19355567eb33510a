// node bench/profile.mjs SERVER WORKLOAD [RUNS=3] [TOP=30] : functions by their own time, under one workload.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pinGenerator, ServerProcess } from './lib/server-process.mjs';
import { NORMAL } from './lib/workload.mjs';
import { workloads } from './workloads/index.mjs';

/**
 * @typedef {{ id: number, callFrame: { functionName: string, url: string, lineNumber: number } }} Node
 * @typedef {{ nodes: Node[], samples: number[], timeDeltas: number[] }} Profile
 */

const [name = '', workloadName, runs = '3', top = '30'] = process.argv.slice(2);
const workload = workloads.find((candidate) => candidate.name === workloadName);
if (workload?.run === undefined) throw new Error('Choose a workload that does not start its own servers');
pinGenerator();

const folder = mkdtempSync(join(tmpdir(), 'a2a-profile-'));
const flags = ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=250'];
const server = await ServerProcess.start(name, { nodeFlags: flags });
const state = await workload.prepare?.(server, NORMAL);
for (let i = 0; i < Number(runs); i++) await workload.run(server, state, NORMAL);
await server.leave();
print(JSON.parse(readFileSync(join(folder, readdirSync(folder)[0] ?? ''), 'utf8')));
rmSync(folder, { recursive: true });
process.exit(0);

/** @param {Profile} profile */
function print({ nodes, samples, timeDeltas }) {
  /** @type {Map<number, number>} */
  const own = new Map();
  samples.forEach((id, i) => own.set(id, (own.get(id) ?? 0) + (timeDeltas[i] ?? 0)));
  /** @type {Map<string, number>} */
  const byFunction = new Map();
  let total = 0;
  for (const { id, callFrame } of nodes) {
    if (callFrame.functionName === '(idle)') continue;
    const time = own.get(id) ?? 0;
    total += time;
    const { url, functionName, lineNumber } = callFrame;
    const where = url === '' ? '(native)' : `${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
    const key = `${functionName || '(anonymous)'}  ${where}`;
    byFunction.set(key, (byFunction.get(key) ?? 0) + time);
  }
  console.log(`${name} under ${workloadName}: ${(total / 1e6).toFixed(2)} s of CPU`);
  const busiest = [...byFunction].sort(([, a], [, b]) => b - a).slice(0, Number(top));
  for (const [key, time] of busiest) console.log(`${((time / total) * 100).toFixed(1).padStart(5)}%  ${key}`);
}
