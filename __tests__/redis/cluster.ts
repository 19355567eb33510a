import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../lib/testing/eventually.ts';
import { startServer } from './server.ts';

/** Three masters on this machine, which share the slots. */
export interface TestCluster {
  readonly ports: readonly number[];
  readonly stop: () => Promise<void>;
}

/** Starts three nodes on free ports and makes them one cluster. */
export async function startCluster(): Promise<TestCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'a2a-cluster-'));
  const nodes: Awaited<ReturnType<typeof startServer>>[] = [];
  for (let n = 0; n < 3; n += 1) {
    const config = [
      '--cluster-enabled',
      'yes',
      '--dir',
      directory,
      '--cluster-config-file',
      `nodes-${n}.conf`,
    ];
    nodes.push(await startServer(undefined, undefined, config));
  }
  const hosts = nodes.map(({ port }) => `127.0.0.1:${port}`);
  const made = spawnSync('redis-cli', ['--cluster', 'create', ...hosts, '--cluster-yes'], {
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`No cluster: ${made.stdout}${made.stderr}`);
  // each node finds out by itself that all slots are served
  await eventually(() => nodes.every(({ port }) => isUp(port)), 'a cluster that is up');
  return {
    ports: nodes.map(({ port }) => port),
    async stop() {
      await Promise.all(nodes.map(({ stop }) => stop()));
      rmSync(directory, { recursive: true });
    },
  };
}

function isUp(port: number): boolean {
  const info = spawnSync('redis-cli', ['-p', String(port), 'cluster', 'info'], { encoding: 'utf8' });
  return info.stdout.includes('cluster_state:ok');
}
