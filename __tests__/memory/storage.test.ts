import { describe, expect, it } from '@jest/globals';
import { readLimits, readRetention } from '../../lib/memory/limits.ts';
import { createMemoryStorage } from '../../lib/memory/storage.ts';
import { createTaskTable, type TaskTable } from '../../lib/memory/task-table.ts';
import type { Storage } from '../../lib/core/storage.ts';
import { storageSuite } from '../../lib/testing/storage-suite.ts';
import { fakeClock, type FakeClock } from '../helpers/fake-clock.ts';

const made = new WeakMap<Storage, { clock: FakeClock; table: TaskTable }>();

storageSuite(
  { describe, it, expect },
  (wish) => {
    const clock = fakeClock();
    const table = createTaskTable({ clock, limits: readLimits(wish), retention: readRetention(wish) });
    const storage = createMemoryStorage(table);
    made.set(storage, { clock, table });
    return storage;
  },
  {
    limits: true,
    push: true,
    retention: true,
    advance: (storage, ms) => made.get(storage)?.clock.advance(ms),
    shiftWall(storage, ms) {
      const clock = made.get(storage)?.clock;
      clock?.setWall(clock.now() + ms);
    },
    usage: (storage) => made.get(storage)?.table.size() ?? NaN,
  },
);
