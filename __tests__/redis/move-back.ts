import type { connect } from './server.ts';

/** ARGV: prefix, ms. In one step, so that nobody sees a lease moved and the time when its task is due not. */
const MOVE_BACK = `
local prefix, ms = ARGV[1], tonumber(ARGV[2])
for _, key in ipairs(redis.call('KEYS', prefix .. '*')) do
  local left, name = redis.call('PTTL', key), string.sub(key, #prefix + 1)
  if left > 0 then redis.call('PEXPIRE', key, left - ms) end
  if string.sub(name, 1, 2) == 't:' and redis.call('EXISTS', key) == 1 then redis.call('HINCRBY', key, 'lu', -ms) end
  local by = string.sub(name, 1, 4) == 'due:' and ms or name == 'fin' and ms * 1000 or 0
  if by ~= 0 then
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do redis.call('ZINCRBY', key, -by, member) end
  end
end`;

/**
 * Lets time pass on a server whose clock is real: all that is to happen at some time happens so much earlier, or later
 * where `ms` is negative.
 */
export async function moveBack(
  client: Awaited<ReturnType<typeof connect>>,
  prefix: string,
  ms: number,
): Promise<void> {
  await client.eval(MOVE_BACK, { arguments: [prefix, String(Math.round(ms))] });
}
