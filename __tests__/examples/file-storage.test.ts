import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { fileStorage } from '../../examples/file-storage/file-storage.ts';
import type { Storage } from 'express-a2a';
import { fakeClock, storageSuite, type FakeClock } from 'express-a2a/testing';

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
    restart(storage) {
      const place = placeOf(storage);
      // killed in the middle of a write
      for (const name of readdirSync(place.directory))
        appendFileSync(join(place.directory, name), '{"header":{"ep');
      return open(place);
    },
    dispose: (storage) => rmSync(placeOf(storage).directory, { recursive: true }),
  },
);
