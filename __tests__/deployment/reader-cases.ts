import { expect, it } from '@jest/globals';
import { listTasks, streamText } from '../helpers/calls.ts';
import { until } from '../helpers/gate.ts';
import { readAll } from '../helpers/raw-http.ts';
import { openRaw } from '../helpers/raw-stream.ts';
import { verifies } from '../requirements.ts';
import { FLOOD } from './agent.ts';
import type { World } from './world.ts';

const HELD_BYTES = 6 * 1024 * 1024;

/** H7: a reader that never reads. */
export function readerCases(world: () => World): void {
  it('H7: a reader that never reads is cut, and holds up neither the others nor the memory', async () => {
    verifies('H7');
    const { web, user, deployment } = world();
    const [, stalledAt] = deployment.web;
    const before = await stalledAt.heldBytes?.();
    const fast = await streamText(web[0], 'flood');
    const id = (await fast.next())?.task?.id ?? '';
    const stalled = await openRaw(stalledAt, 'SubscribeToTask', { id }, { 'X-User': user });
    try {
      const texts = (await fast.rest()).map((event) => event.artifactUpdate?.artifact.parts[0]?.text);
      const numbers = texts.filter((text) => text).map((text) => Number.parseInt(text ?? '', 10));
      expect(numbers).toEqual(Array.from({ length: FLOOD.chunks }, (_, index) => index));
      expect((await listTasks(web[0])).tasks.map((task) => [task.id, task.status.state])).toEqual([
        [id, 'TASK_STATE_COMPLETED'],
      ]);
      const held = await stalledAt.heldBytes?.();
      if (held !== undefined && before !== undefined) expect(held - before).toBeLessThan(HELD_BYTES);
      // nobody else is at this front-end
      await until(async () => (await stalledAt.calls()) === 0);
      const received = await readAll(stalled).catch(() => Buffer.from('reset'));
      expect(received.includes('TASK_STATE_COMPLETED')).toBe(false);
    } finally {
      stalled.destroy();
    }
  }, 60_000);
}
