import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Storage } from '../../lib/core/storage.ts';
import { storageSuite } from '../../lib/testing/storage-suite.ts';
import { moveBack } from './move-back.ts';
import { connect, findRedis, removeKeys, type TestRedis } from './server.ts';
import { wholeStorage } from './whole-storage.ts';

/** The cases of the methods that the proof has; the rest asks of lists, trimming or upkeep. */
const CASES = /^S(?:1[0-36]?|[2456789]|22) /;
/** Cases that need what a backend has and the proof has not: listTasks, trimming, a count of active tasks, sizes of artifacts. */
const BEYOND =
  /name that is taken|two calls at once|no room|what an artifact replaces|S13 trim|changing what was/;

const start = findRedis();

(start ? describe : describe.skip)('the proof under the contract suite', () => {
  let redis: TestRedis;
  let client: Awaited<ReturnType<typeof connect>>;
  let other: typeof client;
  const prefixes = new WeakMap<Storage, string>();

  beforeAll(async () => {
    if (!start) throw new Error('unreachable: the block is skipped');
    redis = await start();
    [client, other] = await Promise.all([connect(redis.url), connect(redis.url)]);
  });
  afterAll(async () => {
    client.destroy();
    other.destroy();
    await redis.stop();
  });

  function open(through: typeof client, prefix: string, maxTaskBytes?: number): Storage {
    const limits = maxTaskBytes === undefined ? {} : { maxTaskBytes };
    const storage = wholeStorage({ client: through, prefix, ...limits });
    prefixes.set(storage, prefix);
    return storage;
  }

  const prefixOf = (storage: Storage) => prefixes.get(storage) ?? '';
  const register = Object.assign(
    (name: string, body: () => Promise<void>) => {
      if (CASES.test(name) && !BEYOND.test(name)) it(name, body, 240_000);
    },
    {
      skip: (name: string, body: () => Promise<void>) => {
        if (CASES.test(name)) it.skip(name, body);
      },
    },
  );
  storageSuite(
    { describe, it: register, expect },
    ({ taskBytes }) => open(client, `{a2a-proof-${randomUUID()}}:`, taskBytes),
    {
      limits: true,
      rounds: 200,
      advance: (storage, ms) => moveBack(client, prefixOf(storage), ms),
      shared: true,
      process: (storage) => ({ path: join(__dirname, 'process.cjs'), args: [redis.url, prefixOf(storage)] }),
      connect: (storage) => open(other, prefixOf(storage)),
      dispose: (storage) => removeKeys(client, prefixOf(storage)),
    },
  );
});
