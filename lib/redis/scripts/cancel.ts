import { SHARED } from './shared.ts';

/**
 * `requestCancel`. Whether somebody runs the task is decided in the step that ends it or caps the lease: a task is never
 * canceled under a live lease, and never left to a lease that has just ended.
 *
 * ARGV: id, scope, graceMs, body of cancel, body of CANCELED, finishedMs.
 */
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
  add(0, ARGV[5], true); moveTo(CANCELED); close(ARGV[6])
end
save()
return written(h.ca, h.ca, 0)`;
