import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { redisStorage } from 'express-a2a/redis';
import { foldLog } from '../../lib/core/fold.ts';
import { connect, hasServer, startServer } from './server.ts';

const ENTRIES = 40;

// a machine that loses its power loses the end of the file that was not on the disk yet, and the cut may be anywhere
(hasServer() ? describe : describe.skip)('a server whose newest writes were not on the disk', () => {
  const directory = mkdtempSync(join(tmpdir(), 'a2a-test-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('has tasks as they were a moment before: no hole, nothing half written', async () => {
    let server = await startServer(directory);
    await fill(server.url);
    await server.crash();
    const file = join(directory, 'appendonlydir', newestIn(join(directory, 'appendonlydir')));
    const heads: number[] = [];
    for (const cut of [1, 97, 1013, 2003]) {
      truncateSync(file, statSync(file).size - cut);
      server = await startServer(directory);
      const client = await connect(server.url);
      const storage = redisStorage({ client });
      const snapshot = await storage.loadTask('t');
      const { entries, head } = await storage.read('t', 0, 100, 1e6);
      expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: head }, (_, i) => i + 1));
      expect([snapshot?.seq, snapshot?.task]).toEqual([head, foldLog(entries)]);
      heads.push(head);
      client.destroy();
      await server.crash();
    }
    expect(heads).toEqual([...heads].sort((a, b) => b - a));
    expect(heads.at(-1)).toBeLessThan(ENTRIES + 1);
    expect(heads.at(-1)).toBeGreaterThan(1);
  }, 60_000);
});

async function fill(url: string): Promise<void> {
  const client = await connect(url);
  const storage = redisStorage({ client });
  await storage.createTask({
    scope: { agent: 'default', tenant: '', owner: null },
    task: {
      ...{ id: 't', contextId: 'c', history: [] },
      status: { state: 'TASK_STATE_SUBMITTED', timestamp: new Date(0).toISOString() },
    },
    ...{ request: {}, answers: 'task' },
  });
  const [claimed] = await storage.claim({ worker: 'w', agent: 'default', limit: 1, leaseMs: 60_000 });
  if (claimed === undefined) throw new Error('the task was not due');
  for (let n = 1; n <= ENTRIES; n += 1) {
    const parts = [{ text: `${String(n)} ` }];
    const artifact = { artifactId: 'a', parts };
    await storage.append(claimed.lease, n, [{ kind: 'artifact', artifact, append: n > 1, lastChunk: false }]);
  }
  client.destroy();
}

function newestIn(folder: string): string {
  return readdirSync(folder).find((name) => name.endsWith('.incr.aof')) ?? '';
}
