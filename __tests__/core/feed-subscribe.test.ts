import { describe, it } from '@jest/globals';
import * as fc from 'fast-check';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { chooseBy } from '../../lib/testing/scheduler.ts';
import { chunk, runScenario, status } from '../helpers/world.ts';

const JOINS = 8;
const choices = fc.array(fc.nat(99), { maxLength: 300, size: 'max' });
const lives = fc.array(
  fc.array(fc.constantFrom(chunk('a'), chunk('b'), status('WORKING')), { minLength: 1, maxLength: 3 }),
  {
    minLength: 1,
    maxLength: 6,
  },
);
/** Which of the hints get lost. */
const losses = fc.oneof(
  fc.constant([false]),
  fc.constant([true]),
  fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
);

describe('a client that joins at any moment of a task', () => {
  it('gets snapshot and tail that make up the final task, thousands of times', async () => {
    await fc.assert(
      fc.asyncProperty(lives, losses, choices, async (groups, lost, numbers) => {
        let hints = 0;
        await runScenario(
          (clock) => {
            const { eventBus, ...others } = memoryBackend({ clock });
            const publish: typeof eventBus.publish = (hint) => {
              hints += 1;
              return lost[hints % lost.length] === true ? undefined : eventBus.publish(hint);
            };
            return { ...others, eventBus: { ...eventBus, publish } };
          },
          ({ work, open, say }) => [
            work(...groups, status('COMPLETED')),
            say('more'),
            ...Array.from({ length: JOINS }, () => open()),
          ],
          chooseBy(numbers),
        );
      }),
      { numRuns: 400 },
    );
  }, 120_000);
});
