import { describe, expect, it } from '@jest/globals';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { brokerSuite } from '../../lib/testing/broker-suite.ts';
import { fakeClock } from '../../lib/testing/fake-clock.ts';
import { feedSuite } from '../../lib/testing/feed-suite.ts';
import { hostileBroker } from '../../lib/testing/hostile-broker.ts';
import { hostileBus } from '../../lib/testing/hostile-bus.ts';
import { workerSuite } from '../../lib/testing/worker-suite.ts';

describe.each([0, 0.3, 1])('with %d of all hints lost', (drop) => {
  const hooks = drop > 0 ? ({ losesHints: true } as const) : {};

  feedSuite(
    { describe, it, expect },
    () => {
      const { storage, eventBus } = memoryBackend();
      return { storage, eventBus: hostileBus(eventBus, { drop }) };
    },
    { pace: 100, ...hooks },
  );

  workerSuite(
    { describe, it, expect },
    () => {
      const clock = fakeClock();
      const { storage, broker, eventBus } = memoryBackend({ clock });
      return {
        ...{ storage, advance: clock.advance },
        broker: hostileBroker(broker, { drop }),
        eventBus: hostileBus(eventBus, { drop }),
      };
    },
    { advance: true, ...hooks },
  );
});

describe.each([
  ['none', 0, {}],
  ['30 %', 0.3, { losesHints: 'some' }],
  ['all', 1, { losesHints: 'all' }],
] as const)('a broker that repeats and reorders hints, and loses %s of them', (_, drop, hooks) => {
  const hostility = { drop, repeat: 0.2, delay: 0.1 };
  brokerSuite({ describe, it, expect }, () => hostileBroker(memoryBackend().broker, hostility), hooks);
});
