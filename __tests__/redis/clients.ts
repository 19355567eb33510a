import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { RedisClient } from 'express-a2a/redis';

/** A client of one of the two libraries, as an application makes it, and what tests do to it. */
export interface TestClient {
  readonly client: RedisClient;
  /** Its connections carry this name, which no other has. */
  readonly name: string;
  readonly close: () => void;
}

/** The libraries that the backend is tested with. */
export type ClientKind = 'node-redis' | 'ioredis';

/** A connected client; the caller closes it. */
export async function openClient(kind: ClientKind, url: string): Promise<TestClient> {
  const name = randomUUID();
  if (kind === 'ioredis') {
    const client = new Redis(url, { connectionName: name, lazyConnect: true, disconnectTimeout: 10 });
    client.on('error', () => {}); // commands reject by themselves
    await client.connect();
    return { client, name, close: () => client.disconnect() };
  }
  const client = createClient({ url, name });
  client.on('error', () => {});
  await client.connect();
  return { client, name, close: () => client.destroy() };
}
