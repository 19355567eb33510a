import type { connect } from './server.ts';

/** Lets time pass on a server whose clock is real: all that is to happen at some time happens so much earlier. */
export async function moveBack(
  client: Awaited<ReturnType<typeof connect>>,
  prefix: string,
  ms: number,
): Promise<void> {
  for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
    for (const key of keys) {
      if (key.startsWith(`${prefix}t:`)) await client.hIncrBy(key, 'lu', -ms);
      if (key.startsWith(`${prefix}dd:`)) await client.pExpire(key, (await client.pTTL(key)) - ms);
      if (!key.startsWith(`${prefix}due:`)) continue;
      for (const member of await client.zRange(key, 0, -1)) await client.zIncrBy(key, -ms, member);
    }
  }
}
