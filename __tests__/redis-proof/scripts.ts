/**
 * The write scripts of the proof. Commands of Redis 6.2 only. Every key is declared: 1 header, 2 log, 3 pending inputs,
 * 4 due, 5 index, 6 index of the context, 7 counts by state, 8 idempotency (if any). ARGV[1] is the task's id.
 *
 * Bodies are opaque text: cjson would turn [] into {} and round numbers above 2^53. What a script has to know of one
 * (state, upTo, pause, digest) comes beside it.
 *
 * Header: sc scope, cx context, am answers, st state, cl closed, sq head, ts time of the head, fs first seq, by bytes;
 * in newest and dn processed input, mi newest message and md its digest, au answered up to, ca cancel seq; ep epoch,
 * li newest lease id, cu whether it is current, lu its end, cp capped, at attempt, sb started; pq, qs, qm producer seq of
 * its newest append and what that answered (seq, more).
 */
const SHARED = `
local id = ARGV[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local TEXT = { sc = 1, cx = 1, am = 1, st = 1, md = 1, li = 1 }
local AUTH, WORKING, CANCELED = 'TASK_STATE_AUTH_REQUIRED', 'TASK_STATE_WORKING', 'TASK_STATE_CANCELED'
local WAITS = { TASK_STATE_INPUT_REQUIRED = true, [AUTH] = true }
local ENDS = { TASK_STATE_COMPLETED = true, TASK_STATE_FAILED = true, TASK_STATE_REJECTED = true, [CANCELED] = true }
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
local function add(epoch, body)
  set('ts', math.max(now, h.ts)); set('sq', h.sq + 1); set('by', h.by + #body)
  redis.call('XADD', KEYS[2], h.sq .. '-0', 't', h.ts, 'e', epoch, 'b', body)
end
local function moveTo(state)
  if h.am == 'task' then
    redis.call('ZADD', KEYS[5], h.ts, id); redis.call('ZADD', KEYS[6], h.ts, id)
    if h.st then redis.call('HINCRBY', KEYS[7], h.st, -1) end
    redis.call('HINCRBY', KEYS[7], state, 1)
  end
  set('st', state)
end
local function close()
  set('cl', 1); set('cu', 0)
  redis.call('ZREM', KEYS[4], id); redis.call('DEL', KEYS[3])
end
local function remembered(fingerprint)
  if not KEYS[8] then return nil end
  local r = redis.call('HMGET', KEYS[8], 'id', 'sq', 'fp')
  if not r[1] then return nil end
  return { id = r[1], seq = tonumber(r[2]), same = r[3] == fingerprint }
end
local function remember(seq, fingerprint, windowMs)
  if not KEYS[8] then return end
  redis.call('HSET', KEYS[8], 'id', id, 'sq', seq, 'fp', fingerprint); redis.call('PEXPIRE', KEYS[8], windowMs)
end
local function written(seq, first, epoch, more) return { 'ok', seq, h.cl, more or 0, first, h.sq, h.ts, epoch } end
`;

/** ARGV: id, scope, contextId, answers, state, digest, body, fingerprint, windowMs, max bytes. */
export const CREATE = `${SHARED}
local r = remembered(ARGV[8])
if r then return r.same and { 'duplicate', r.id, r.seq } or { 'key-reused' } end
if h.sc then return { 'exists' } end
if #ARGV[7] > tonumber(ARGV[10]) then return { 'too-large' } end
for _, name in ipairs({ 'sq', 'ts', 'by', 'cl', 'dn', 'au', 'ca', 'ep', 'lu', 'cp', 'at', 'sb', 'pq', 'qs', 'qm', 'cu' }) do
  set(name, 0)
end
set('sc', ARGV[2]); set('cx', ARGV[3]); set('am', ARGV[4]); set('md', ARGV[6]); set('li', '')
set('in', 1); set('mi', 1); set('fs', 1)
add(0, ARGV[7]); moveTo(ARGV[5])
redis.call('RPUSH', KEYS[3], 1); redis.call('ZADD', KEYS[4], now, id)
remember(1, ARGV[8], ARGV[9]); save()
return { 'ok', id, 1, h.ts }`;

