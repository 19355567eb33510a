import { SHARED } from './shared.ts';

/**
 * `append`. Lease, producer sequence, end and size are checked in the step that writes: a holder that was replaced writes
 * nothing, a repeated call adds nothing, and of two ends one is stored. A pause compares with the newest input in the same
 * step (see INPUT).
 *
 * ARGV: id, lease id, producerSeq, max bytes, body of WORKING, finishedMs, most entries of a log, then per entry: kind,
 * state, upTo, pause, body.
 */
export const APPEND = `${SHARED}
if not h.sc then return { 'not-found' } end
local pseq, size, FROM, LAST = tonumber(ARGV[3]), h.by, 8, #ARGV - 4
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
if counted and size > tonumber(ARGV[4]) then return { 'too-large', h.st, h.by - h.kb } end
local first, state, upTo, pause = h.sq + 1, '', h.dn, ''
for i = FROM, #ARGV, 5 do
  local kind, body = ARGV[i], ARGV[i + 4]
  add(h.ep, body, kind == 'status' or kind == 'artifact' or kind == 'message')
  if kind == 'start' then set('sb', 1) end
  -- at the time of this entry, which the next one of the batch may not share
  if ARGV[i + 1] ~= '' then state = ARGV[i + 1]; moveTo(state) end
  if ARGV[i + 2] ~= '' then upTo = tonumber(ARGV[i + 2]); set('au', math.max(h.au, upTo)) end
  pause = ARGV[i + 3]
end
local more = pause ~= '' and h['in'] > math.max(h.dn, upTo)
if more then add(h.ep, ARGV[5], true); moveTo(WORKING) end
set('pq', pseq); set('qs', h.sq); set('qm', more and 1 or 0)
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
if closing then close(ARGV[6]) end
save()
return written(h.sq, first, h.ep, h.qm, outgrown(ARGV[7]))`;
