import { SHARED } from './shared.ts';

/**
 * The ids that are due by the server's clock, the oldest first. Only a guess: CLAIM_ONE looks again. Two steps, since a
 * script may touch no key that was not declared, and which tasks are due is known only after this one.
 *
 * KEYS: due. ARGV: how many.
 */
export const DUE = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
return redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])`;

/**
 * Takes one task, or nil when it is not due any more. Looks at the due time in the step that moves it to the lease's end, so
 * of many claimers one gets the task.
 *
 * ARGV: id, lease id, leaseMs.
 */
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
return { ARGV[2], h.ep, h.sc, h.cx, h.am, h.dn, h.at, h.sb, h.ca, reason, pending, newest, h.sq }`;

/**
 * `renew`. Compares the lease in the step that moves its end: a lease that was replaced a moment ago moves nothing.
 *
 * ARGV: id, lease id, leaseMs.
 */
export const RENEW = `${SHARED}
if h.li ~= ARGV[2] or h.cu == 0 then return false end
if h.cp == 0 then
  set('lu', math.max(h.lu, now + tonumber(ARGV[3]))); save()
  redis.call('ZADD', KEYS[4], h.lu, id)
end
return { math.max(0, h.lu - now), h.ca, h['in'] }`;

/**
 * `release`. Compares the lease in the step that gives it up, so that nobody gives up another's.
 *
 * ARGV: id, lease id, delayMs, clean.
 */
export const RELEASE = `${SHARED}
if h.li ~= ARGV[2] or h.cu == 0 then return 0 end
-- a cancel does not wait
local at = h.ca > 0 and now or now + tonumber(ARGV[3])
set('cu', 0)
if ARGV[4] == '1' then set('at', 0); set('sb', 0) end
redis.call('ZADD', KEYS[4], at, id); save()
return 1`;
