// Runs a workload over all servers in alternation: the order rotates each round.
import { ServerProcess } from './server-process.mjs';

/**
 * @typedef {import('./workload.mjs').Workload} Workload
 * @typedef {import('./workload.mjs').Sample} Sample
 * @typedef {import('./workload.mjs').Sizes} Sizes
 */

/**
 * The samples of each server, in the order of the rounds. A server that can not do a workload is reported, and does
 * not end the suite.
 *
 * @param {Workload} workload
 * @param {readonly string[]} servers
 * @param {Sizes} sizes
 * @returns {Promise<Record<string, Sample[]>>}
 */
export async function sampleWorkload(workload, servers, sizes) {
  /** @type {Record<string, Sample[]>} */
  const samples = Object.fromEntries(servers.map((name) => [name, []]));
  const kept = await prepareAll(workload, servers, sizes);
  try {
    const rounds = Math.min(sizes.rounds, workload.rounds ?? Infinity);
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < servers.length; i++) {
        const name = servers[(i + round) % servers.length] ?? '';
        samples[name]?.push(await sample(() => runOnce(workload, name, kept.get(name), sizes)));
      }
      process.stderr.write('.');
    }
  } finally {
    for (const { server } of kept.values()) await server.stop();
  }
  return samples;
}

/** @typedef {{ server: ServerProcess, state?: unknown, failure?: unknown }} Kept */

/**
 * Warms up one process per server, where the workload keeps them.
 *
 * @param {Workload} workload
 * @param {readonly string[]} servers
 * @param {Sizes} sizes
 * @returns {Promise<Map<string, Kept>>}
 */
async function prepareAll({ prepare }, servers, sizes) {
  /** @type {Map<string, Kept>} */
  const kept = new Map();
  if (prepare === undefined) return kept;
  for (const name of servers) {
    const server = await ServerProcess.start(name);
    try {
      kept.set(name, { server, state: await prepare(server, sizes) });
    } catch (failure) {
      kept.set(name, { server, failure });
    }
  }
  return kept;
}

/**
 * @param {Workload} workload
 * @param {string} name
 * @param {Kept | undefined} kept
 * @param {Sizes} sizes
 * @returns {Promise<Sample>}
 */
async function runOnce({ run, runAlone, env }, name, kept, sizes) {
  if (runAlone !== undefined) return runAlone(name, sizes);
  if (run === undefined) throw new Error('The workload runs nothing');
  if (kept?.failure !== undefined) throw kept.failure;
  if (kept !== undefined) return run(kept.server, kept.state, sizes);
  const server = await ServerProcess.start(name, env && { env });
  try {
    return await run(server, undefined, sizes);
  } finally {
    await server.stop();
  }
}

/**
 * @param {() => Promise<Sample>} work
 * @returns {Promise<Sample>}
 */
async function sample(work) {
  try {
    return await work();
  } catch (error) {
    return { note: `FAILED: ${error instanceof Error ? error.message : String(error)}` };
  }
}
