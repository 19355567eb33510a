import type { Broker } from '../core/broker.ts';
import { systemClock, type Clock } from '../core/clock.ts';
import type { EventBus } from '../core/event-bus.ts';
import type { Storage } from '../core/storage.ts';
import { createMemoryBroker } from './broker.ts';
import { createMemoryEventBus } from './event-bus.ts';
import { readLimits, readRetention, type Limits, type Retention } from './limits.ts';
import { createMemoryStorage } from './storage.ts';
import { createTaskTable } from './task-table.ts';

/** What `memoryBackend` can be told. */
export interface MemoryBackendOptions {
  /** Time, for tests. Default: the machine's clock. */
  readonly clock?: Clock;
  /** How long finished tasks stay. */
  readonly retention?: Partial<Retention>;
  /** How much is taken in. */
  readonly limits?: Partial<Limits>;
}

/** Storage, broker and event bus of one process. */
export interface MemoryBackend {
  readonly storage: Storage;
  readonly broker: Broker;
  readonly eventBus: EventBus;
}

/**
 * Keeps everything in the memory of this process: the default. Tasks are gone when the process ends, and other
 * processes do not see them. Each of the three parts can be mixed with others. Throws a RangeError for a wrong option.
 */
export function memoryBackend(options: MemoryBackendOptions = {}): MemoryBackend {
  const table = createTaskTable({
    clock: options.clock ?? systemClock,
    retention: readRetention(options.retention),
    limits: readLimits(options.limits),
  });
  return {
    storage: createMemoryStorage(table),
    broker: createMemoryBroker(),
    eventBus: createMemoryEventBus(),
  };
}
