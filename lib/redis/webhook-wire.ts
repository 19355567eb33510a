import type { PushRegistration, StoredPush } from '../core/push-storage.ts';
import { parseStored } from './format.ts';
import { escapeText, unescapeText } from './keys.ts';
import { text } from './wire.ts';

/** What the scripts keep of a webhook beside its registration, as far as it is read here. */
interface WebhookState {
  readonly id: string;
  readonly nth: number;
  readonly fa: number;
  readonly re?: string;
  readonly di?: true;
}

/** The arguments for a webhook: its id and all of it. Both empty for none. */
export function webhookArgs(registration: PushRegistration | undefined): readonly string[] {
  if (registration === undefined) return ['', ''];
  return [escapeText(registration.config.id), JSON.stringify(registration)];
}

/** The webhooks in a hash as HGETALL gives it, in the order of their numbers. */
export function storedWebhooks(reply: readonly string[]): readonly StoredPush[] {
  const fields = new Map<string, string>();
  for (let i = 0; i < reply.length; i += 2) fields.set(reply[i] ?? '', reply[i + 1] ?? '');
  // the scripts wrote it
  const states = JSON.parse(fields.get('s') ?? '[]') as readonly WebhookState[];
  return [...states]
    .sort((a, b) => a.nth - b.nth)
    .map(({ nth, fa, re, di }) => ({
      ...registrationOf(fields.get(String(nth))),
      ...{ nth, failures: fa, disabled: di === true },
      ...(re !== undefined && { reason: unescapeText(re) }),
    }));
}

/** What `webhookArgs` wrote. */
export function registrationOf(stored: unknown): PushRegistration {
  return parseStored(text(stored)) as PushRegistration;
}