/** ARGV: id, scope, kind, body, digest, body of WORKING, max bytes, fingerprint, windowMs, 1 for a task that waits. */
export const INPUT = `${SHARED}
if h.sc ~= ARGV[2] then return { 'not-found' } end
local kind, body, digest = ARGV[3], ARGV[4], ARGV[5]
local r = remembered(ARGV[8])
if r then
  if r.same and r.id == id then return { 'duplicate', r.seq, h.cl, 0 } end
  return { 'key-reused', h.st }
end
if h.cl == 1 then return { 'closed', h.st } end
if h.ca > 0 then return { 'cancelling', h.st } end
if kind == 'resume' and h.st ~= AUTH then return { 'not-waiting', h.st } end
if kind == 'input' and digest == h.md and h.au < h.mi then
  remember(h.mi, ARGV[8], ARGV[9])
  return { 'duplicate', h.mi, 0, 0 }
end
if ARGV[10] == '1' and not WAITS[h.st] then return { 'busy', h.st } end
if h.by + #body > tonumber(ARGV[7]) then return { 'too-large', h.st } end
add(0, body)
local seq = h.sq
set('in', seq); redis.call('RPUSH', KEYS[3], seq)
if kind == 'input' then set('mi', seq); set('md', digest) end
if WAITS[h.st] then add(0, ARGV[6]); moveTo(WORKING) end
if not live() then redis.call('ZADD', KEYS[4], 'LT', now, id) end
remember(seq, ARGV[8], ARGV[9]); save()
return written(seq, seq, 0)`;

/** ARGV: id, scope, graceMs, body of cancel, body of CANCELED. */
export const CANCEL = `${SHARED}
if h.sc ~= ARGV[2] then return { 'not-found' } end
if h.cl == 1 then return { 'closed', h.st } end
if h.ca > 0 then return { 'duplicate', h.ca, 0, 0 } end
add(0, ARGV[4])
set('ca', h.sq)
if live() then
  set('lu', math.min(h.lu, now + tonumber(ARGV[3]))); set('cp', 1)
  redis.call('ZADD', KEYS[4], h.lu, id)
else
  add(0, ARGV[5]); moveTo(CANCELED); close()
end
save()
return written(h.ca, h.ca, 0)`;

/** ARGV: id, lease id, producerSeq, max bytes, body of WORKING, then per entry: kind, state, upTo, pause, body. */
export const APPEND = `${SHARED}
if not h.sc then return { 'not-found' } end
local pseq, size, FROM, LAST = tonumber(ARGV[3]), h.by, 6, #ARGV - 4
if h.li ~= ARGV[2] then return { 'fenced', h.st } end
-- also where that append ended the lease: its answer was lost, not its effect
if pseq <= h.pq then return { 'duplicate', h.qs, h.cl, pseq == h.pq and h.qm or 0 } end
if h.cl == 1 then return { 'closed', h.st } end
if h.cu == 0 then return { 'fenced', h.st } end
if pseq > h.pq + 1 then return { 'gap', h.st } end
local counted, closing = false, #ARGV > FROM and (ARGV[LAST] == 'message' or ENDS[ARGV[LAST + 1]])
for i = FROM, #ARGV, 5 do
  local kind, state, body = ARGV[i], ARGV[i + 1], ARGV[i + 4]
  local ends = kind == 'message' or ENDS[state]
  if ends and i < LAST then return { 'closed', h.st } end
  if ARGV[i + 3] ~= '' and i < LAST and not closing then return { 'fenced', h.st } end
  -- an end, and the start of a run that may come to one, always fit
  if kind ~= 'start' and not ends then size = size + #body; counted = true end
end
if counted and size > tonumber(ARGV[4]) then return { 'too-large', h.st } end
local first, state, upTo, pause = h.sq + 1, '', h.dn, ''
for i = FROM, #ARGV, 5 do
  add(h.ep, ARGV[i + 4])
  if ARGV[i] == 'start' then set('sb', 1) end
  if ARGV[i + 1] ~= '' then state = ARGV[i + 1] end
  if ARGV[i + 2] ~= '' then upTo = tonumber(ARGV[i + 2]); set('au', math.max(h.au, upTo)) end
  pause = ARGV[i + 3]
end
local more = pause ~= '' and h['in'] > math.max(h.dn, upTo)
if more then add(h.ep, ARGV[5]); state = WORKING end
if state ~= '' then moveTo(state) end
set('pq', pseq); set('qs', h.sq); set('qm', more and 1 or 0)
if closing then close() end
if pause ~= '' then
  set('dn', math.max(h.dn, upTo)); set('sb', 0); set('at', more and 1 or 0)
  while tonumber(redis.call('LINDEX', KEYS[3], 0) or math.huge) <= upTo do redis.call('LPOP', KEYS[3]) end
  if not more then
    set('cu', 0)
    -- a cancel is not lost to a pause
    if h.ca > 0 then redis.call('ZADD', KEYS[4], now, id)
    elseif pause == 'never' then redis.call('ZREM', KEYS[4], id)
    else redis.call('ZADD', KEYS[4], now + tonumber(pause), id) end
  end
end
save()
return written(h.sq, first, h.ep, h.qm)`;

