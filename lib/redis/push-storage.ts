import { randomUUID } from 'node:crypto';
import type { Scope, TaskId } from '../core/log.ts';
import type { ClaimedPush, PushLease, PushStorage } from '../core/push-storage.ts';
import { agentText, escapeText, scopeText, unescapeText } from './keys.ts';
import { LEFT_MS } from './leases.ts';
import { DUE } from './scripts/leases.ts';
import {
  ACK_PUSH,
  CLAIM_PUSH,
  DELETE_PUSH,
  DISABLE_PUSH,
  LIST_PUSH,
  RETRY_PUSH,
  SAVE_PUSH,
} from './scripts/push.ts';
import type { StorageParts } from './storage.ts';
import { registrationOf, storedWebhooks, webhookArgs } from './webhook-wire.ts';
import { list, number, oneOf, text } from './wire.ts';

type PushParts = Omit<StorageParts, 'checkpoints'>;
type ClaimBy = Parameters<PushStorage['claim']>[0];
type GiveBack = (lease: PushLease) => Promise<unknown>;
type TakenPush = Omit<ClaimedPush, 'registration'> & { readonly stored: unknown };

const SAVED = ['saved', 'not-found', 'full'] as const;

/** Webhooks on a Redis server, each method a step of its own; `claim` is one for each task. */
export function createPushStorage(parts: PushParts): PushStorage {
  const { commands, keys, homes, settings } = parts;

  /** Runs a script for the owner of a task; undefined where it is another's, or unknown. */
  async function runFor(scope: Scope, taskId: TaskId, script: string, ...args: readonly (string | number)[]) {
    const home = await homes.find(taskId);
    if (home?.scope !== scopeText(scope)) return undefined;
    return commands.run(script, keys.ofWrite(taskId, home), escapeText(taskId), home.scope, ...args);
  }

  async function runHeld(
    { taskId, id, token }: PushLease,
    script: string,
    ...args: readonly (string | number)[]
  ): Promise<boolean> {
    const home = await homes.find(taskId);
    if (home === undefined) return false;
    const held = [escapeText(taskId), escapeText(id), token];
    return (await commands.run(script, keys.ofWrite(taskId, home), ...held, ...args)) === 1;
  }

  return {
    async save(scope, registration) {
      const { taskId } = registration.config;
      const args = [...webhookArgs(registration), settings.limits.webhooks];
      const reply = await runFor(scope, taskId, SAVE_PUSH, ...args);
      return reply === undefined ? 'not-found' : oneOf(SAVED, reply);
    },
    async list(scope, taskId) {
      const declared = [keys.header(taskId), keys.webhooks(taskId)];
      const reply = await commands.run(LIST_PUSH, declared, scopeText(scope));
      return reply === null ? undefined : storedWebhooks(list(reply).map(text));
    },
    delete: async (scope, taskId, id) => (await runFor(scope, taskId, DELETE_PUSH, escapeText(id))) === 1,
    claim: (by) => claim(parts, by, (lease) => runHeld(lease, RETRY_PUSH, LEFT_MS, 0, '')),
    ack: (lease, cursor, leaseMs) => runHeld(lease, ACK_PUSH, cursor, leaseMs ?? ''),
    retry: (lease, delayMs, reason) =>
      runHeld(lease, RETRY_PUSH, delayMs, reason === undefined ? 0 : 1, escapeText(reason ?? '')),
    disable: (lease, reason) => runHeld(lease, DISABLE_PUSH, escapeText(reason)),
  };
}

/** Looks at which tasks webhooks are due, then takes those of each task in a step of its own, until there is room for no more. */
async function claim(parts: PushParts, by: ClaimBy, giveBack: GiveBack) {
  const { commands, keys, settings } = parts;
  const claimed: ClaimedPush[] = [];
  while (claimed.length < by.limit) {
    const room = by.limit - claimed.length;
    const found = list(await commands.run(DUE, [keys.dueWebhooks(by.agent)], room));
    if (found.length === 0) break;
    const share = Math.floor(room / found.length);
    const taken = await Promise.all(found.map((it) => take(parts, unescapeText(text(it)), by, share)));
    for (const { lease, stored, ...place } of taken.flat()) {
      try {
        claimed.push({ lease, registration: registrationOf(stored), ...place });
      } catch (error) {
        settings.logger.error(
          { err: error, taskId: lease.taskId },
          'a webhook that can not be read is left to other senders',
        );
        await giveBack(lease);
      }
    }
  }
  return claimed;
}

async function take(
  { commands, keys, homes }: PushParts,
  taskId: TaskId,
  { agent, leaseMs }: ClaimBy,
  limit: number,
): Promise<readonly TakenPush[]> {
  const declared = [
    ...[keys.header(taskId), keys.log(taskId), keys.pending(taskId), keys.due(agent)],
    ...[keys.webhooks(taskId), keys.dueWebhooks(agent)],
  ];
  // one for all that are taken together: a lease is this and the id of the webhook
  const token = randomUUID();
  const args = [escapeText(taskId), token, leaseMs, limit, agentText(agent)];
  const reply = await commands.run(CLAIM_PUSH, declared, ...args);
  if (reply === null) return [];
  const [scope, contextId, taken] = list(reply);
  homes.remember(taskId, { scope: text(scope), contextId: unescapeText(text(contextId)) });
  return list(taken).map((it) => {
    const [id, stored, cursor, failures, failingMs] = list(it);
    return {
      lease: { taskId, id: unescapeText(text(id)), token },
      stored,
      cursor: number(cursor),
      failures: number(failures),
      failingMs: number(failingMs),
    };
  });
}
