import { STATE_LETTERS } from '../task-states.ts';

/**
 * What the write scripts of a task have in common. They run alone on the server, so what they check still holds when they
 * write. Commands of Redis 6.2 only. Every key is declared, and all are in one slot: 1 header, 2 log, 3 pending inputs,
 * 4 due, 5 webhooks, 6 due webhooks, 7 list of the scope, 8 list of the context, 9 finished tasks, 10 count of active ones,
 * 11 checkpoint, and the idempotency key of a call that has one as the twelfth. ARGV[1] is the task's id.
 *
 * Bodies are opaque text: cjson would turn [] into {} and round numbers above 2^53. What a script has to know of one
 * (state, upTo, pause, digest) comes beside it.
 *
 * Header: sc scope, cx context, am answers, st state, ss its time, cl closed, sq head, ts time of the head, fs first seq;
 * ck seq and kb bytes of the checkpoint, by those of checkpoint and log after it; in newest and dn processed input, mi
 * newest message and md its digest, au answered up to, ca cancel seq; ep epoch, li newest lease id, cu whether it is
 * current, lu its end, cp capped, at attempt, sb started; pq, qs, qm producer seq of its newest append and what that
 * answered (seq, more); vs newest entry that clients see, np how many webhooks there have been, pi whether one of them is
 * idle: the next such entry makes it due.
 */
export const SHARED = `
local id = ARGV[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local TEXT = { sc = 1, cx = 1, am = 1, st = 1, md = 1, li = 1 }
local AUTH, WORKING, CANCELED = 'TASK_STATE_AUTH_REQUIRED', 'TASK_STATE_WORKING', 'TASK_STATE_CANCELED'
local WAITS = { TASK_STATE_INPUT_REQUIRED = true, [AUTH] = true }
local ENDS = { TASK_STATE_COMPLETED = true, TASK_STATE_FAILED = true, TASK_STATE_REJECTED = true, [CANCELED] = true }
local LETTERS = { ${Object.entries(STATE_LETTERS)
  .map(([state, letter]) => `${state} = '${letter}'`)
  .join(', ')} }
local h, dirty = {}, {}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local name, value = fields[i], fields[i + 1]
  if TEXT[name] then h[name] = value else h[name] = tonumber(value) end
end
local function set(name, value) h[name] = value; dirty[name] = value end
local function save()
  local args = {}
  for name, value in pairs(dirty) do args[#args + 1] = name; args[#args + 1] = value end
  redis.call('HSET', KEYS[1], unpack(args))
end
local function live() return h.cu == 1 and h.lu > now end
-- entry times never decrease, so neither do status times (I11)
local function add(epoch, body, isVisible)
  set('ts', math.max(now, h.ts)); set('sq', h.sq + 1); set('by', h.by + #body)
  redis.call('XADD', KEYS[2], h.sq .. '-0', 't', h.ts, 'e', epoch, 'b', body)
  if not isVisible then return end
  set('vs', h.sq)
  -- those that wait or are leased keep their time; which ones are behind is looked up by the claim
  if h.pi == 1 then set('pi', 0); redis.call('ZADD', KEYS[6], 'LT', now, id) end
end
-- a member of a list is a filter ('*' or the letter of the state), the status time and the id: its order is the list's
local function rows() 
  local key = string.format('%013.0f', h.ss) .. id
  return '*' .. key, LETTERS[h.st] .. key
end
local function moveTo(state)
  if h.am == 'task' and h.st then
    redis.call('ZREM', KEYS[7], rows()); redis.call('ZREM', KEYS[8], rows())
  end
  set('st', state); set('ss', h.ts)
  if h.am ~= 'task' then return end
  local every, own = rows()
  redis.call('ZADD', KEYS[7], 0, every, 0, own); redis.call('ZADD', KEYS[8], 0, every, 0, own)
end
-- finished tasks go in the order of their ends: the score is the microsecond of the end, and no two are equal
local function close(finishedMs)
  set('cl', 1); set('cu', 0)
  redis.call('ZREM', KEYS[4], id); redis.call('DEL', KEYS[3])
  if redis.call('DECR', KEYS[10]) <= 0 then redis.call('DEL', KEYS[10]) end
  local last = redis.call('ZRANGE', KEYS[9], -1, -1, 'WITHSCORES')
  local at = math.max(clock[1] * 1000000 + clock[2], (tonumber(last[2]) or 0) + 1)
  local member = cjson.encode({ id, h.st, string.format('%013.0f', h.ss), h.sc, h.cx, h.am })
  redis.call('ZADD', KEYS[9], at, member)
  if finishedMs == '' then return end
  -- header, log, webhooks and checkpoint go by themselves, also when nobody sweeps
  redis.call('PEXPIRE', KEYS[1], finishedMs); redis.call('PEXPIRE', KEYS[2], finishedMs)
  redis.call('PEXPIRE', KEYS[5], finishedMs); redis.call('PEXPIRE', KEYS[11], finishedMs)
end
local function remembered(fingerprint)
  if not KEYS[12] then return nil end
  local r = redis.call('HMGET', KEYS[12], 'id', 'sq', 'fp')
  if not r[1] then return nil end
  return { id = r[1], seq = tonumber(r[2]), same = r[3] == fingerprint }
end
local function remember(seq, fingerprint, windowMs)
  if not KEYS[12] then return end
  redis.call('HSET', KEYS[12], 'id', id, 'sq', seq, 'fp', fingerprint); redis.call('PEXPIRE', KEYS[12], windowMs)
end
-- what is stored has outgrown the checkpoint, so that reads would get slow
local function outgrown(logEntries)
  if h.by - h.kb > math.max(65536, h.kb) then return true end
  local most = tonumber(logEntries)
  return h.sq - h.fs >= most and h.sq - h.ck > most / 4
end
local function written(seq, first, epoch, more, stale)
  return { 'ok', seq, h.cl, more or 0, first, h.sq, h.ts, epoch, (stale or h.cl == 1) and 1 or 0 }
end
`;
