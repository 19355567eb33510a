import { describe, expect, it } from '@jest/globals';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { createMemoryEventBus, type Subscriptions } from '../../lib/memory/event-bus.ts';
import type { EventBus } from '../../lib/core/event-bus.ts';
import { TransientMap } from '../../lib/core/transient-map.ts';
import { eventBusSuite } from '../../lib/testing/event-bus-suite.ts';

const made = new WeakMap<EventBus, Subscriptions>();

eventBusSuite(
  { describe, it, expect },
  () => {
    const subscriptions: Subscriptions = new TransientMap();
    const bus = createMemoryEventBus(subscriptions);
    made.set(bus, subscriptions);
    return bus;
  },
  { storage: () => memoryBackend().storage, usage: (bus) => made.get(bus)?.size ?? NaN },
);
