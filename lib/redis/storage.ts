import type { Storage } from '../core/storage.ts';
import { append } from './append.ts';
import { createCheckpoints, type Checkpoints } from './checkpoints.ts';
import { addInput, createTask, requestCancel } from './client-writes.ts';
import type { RedisCommands } from './commands.ts';
import { checkEviction } from './eviction.ts';
import { createHomes, type Homes } from './homes.ts';
import type { RedisKeys } from './keys.ts';
import { claim, release, renew } from './leases.ts';
import { listTasks } from './list-tasks.ts';
import type { RedisSettings } from './options.ts';
import { createPushStorage } from './push-storage.ts';
import { heads, loadTask, read } from './reads.ts';
import { sweep } from './sweep.ts';

/** What the methods of the storage share. */
export interface StorageParts {
  readonly commands: RedisCommands;
  readonly keys: RedisKeys;
  readonly homes: Homes;
  readonly settings: RedisSettings;
  readonly checkpoints: Checkpoints;
}

/** Tasks on a Redis server, for any number of processes. `close` waits for what it still writes; the client stays open. */
export function createRedisStorage(given: Pick<StorageParts, 'commands' | 'keys' | 'settings'>): Storage {
  const homes = createHomes(given.commands, given.keys);
  const checkpoints = createCheckpoints(given);
  const parts: StorageParts = { ...given, homes, checkpoints };
  return {
    shared: true,
    push: createPushStorage(parts),
    init: () => checkEviction(given.commands, given.keys, given.settings.logger),
    close: () => checkpoints.settled(),
    createTask: (init) => createTask(parts, init),
    addInput: (scope, taskId, input) => addInput(parts, scope, taskId, input),
    requestCancel: (scope, taskId, graceMs, metadata) =>
      requestCancel(parts, scope, taskId, graceMs, metadata),
    append: (lease, producerSeq, entries) => append(parts, lease, producerSeq, entries),
    claim: (by) => claim(parts, by),
    renew: (lease, leaseMs) => renew(parts, lease, leaseMs),
    release: (lease, delayMs, clean) => release(parts, lease, delayMs, clean),
    loadTask: (taskId, scope) => loadTask(parts, taskId, scope),
    read: (taskId, after, limit, maxBytes) => read(parts, taskId, after, limit, maxBytes),
    heads: (taskIds) => heads(parts, taskIds),
    listTasks: (scope, query) => listTasks(parts, scope, query),
    checkpoint: (taskId, seq, task, keep) => checkpoints.store(taskId, { seq, task, keep }),
    sweep: (limit) => sweep(parts, limit),
  };
}
