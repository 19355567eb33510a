import { createFeedBench, type FeedBench, type FeedSetup } from './feed/bench.ts';
import { endCases } from './feed/end-cases.ts';
import { failureCases } from './feed/failure-cases.ts';
import { orderCases } from './feed/order-cases.ts';
import { resourceCases } from './feed/resource-cases.ts';
import type { FeedLimits } from '../core/feed.ts';
import type { Logger } from '../core/logger.ts';
import type { Hostility } from './hostile-bus.ts';
import { register, type TestApi } from './test-api.ts';

export type { FeedSetup } from './feed/bench.ts';

/** What only some backends can do. A case that needs what is not there says so in its name and is not run. */
export interface FeedHooks {
  /** Set when the event bus loses hints. */
  readonly losesHints?: true;
  /** How many times as fast as real time the feed's clock goes. Default 20; more where the storage is in this process. */
  readonly pace?: number;
  /** How often a reader comes and goes in T4. Default 10,000; less where another run has shown it, and the store is far away. */
  readonly rounds?: number;
}

/** What the files of cases register with. */
export interface FeedKit {
  readonly api: TestApi;
  /** How often a reader comes and goes in T4. */
  readonly rounds: number;
  /** Registers a case. It gets a feed that nobody reads yet, and that is closed afterwards. */
  readonly test: (name: string, body: (bench: FeedBench) => Promise<void>, wish?: FeedWish) => void;
}

/** What a case needs. */
export interface FeedWish {
  readonly hostility?: Hostility;
  readonly limits?: FeedLimits;
  readonly logger?: Logger;
  /** It is about hints, so they must not get lost. */
  readonly needsHints?: true;
  /** The pace that it needs, whatever the backend: 1 where nothing is to fall due, however busy the machine is. */
  readonly pace?: number;
}

/**
 * What TaskFeed promises, as cases T1 to T9, on a storage and an event bus. `create` makes or connects both for each case.
 *
 * Asks of `expect` only toBe, toEqual, toBeGreaterThan and toBeLessThanOrEqual. Runs under jest, vitest and node:test.
 */
export function feedSuite(
  api: TestApi,
  create: () => FeedSetup | Promise<FeedSetup>,
  hooks: FeedHooks = {},
): void {
  const kit: FeedKit = {
    api,
    rounds: hooks.rounds ?? 10_000,
    test(name, body, { hostility, needsHints, pace = hooks.pace ?? 20, ...options } = {}) {
      const missing = needsHints && hooks.losesHints ? ['hints'] : [];
      register(api, name, missing, async () => {
        const setup = await create();
        const bench = createFeedBench(setup, hostility, { ...options, pace });
        try {
          await body(bench);
        } finally {
          bench.feed.close();
          await setup.dispose?.();
        }
      });
    },
  };
  api.describe('TaskFeed', () => {
    for (const cases of [orderCases, endCases, resourceCases, failureCases]) cases(kit);
  });
}
