import { SHARED } from './shared.ts';
import { WEBHOOKS } from './webhooks.ts';

/**
 * `save`. The head of the log and the room are looked up in the step that stores the webhook: an entry is before it or for
 * it, and never both or neither.
 *
 * ARGV: id, scope, id of the webhook, webhook, most webhooks.
 */
export const SAVE_PUSH = `${SHARED}${WEBHOOKS}
if h.sc ~= ARGV[2] or h.am ~= 'task' then return 'not-found' end
local hooks = webhooks()
if not put(hooks, ARGV[3], ARGV[4], h.sq, ARGV[5]) then return 'full' end
keep(hooks); save()
return 'saved'`;

/**
 * All webhooks of a task, as of one moment; nil for an unknown task, and for one of another scope.
 *
 * KEYS: header, webhooks. ARGV: scope.
 */
export const LIST_PUSH = `
local h = redis.call('HMGET', KEYS[1], 'sc', 'am')
if h[1] ~= ARGV[1] or h[2] ~= 'task' then return false end
return redis.call('HGETALL', KEYS[2])`;

/**
 * `delete`. Whose lease it is does not matter: it ends in the step that removes the webhook, so that its holder moves nothing
 * afterwards.
 *
 * ARGV: id, scope, id of the webhook.
 */
export const DELETE_PUSH = `${SHARED}${WEBHOOKS}
if h.sc ~= ARGV[2] or h.am ~= 'task' then return 0 end
local hooks = webhooks()
local it, i = find(hooks, ARGV[3])
if not it then return 1 end
table.remove(hooks, i); redis.call('HDEL', KEYS[5], it.nth)
keep(hooks); save()
return 1`;

/**
 * Takes the due webhooks of one task, those that were looked after longest ago first. Whether one is due is looked up in the
 * step that leases it, so of many senders one gets it. A task that is gone, or has none that is due, is not due any more;
 * nor is one for this agent that now has another, as its id was taken again.
 *
 * ARGV: id, token, leaseMs, limit, what scopes of the agent begin with.
 */
export const CLAIM_PUSH = `${SHARED}${WEBHOOKS}
if not h.sc or string.sub(h.sc, 1, #ARGV[5]) ~= ARGV[5] then redis.call('ZREM', KEYS[6], id); return false end
local hooks, taken = webhooks(), {}
for _, it in ipairs(hooks) do
  local at = dueAt(it)
  if at and at <= now and #taken < tonumber(ARGV[4]) then
    it.to = ARGV[2]; it.un = now + tonumber(ARGV[3])
    local failing = it.fa > 0 and math.max(0, now - it.si) or 0
    taken[#taken + 1] = { it.id, redis.call('HGET', KEYS[5], it.nth), it.cu, it.fa, failing }
  end
end
keep(hooks); save()
return { h.sc, h.cx, taken }`;

/**
 * What the scripts of a sender begin with. The token is compared in the step that writes: a sender whose lease was replaced,
 * or whose webhook was, moves nothing. Whoever was looked after goes to the end of the list.
 *
 * ARGV: id, id of the webhook, token.
 */
const HELD = `${SHARED}${WEBHOOKS}
if not h.sc then return 0 end
local hooks = webhooks()
local it, i = find(hooks, ARGV[2])
if not it or it.to ~= ARGV[3] then return 0 end
table.remove(hooks, i); hooks[#hooks + 1] = it
local function letGo(waitUntil) it.to = nil; it.un = nil; it.wa = waitUntil end
local function fail(reason)
  if it.fa == 0 then it.si = now end
  it.fa = it.fa + 1; it.re = reason
end`;

/**
 * `ack`. Cursor, failures and lease change together, and what has come meanwhile makes the webhook due in the same step.
 *
 * ARGV: as HELD, then cursor, leaseMs ('' gives it back).
 */
export const ACK_PUSH = `${HELD}
it.cu = math.max(it.cu, tonumber(ARGV[4])); it.fa = 0; it.si = nil; it.re = nil
if ARGV[5] == '' then letGo(now) else it.un = now + tonumber(ARGV[5]) end
keep(hooks); save()
return 1`;

/**
 * `retry`. The lease ends in the step that sets the time of the next attempt, so that nobody tries earlier.
 *
 * ARGV: as HELD, then delayMs, 1 for a failure, why.
 */
export const RETRY_PUSH = `${HELD}
if ARGV[5] == '1' then fail(ARGV[6]) end
letGo(now + tonumber(ARGV[4])); keep(hooks); save()
return 1`;

/**
 * `disable`. The lease ends in the step that ends the sending, so that nobody sends once more.
 *
 * ARGV: as HELD, then why.
 */
export const DISABLE_PUSH = `${HELD}
fail(ARGV[4]); it.di = true
letGo(now); keep(hooks); save()
return 1`;
