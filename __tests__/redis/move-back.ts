import type { connect } from './server.ts';

/** Lets time pass on a server whose clock is real: all that is to happen at some time happens so much earlier. */
export async function moveBack(
  client: Awaited<ReturnType<typeof connect>>,
  prefix: string,
  ms: number,
): Promise<void> {
  for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
    for (const key of keys) {
      const left = await client.pTTL(key);
      if (left > 0) await client.pExpire(key, left - ms);
      if (key.startsWith(`${prefix}t:`) && left !== -2) await moveLease(client, key, ms);
      const by = key.startsWith(`${prefix}due:`) ? ms : key === `${prefix}fin` ? ms * 1000 : 0;
      if (by > 0)
        for (const member of await client.zRange(key, 0, -1)) await client.zIncrBy(key, -by, member);
    }
  }
}

async function moveLease(
  client: Awaited<ReturnType<typeof connect>>,
  key: string,
  ms: number,
): Promise<void> {
  if ((await client.exists(key)) === 1) await client.hIncrBy(key, 'lu', -ms);
}
