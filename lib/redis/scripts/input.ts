import { SHARED } from './shared.ts';
import { WEBHOOKS } from './webhooks.ts';

/**
 * `addInput`. Looks at the lease in the step that stores the message: either the holder's pause sees the message and goes
 * on, or the message sees no lease and makes the task due. So no message is left behind by a race. A webhook that comes with it
 * is stored with it or not at all, and stands at the message, so that all that follows is for it.
 *
 * ARGV: id, scope, kind, body, digest, body of WORKING, max bytes, fingerprint, windowMs, 1 for a task that waits, most
 * entries of a log, id of the webhook ('' none), webhook, most webhooks.
 */
export const INPUT = `${SHARED}${WEBHOOKS}
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
if h.by + #body > tonumber(ARGV[7]) then return { 'too-large', h.st, h.by - h.kb } end
local hooks = ARGV[12] ~= '' and webhooks()
if hooks and not put(hooks, ARGV[12], ARGV[13], h.sq + 1, ARGV[14]) then return { 'push-full', h.st } end
add(0, body)
local seq = h.sq
set('in', seq); redis.call('RPUSH', KEYS[3], seq)
if kind == 'input' then set('mi', seq); set('md', digest) end
if WAITS[h.st] then add(0, ARGV[6], true); moveTo(WORKING) end
if hooks then keep(hooks) end
if not live() then redis.call('ZADD', KEYS[4], 'LT', now, id) end
remember(seq, ARGV[8], ARGV[9]); save()
return written(seq, seq, 0, 0, outgrown(ARGV[11]))`;
