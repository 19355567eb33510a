import type { connect } from './server.ts';

/** Lets time pass on a server whose clock is real: all that is to happen at some time happens so much earlier. */
export async function moveBack(client: Client, prefix: string, ms: number): Promise<void> {
  for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
    for (const key of keys) {
      const left = await client.pTTL(key);
      if (left > 0) await client.pExpire(key, left - ms);
      if (key.startsWith(`${prefix}t:`) && left !== -2) await moveLease(client, key, ms);
      if (key.startsWith(`${prefix}pc:`))
        await client.eval(MOVE_WEBHOOKS, { keys: [key], arguments: [String(ms)] });
      const isDue = key.startsWith(`${prefix}due:`) || key.startsWith(`${prefix}pdue:`);
      const by = isDue ? ms : key === `${prefix}fin` ? ms * 1000 : 0;
      if (by > 0)
        for (const member of await client.zRange(key, 0, -1)) await client.zIncrBy(key, -by, member);
    }
  }
}

type Client = Awaited<ReturnType<typeof connect>>;

async function moveLease(client: Client, key: string, ms: number): Promise<void> {
  if ((await client.exists(key)) === 1) await client.hIncrBy(key, 'lu', -ms);
}

/** Times of webhooks: end of a lease, next attempt, first failure. In one step, as senders may be at work. */
const MOVE_WEBHOOKS = `
local text = redis.call('HGET', KEYS[1], 's')
if not text then return end
local hooks = cjson.decode(text)
for _, it in ipairs(hooks) do
  for _, name in ipairs({ 'un', 'wa', 'si' }) do if it[name] then it[name] = it[name] - ARGV[1] end end
end
redis.call('HSET', KEYS[1], 's', cjson.encode(hooks))`;
