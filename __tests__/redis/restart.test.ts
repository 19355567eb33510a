import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Storage } from '../../lib/core/storage.ts';
import { brokerSuite } from '../../lib/testing/broker-suite.ts';
import { storageSuite } from '../../lib/testing/storage-suite.ts';
import { connect, hasServer, startServer } from './server.ts';
import { redisBroker, redisStorage } from 'express-a2a/redis';

const only = Object.assign(
  (name: string, body: () => Promise<void>) => {
    if (/^S22 |restart of the store|broker is down/.test(name)) it(name, body, 60_000);
  },
  { skip: () => undefined },
);

(hasServer() ? describe : describe.skip)('a server that is killed while it is written to', () => {
  const directory = mkdtempSync(join(tmpdir(), 'a2a-test-'));
  const prefixes = new WeakMap<Storage, string>();
  let server: Awaited<ReturnType<typeof startServer>>;
  let client: Awaited<ReturnType<typeof connect>>;

  beforeAll(async () => {
    server = await startServer(directory);
    client = await connect(server.url);
  });
  afterAll(async () => {
    client.destroy();
    await server.stop();
    rmSync(directory, { recursive: true });
  });

  async function startAgain(): Promise<void> {
    // whoever writes with the old one hears of it, and does not begin anew on the next server
    client.destroy();
    server = await startServer(directory, server.port);
    client = await connect(server.url);
  }

  function open(prefix: string): Storage {
    const storage = redisStorage({ client, prefix });
    prefixes.set(storage, prefix);
    return storage;
  }

  storageSuite({ describe, it: only, expect }, () => open(`{a2a-test-${randomUUID()}}:`), {
    push: true,
    async restart(storage) {
      await server.crash();
      await startAgain();
      return open(prefixes.get(storage) ?? '');
    },
  });

  brokerSuite({ describe, it: only, expect }, () => redisBroker({ client }), {
    cut: () => server.crash(),
    dispose: startAgain,
  });
});
