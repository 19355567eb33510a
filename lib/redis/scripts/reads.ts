/**
 * Header, checkpoint and the entries after it, of one moment: together they are the task as of the header's seq. Nil for an
 * unknown task, and for one of another scope.
 *
 * KEYS: header, log, checkpoint. ARGV: scope or ''.
 */
export const LOAD = `
local h = redis.call('HMGET', KEYS[1], 'sc', 'am', 'sq', 'ts', 'cl', 'fs', 'ck', 'by', 'ss', 'st')
if not h[1] or (ARGV[1] ~= '' and ARGV[1] ~= h[1]) then return false end
-- a log whose time is over begins after its end
if redis.call('EXISTS', KEYS[2]) == 0 then h[6] = tostring(h[3] + 1) end
local checkpoint = tonumber(h[7]) > 0 and redis.call('GET', KEYS[3])
return { h, checkpoint, redis.call('XRANGE', KEYS[2], '(' .. h[7] .. '-0', '+') }`;

/**
 * A page of the log with the header of the same moment, so that a reader knows whether it has read to the end.
 *
 * KEYS: header, log. ARGV: after, limit, maxBytes.
 */
export const READ = `
local h = redis.call('HMGET', KEYS[1], 'sq', 'fs', 'cl')
if h[1] and redis.call('EXISTS', KEYS[2]) == 0 then h[2] = tostring(h[1] + 1) end
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

/**
 * A page of a list and how many rows there are in all, of one moment. All rows have one score, so they are in the order of
 * their text: filter, status time, id.
 *
 * KEYS: list. ARGV: lowest row, highest row, after (the same where the page is the first), limit.
 */
export const LIST = `
local total = redis.call('ZLEXCOUNT', KEYS[1], ARGV[1], ARGV[2])
return { total, redis.call('ZRANGE', KEYS[1], ARGV[3], ARGV[1], 'BYLEX', 'REV', 'LIMIT', 0, ARGV[4]) }`;
