import { ConfigError } from '../core/config-error.ts';
import { type AddressPolicyOptions, createAddressPolicy } from '../push/address-policy.ts';
import type { CardKey } from '../core/signing-key.ts';
import { createPushSigner, type PublicKeySet, type PushSigner, type SignPush } from '../push/sign.ts';

/** How webhooks are posted to. */
export interface PushSendOptions extends Pick<
  AddressPolicyOptions,
  'allowHosts' | 'allowPrivate' | 'allowHttp' | 'lookup'
> {
  /**
   * Keys that sign notifications: the first one signs, and the router publishes the public half of all at
   * `.well-known/jwks.json` below its mount. Or a function that gives the headers which prove where a notification comes
   * from. @defaultValue none
   */
  readonly sign?: CardKey | readonly CardKey[] | SignPush;
  /** How long one POST may take, in ms, from 1000 to 300000 (§13.2 asks for 10 to 30 s). @defaultValue 15000 */
  readonly timeoutMs?: number;
  /** Webhooks that this process posts to at the same time. @defaultValue 100 */
  readonly concurrency?: number;
}

/** Push notifications of a router (§3.5). */
export interface PushOptions extends PushSendOptions {
  /** Whether this process posts; false where one of its own does, started with `startPushSender`. @defaultValue true */
  readonly send?: boolean;
  /** Whether tokens and credentials are kept back when the owner reads a webhook, too. @defaultValue false */
  readonly redactCredentials?: boolean;
}

/** The options with their defaults. */
export interface PushSettings {
  readonly policy: ReturnType<typeof createAddressPolicy>;
  readonly sign?: SignPush;
  /** The public keys, where we sign. */
  readonly keySet?: PublicKeySet;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly send: boolean;
  readonly redactCredentials: boolean;
}

const KNOWN = {
  allowHosts: (value) => Array.isArray(value) || 'must be a list of hosts',
  allowPrivate: aBoolean,
  allowHttp: aBoolean,
  lookup: aFunction,
  sign: (value) =>
    typeof value === 'function' ||
    (typeof value === 'object' && value !== null) ||
    'must be a key, { key, kid }, a list of them, or a function',
  timeoutMs: wholeNumber(1000, 300_000, ', in ms'),
  concurrency: wholeNumber(1, 10_000, ''),
  send: aBoolean,
  redactCredentials: aBoolean,
} satisfies Record<keyof PushOptions, (value: unknown) => true | string>;

/** Reads the options. Throws a ConfigError for a wrong one; `prefix` says where they stand among the options. */
export function readPushOptions(
  given: PushOptions,
  prefix: string,
  known = Object.keys(KNOWN),
): PushSettings {
  for (const [name, value] of Object.entries(given)) {
    if (!known.includes(name) || !Object.hasOwn(KNOWN, name)) {
      const text = `There is no option \`${prefix}${name}\`: remove it, or use one of ${known.join(', ')}`;
      throw new ConfigError('ERR_A2A_OPTION_UNKNOWN', text);
    }
    const fault = value === undefined || KNOWN[name as keyof PushOptions](value); // one of its keys
    if (fault !== true) throw new ConfigError('ERR_A2A_OPTIONS', `Option \`${prefix}${name}\` ${fault}`);
  }
  const { allowHosts, allowPrivate, allowHttp, lookup } = given;
  return {
    policy: createAddressPolicy({
      ...(allowHosts && { allowHosts }),
      ...(allowPrivate !== undefined && { allowPrivate }),
      ...(allowHttp !== undefined && { allowHttp }),
      ...(lookup && { lookup }),
    }),
    ...readSigning(given.sign),
    timeoutMs: given.timeoutMs ?? 15_000,
    concurrency: given.concurrency ?? 100,
    send: given.send ?? true,
    redactCredentials: given.redactCredentials ?? false,
  };
}

/** A function may have a key set as well: one that `createPushSigner` made. */
function readSigning(sign: PushOptions['sign']): Pick<PushSettings, 'sign' | 'keySet'> {
  if (sign === undefined) return {};
  const signer = typeof sign === 'function' ? sign : createPushSigner(sign);
  return { sign: signer, ...(hasKeys(signer) && { keySet: signer.keySet }) };
}

function hasKeys(signer: SignPush): signer is PushSigner {
  return 'keySet' in signer;
}

function aBoolean(value: unknown): true | string {
  return typeof value === 'boolean' || 'must be true or false';
}

function aFunction(value: unknown): true | string {
  return typeof value === 'function' || 'must be a function';
}

function wholeNumber(min: number, max: number, unit: string): (value: unknown) => true | string {
  return (value) =>
    (Number.isInteger(value) && Number(value) >= min && Number(value) <= max) ||
    `must be a whole number from ${String(min)} to ${String(max)}${unit}`;
}
