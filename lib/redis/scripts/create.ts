import { SHARED } from './shared.ts';
import { WEBHOOKS } from './webhooks.ts';

/**
 * `createTask`. Whether the call, the name and the room are free is looked up in the step that takes them: of two calls with
 * one key or one id, one makes the task. Header, first entry, list rows, due time, webhook and idempotency key
 * appear together.
 *
 * ARGV: id, scope, contextId, answers, state, digest, body, fingerprint, windowMs, max bytes, max active tasks, id
 * of the webhook ('' none), webhook.
 */
export const CREATE = `${SHARED}${WEBHOOKS}
local r = remembered(ARGV[8])
if r then return r.same and { 'duplicate', r.id, r.seq } or { 'key-reused' } end
if h.sc then return { 'exists' } end
if tonumber(redis.call('GET', KEYS[10]) or 0) >= tonumber(ARGV[11]) then return { 'full' } end
if #ARGV[7] > tonumber(ARGV[10]) then return { 'too-large' } end
-- what an earlier task of this name may have left
redis.call('DEL', KEYS[2], KEYS[3], KEYS[5], KEYS[11]); redis.call('ZREM', KEYS[6], id)
for _, name in ipairs({ 'sq', 'ts', 'by', 'ck', 'kb', 'cl', 'dn', 'au', 'ca', 'ep', 'lu', 'cp', 'at', 'sb', 'pq', 'qs', 'qm', 'cu', 'vs', 'np', 'pi' }) do
  set(name, 0)
end
set('sc', ARGV[2]); set('cx', ARGV[3]); set('am', ARGV[4]); set('md', ARGV[6]); set('li', '')
set('in', 1); set('mi', 1); set('fs', 1)
add(0, ARGV[7]); moveTo(ARGV[5])
if ARGV[12] ~= '' then
  local hooks = {}
  put(hooks, ARGV[12], ARGV[13], h.sq, 1); keep(hooks)
end
redis.call('RPUSH', KEYS[3], 1); redis.call('ZADD', KEYS[4], now, id); redis.call('INCR', KEYS[10])
remember(1, ARGV[8], ARGV[9]); save()
return { 'ok', id, 1, h.ts }`;
