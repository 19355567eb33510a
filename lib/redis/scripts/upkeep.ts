/**
 * Stores a folded task and trims the log that it covers. An older one than there is changes nothing, so that many
 * processes may offer theirs at once; what is trimmed is looked up in the same step, so that no message goes that came
 * meanwhile.
 *
 * KEYS: header, log, checkpoint. ARGV: seq, task, bytes of checkpoint and log as they were at seq ('' unknown), entries to
 * keep ('' all), finishedMs, logMs ('' for ever).
 */
export const CHECKPOINT = `
local h = redis.call('HMGET', KEYS[1], 'sq', 'ck', 'by', 'dn', 'mi', 'fs', 'cl')
for i = 1, 7 do h[i] = tonumber(h[i]) end
local head, before, bytes, done, newest, first, closed = unpack(h)
local seq = tonumber(ARGV[1])
if not head or seq <= before or seq > head then return 0 end
redis.call('SET', KEYS[3], ARGV[2])
local size = #ARGV[2]
local now = ARGV[3] ~= '' and size + bytes - tonumber(ARGV[3]) or math.max(bytes, size)
redis.call('HSET', KEYS[1], 'ck', seq, 'kb', size, 'by', now)
if ARGV[4] ~= '' then
  -- a claim gives what nobody has processed, and the newest message
  local cut = math.min(seq - tonumber(ARGV[4]) + 1, done + 1, newest)
  if cut > first then
    redis.call('XTRIM', KEYS[2], 'MINID', cut .. '-0'); redis.call('HSET', KEYS[1], 'fs', cut)
  end
end
local left = redis.call('PTTL', KEYS[1])
if left > 0 then redis.call('PEXPIRE', KEYS[3], left) end
-- the log of a finished task goes before the task, counted from its end
if closed == 1 and seq == head and ARGV[6] ~= '' then
  local since = left > 0 and tonumber(ARGV[5]) - left or 0
  redis.call('PEXPIRE', KEYS[2], math.max(0, tonumber(ARGV[6]) - since))
end
return 1`;

/**
 * The finished tasks whose time is over, and those that are too many, first ends first.
 *
 * KEYS: finished. ARGV: finishedMs ('' for ever), most finished tasks, limit.
 */
export const OVER = `
local clock = redis.call('TIME')
local limit = tonumber(ARGV[3])
local over = {}
if ARGV[1] ~= '' then
  local until_ = clock[1] * 1000000 + clock[2] - tonumber(ARGV[1]) * 1000
  over = redis.call('ZRANGE', KEYS[1], '-inf', until_, 'BYSCORE', 'LIMIT', 0, limit)
end
local many = math.min(limit, redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[2]))
if many > #over then return redis.call('ZRANGE', KEYS[1], 0, many - 1) end
return over`;

/**
 * Removes all that is left of one finished task. Whoever takes it out of the finished ones removes it, so that it counts
 * once; a task that has taken the name meanwhile is left alone, as its end is another.
 *
 * KEYS: header, log, checkpoint, list of the scope, list of the context, finished, webhooks, due webhooks. ARGV: member,
 * status time, its two rows, id.
 */
export const REMOVE = `
if redis.call('ZREM', KEYS[6], ARGV[1]) == 0 then return 0 end
redis.call('ZREM', KEYS[4], ARGV[3], ARGV[4]); redis.call('ZREM', KEYS[5], ARGV[3], ARGV[4])
local h = redis.call('HMGET', KEYS[1], 'cl', 'ss')
local isOurs = h[1] == '1' and tonumber(h[2]) == tonumber(ARGV[2])
if isOurs or not h[1] then
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[7]); redis.call('ZREM', KEYS[8], ARGV[5])
end
return 1`;

/** How the server evicts, asked of the node that holds the keys. KEYS: any of ours, which it does not touch. */
export const MEMORY = `return redis.call('INFO', 'memory')`;
