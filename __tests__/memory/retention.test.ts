import { expect, it } from '@jest/globals';
import { memoryBackend } from '../../lib/memory/backend.ts';
import type { NewTask } from '../../lib/core/storage.ts';
import { heldBytes } from '../helpers/memory.ts';

const scope = { agent: 'default', tenant: '', owner: null };

function newTask(id: string): NewTask {
  const status = { state: 'TASK_STATE_SUBMITTED' as const, timestamp: '' };
  return { scope, task: { id, contextId: 'c1', status }, request: {}, answers: 'task' };
}

it('a finished task that is removed is let go at once, not when its log would have been dropped', async () => {
  const { storage } = memoryBackend({ retention: { finishedTasks: 1, logMs: 3_600_000 } });
  const before = await heldBytes();
  for (let index = 0; index < 40; index += 1) {
    await storage.createTask(newTask(String(index)));
    const [claimed] = await storage.claim({ worker: 'w', agent: 'default', limit: 1, leaseMs: 1000 });
    if (claimed === undefined) throw new Error('nothing was due');
    // flat, as text from a socket is
    const text = Buffer.alloc(1024 * 1024, String(index)).toString();
    await storage.append(claimed.lease, 1, [
      { kind: 'artifact', artifact: { artifactId: 'a', parts: [{ text }] }, append: false, lastChunk: true },
      { kind: 'status', state: 'TASK_STATE_COMPLETED' },
    ]);
  }
  expect((await heldBytes()) - before).toBeLessThan(10 * 1024 * 1024);
});
