import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { fileStorage } from '../../examples/file-storage/file-storage.ts';
import type { Storage } from 'express-a2a';
import { fakeClock, storageSuite, type FakeClock } from 'express-a2a/testing';

// thousands of files are written
jest.setTimeout(120_000);

const places = new WeakMap<Storage, { directory: string; clock: FakeClock }>();

async function open(place: { directory: string; clock: FakeClock }): Promise<Storage> {
  const storage = fileStorage(place);
  places.set(storage, place);
  await storage.init();
  return storage;
}

function placeOf(storage: Storage): { directory: string; clock: FakeClock } {
  const place = places.get(storage);
  if (place === undefined) throw new Error('Not one of ours');
  return place;
}

storageSuite(
  { describe, it, expect },
  () => open({ directory: mkdtempSync(join(tmpdir(), 'tasks-')), clock: fakeClock() }),
  {
    advance: (storage, ms) => placeOf(storage).clock.advance(ms),
    shiftWall(storage, ms) {
      const { clock } = placeOf(storage);
      clock.setWall(clock.now() + ms);
    },
    process: (storage) => ({
      path: join(__dirname, 'file-process.cjs'),
      args: [placeOf(storage).directory],
    }),
    dispose: (storage) => rmSync(placeOf(storage).directory, { recursive: true }),
  },
);

it('drops a line that was being written when its process was killed', async () => {
  const place = { directory: mkdtempSync(join(tmpdir(), 'tasks-')), clock: fakeClock() };
  const scope = { agent: 'a', tenant: '', owner: null };
  const status = { state: 'TASK_STATE_SUBMITTED', timestamp: '' } as const;
  const task = { id: 'task', contextId: 'c', status };
  await (await open(place)).createTask({ scope, task, request: {}, answers: 'task' });
  for (const name of readdirSync(place.directory))
    appendFileSync(join(place.directory, name), '{"header":{"ep');
  const again = await open(place);
  expect((await again.loadTask('task'))?.seq).toBe(1);
  expect((await again.requestCancel(scope, 'task', 0)).ok).toBe(true);
  expect((await (await open(place)).loadTask('task'))?.closed).toBe(true);
  rmSync(place.directory, { recursive: true });
});
