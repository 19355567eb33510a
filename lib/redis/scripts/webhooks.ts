/**
 * What the scripts that touch webhooks have in common; it follows SHARED, so whether a webhook is behind, leased and whose is
 * known in the step that changes it. Field `s` of the webhooks' hash is a list of what senders and owners change, as JSON, those that
 * were looked after longest ago first; a field for each number holds the webhook itself, as opaque text.
 *
 * Of one webhook: id, nth, cu cursor, wa when the next attempt is allowed, fa failures, si time of the first of them, re
 * why, di disabled; to token and un end of the lease.
 */
export const WEBHOOKS = `
local function webhooks()
  local text = redis.call('HGET', KEYS[5], 's')
  return text and cjson.decode(text) or {}
end
local function find(hooks, hook)
  for i, it in ipairs(hooks) do if it.id == hook then return it, i end end
end
local function dueAt(it)
  if it.to then return it.un end
  if not it.di and h.vs > it.cu then return it.wa end
end
-- a task is due when the first of its webhooks is
local function keep(hooks)
  local due, idle = math.huge, 0
  for _, it in ipairs(hooks) do
    local at = dueAt(it)
    if at then due = math.min(due, at) elseif not it.di then idle = 1 end
  end
  set('pi', idle)
  if due < math.huge then redis.call('ZADD', KEYS[6], due, id) else redis.call('ZREM', KEYS[6], id) end
  if #hooks == 0 then redis.call('DEL', KEYS[5]); return end
  redis.call('HSET', KEYS[5], 's', cjson.encode(hooks))
  -- they go with their task
  local left = redis.call('PTTL', KEYS[1])
  if left > 0 then redis.call('PEXPIRE', KEYS[5], left) end
end
-- a task can always have one
local function put(hooks, hook, registration, cursor, most)
  local known, i = find(hooks, hook)
  if known then table.remove(hooks, i)
  elseif #hooks >= math.max(1, tonumber(most)) then return false
  else set('np', h.np + 1); known = { nth = h.np, cu = cursor } end
  hooks[#hooks + 1] = { id = hook, nth = known.nth, cu = known.cu, wa = now, fa = 0 }
  redis.call('HSET', KEYS[5], known.nth, registration)
  return true
end
`;
