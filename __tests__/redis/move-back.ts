/** KEYS: any of the prefix, which finds its node in a cluster. ARGV: prefix, ms. In one step, so that nobody sees a lease moved and the time when its task is due not. */
const MOVE_BACK = `
local prefix, ms = ARGV[1], tonumber(ARGV[2])
for _, key in ipairs(redis.call('KEYS', prefix .. '*')) do
  local left, name = redis.call('PTTL', key), string.sub(key, #prefix + 1)
  if left > 0 then redis.call('PEXPIRE', key, left - ms) end
  if string.sub(name, 1, 2) == 't:' and redis.call('EXISTS', key) == 1 then redis.call('HINCRBY', key, 'lu', -ms) end
  if string.sub(name, 1, 3) == 'pc:' and redis.call('EXISTS', key) == 1 then
    -- of webhooks the end of a lease, the next attempt, the first failure
    local hooks = cjson.decode(redis.call('HGET', key, 's'))
    for _, it in ipairs(hooks) do
      for _, field in ipairs({ 'un', 'wa', 'si' }) do if it[field] then it[field] = it[field] - ms end end
    end
    redis.call('HSET', key, 's', cjson.encode(hooks))
  end
  local isDue = string.sub(name, 1, 4) == 'due:' or string.sub(name, 1, 5) == 'pdue:'
  local by = isDue and ms or name == 'fin' and ms * 1000 or 0
  if by ~= 0 then
    for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do redis.call('ZINCRBY', key, -by, member) end
  end
end`;

/**
 * Lets time pass on a server whose clock is real: all that is to happen at some time happens so much earlier, or later
 * where `ms` is negative.
 */
export async function moveBack(
  client: { eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown> },
  prefix: string,
  ms: number,
): Promise<void> {
  await client.eval(MOVE_BACK, { keys: [prefix], arguments: [prefix, String(Math.round(ms))] });
}
