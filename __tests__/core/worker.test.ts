import { describe, expect, it } from '@jest/globals';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { fakeClock } from '../../lib/testing/fake-clock.ts';
import { workerSuite } from '../../lib/testing/worker-suite.ts';

workerSuite(
  { describe, expect, it },
  () => {
    const clock = fakeClock();
    return { ...memoryBackend({ clock }), advance: clock.advance };
  },
  { advance: true },
);