/** The oldest due ids by the server's clock. KEYS: due. ARGV: how many. */
export const DUE = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
return redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])`;

/** ARGV: id, lease id, leaseMs. Nil when the task is not due any more. */
export const CLAIM_ONE = `${SHARED}
local due = redis.call('ZSCORE', KEYS[4], id)
if not due or tonumber(due) > now then return false end
if not h.sc or h.cl == 1 then redis.call('ZREM', KEYS[4], id); return false end
local reason = h.dn >= h['in'] and h.ca == 0 and 'deadline' or h.cu == 1 and 'lease-expired' or 'work'
set('ep', h.ep + 1); set('li', ARGV[2]); set('lu', now + tonumber(ARGV[3])); set('at', h.at + 1)
set('pq', 0); set('qs', 0); set('qm', 0); set('cu', 1); set('cp', h.ca > 0 and 1 or 0)
redis.call('ZADD', KEYS[4], h.lu, id)
local pending = {}
for _, seq in ipairs(redis.call('LRANGE', KEYS[3], 0, -1)) do
  pending[#pending + 1] = redis.call('XRANGE', KEYS[2], seq .. '-0', seq .. '-0')[1]
end
save()
local newest = redis.call('XRANGE', KEYS[2], h.mi .. '-0', h.mi .. '-0')[1]
return { id, ARGV[2], h.ep, h.sc, h.cx, h.am, h.dn, h.at, h.sb, h.ca, reason, pending, newest, h.sq }`;

/** ARGV: id, lease id, leaseMs. */
export const RENEW = `${SHARED}
if h.li ~= ARGV[2] or h.cu == 0 then return false end
if h.cp == 0 then
  set('lu', math.max(h.lu, now + tonumber(ARGV[3]))); save()
  redis.call('ZADD', KEYS[4], h.lu, id)
end
return { math.max(0, h.lu - now), h.ca, h['in'] }`;

/** ARGV: id, lease id, delayMs, clean. */
export const RELEASE = `${SHARED}
if h.li ~= ARGV[2] or h.cu == 0 then return 0 end
-- a cancel does not wait
local at = h.ca > 0 and now or now + tonumber(ARGV[3])
set('cu', 0)
if ARGV[4] == '1' then set('at', 0); set('sb', 0) end
redis.call('ZADD', KEYS[4], at, id); save()
return 1`;

/** KEYS: header, log. ARGV: scope or ''. */
export const LOAD = `
local h = redis.call('HMGET', KEYS[1], 'sc', 'am', 'sq', 'ts', 'cl', 'fs')
if not h[1] or (ARGV[1] ~= '' and ARGV[1] ~= h[1]) then return false end
return { h, redis.call('XRANGE', KEYS[2], '-', '+') }`;

/** KEYS: header, log. ARGV: after, limit, maxBytes. */
export const READ = `
local h = redis.call('HMGET', KEYS[1], 'sq', 'fs', 'cl')
local out, bytes, last = {}, 0, '(' .. ARGV[1] .. '-0'
local limit, max = tonumber(ARGV[2]), tonumber(ARGV[3])
while h[1] and #out < limit do
  local page = redis.call('XRANGE', KEYS[2], last, '+', 'COUNT', math.min(32, limit - #out))
  if #page == 0 then break end
  for _, entry in ipairs(page) do
    bytes = bytes + #entry[2][6]
    if #out > 0 and bytes > max then return { h, out } end
    out[#out + 1] = entry
  end
  last = '(' .. out[#out][1]
end
return { h, out }`;
