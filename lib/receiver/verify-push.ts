import { type PushErrorCode, PushError } from './push-error.ts';
import { readRaw } from './raw-push.ts';
import { memoryReplayStore, type ReplayStore } from './replay-store.ts';

/** Public keys (RFC 7517 §5). */
export interface PushKeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** Whom a receiver believes. Times are in ms. */
export interface PushVerifierOptions {
  /** The keys of the agent. Either this or `jwksUrl`. */
  readonly jwks?: PushKeySet;
  /** Where the agent publishes its keys: `.well-known/jwks.json` below its mount. Asked when needed, and kept. */
  readonly jwksUrl?: string;
  /** The URL of this webhook as the agent knows it, or several. One without a query fits any query. */
  readonly audience: string | readonly string[];
  /** How old a signature may be. @defaultValue 5 minutes */
  readonly maxAgeMs?: number;
  /** How far the clock of the agent may be ahead. @defaultValue 1 minute */
  readonly toleranceMs?: number;
  /** @defaultValue `memoryReplayStore()` */
  readonly replay?: ReplayStore;
  /** Wall clock. @defaultValue `Date.now` */
  readonly now?: () => number;
}

/**
 * A notification as it came: a Request of the fetch standard, or headers and the body as it was sent. With Express that
 * is `req` behind `express.raw({ type: () => true })`.
 */
export type ReceivedPush =
  | Request
  | {
      readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
      readonly body?: unknown;
    };

/** A notification that the agent has sent, to this webhook, lately, and that comes for the first time. */
export interface VerifiedPush {
  /** `A2A-Notification-Id`: the same when it is sent again. */
  readonly id: string;
  readonly issuedAt: Date;
  readonly audience: string;
  readonly kid: string | undefined;
  /** The body as text. */
  readonly body: string;
}

interface Claims {
  readonly iat: number;
  readonly jti: string;
  readonly aud: string;
  readonly notification_id: string;
  readonly request_body_sha256: string;
}

/** No algorithm with a shared secret, and not `none`. */
const ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
];
const TYPE = 'a2a-push+jwt';
const LONGEST = 16_384;
const LONGEST_ID = 256;

/**
 * Makes the check of notifications: who sent it, that nobody changed it, that it is for this webhook, and that it has not
 * come before. The check rejects with a PushError that has a `code` and a `status`. A sender that tries again signs anew,
 * so its notification passes again: take each `id` once. Throws a TypeError for options that can not work.
 */
export function createPushVerifier(
  options: PushVerifierOptions,
): (push: ReceivedPush) => Promise<VerifiedPush> {
  const { maxAgeMs = 300_000, toleranceMs = 60_000, now = () => Date.now() } = options;
  const { replay = memoryReplayStore({ now }) } = options;
  const audiences = [options.audience].flat().map(readAudience);
  if (audiences.length === 0) throw new TypeError('`audience` must be the URL of the webhook');
  const check = signatureCheck(options);

  return async (push) => {
    const { signature, id, bytes } = await readRaw(push);
    if (signature === undefined || signature === '')
      throw new PushError('ERR_A2A_PUSH_UNSIGNED', 'The notification has no A2A-Notification-Signature');
    const { payload, protectedHeader } = await check(signature);
    const claims = readClaims(payload);
    if (protectedHeader.typ !== TYPE) throw malformed(`its type is not ${TYPE}`);
    if (claims.request_body_sha256 !== (await sha256(bytes)))
      throw new PushError('ERR_A2A_PUSH_BODY', 'The body is not the one that was signed');
    if (!audiences.some((fits) => fits(claims.aud)))
      throw new PushError('ERR_A2A_PUSH_AUDIENCE', 'The notification was signed for another webhook');
    if (id !== undefined && id !== claims.notification_id)
      throw new PushError('ERR_A2A_PUSH_ID', 'A2A-Notification-Id is not the one that was signed');
    const issuedAt = claims.iat * 1000;
    if (issuedAt < now() - maxAgeMs)
      throw new PushError('ERR_A2A_PUSH_TOO_OLD', 'The notification was signed too long ago');
    if (issuedAt > now() + toleranceMs)
      throw new PushError(
        'ERR_A2A_PUSH_TOO_NEW',
        'The notification was signed in the future: compare the clocks',
      );
    // last, so that only what is good is remembered
    if (!(await replay.add(claims.jti, issuedAt + maxAgeMs)))
      throw new PushError('ERR_A2A_PUSH_REPLAYED', 'This very request has come before');
    return {
      id: claims.notification_id,
      issuedAt: new Date(issuedAt),
      audience: claims.aud,
      kid: protectedHeader.kid,
      body: new TextDecoder().decode(bytes),
    };
  };
}

interface Verified {
  readonly payload: Uint8Array;
  readonly protectedHeader: { readonly typ?: string; readonly kid?: string };
}

/** Checks signatures. A key set at a URL is kept from call to call. */
function signatureCheck({ jwks, jwksUrl }: PushVerifierOptions): (signature: string) => Promise<Verified> {
  if ((jwks === undefined) === (jwksUrl === undefined))
    throw new TypeError('Either `jwks` or `jwksUrl` must say which keys the agent has');
  if (jwksUrl !== undefined && !/^https?:/.test(URL.canParse(jwksUrl) ? new URL(jwksUrl).protocol : ''))
    throw new TypeError('`jwksUrl` must be an absolute https or http URL');
  if (jwks !== undefined && !Array.isArray(jwks.keys)) throw new TypeError('`jwks` must be { keys: [] }');

  async function createCheck(): Promise<(signature: string) => Promise<Verified>> {
    const { compactVerify, createLocalJWKSet, createRemoteJWKSet } = await import('jose');
    const keys =
      jwksUrl === undefined
        ? createLocalJWKSet({ keys: [...(jwks?.keys ?? [])] })
        : createRemoteJWKSet(new URL(jwksUrl));
    return (signature) => compactVerify(signature, keys, { algorithms: ALGORITHMS });
  }

  let made: ReturnType<typeof createCheck> | undefined;
  return async (signature) => {
    if (signature.length > LONGEST) throw malformed('it is too long');
    try {
      return await (
        await (made ??= createCheck())
      )(signature);
    } catch (error) {
      const isCoded = typeof error === 'object' && error !== null && 'code' in error;
      const [code, why, status] = FAULTS[isCoded ? String(error.code) : ''] ?? UNREACHABLE;
      throw new PushError(code, why, { cause: error, ...(status !== undefined && { status }) });
    }
  };
}

type Fault = readonly [code: PushErrorCode, why: string, status?: number];

const MALFORMED = 'The signature can not be read';
const NO_KEY: Fault = ['ERR_A2A_PUSH_KEY', 'The signature is by a key that is not trusted'];
const UNREACHABLE: Fault = [
  'ERR_A2A_PUSH_KEYS_UNREACHABLE',
  'The keys of the agent can not be loaded now',
  503,
];

/** By the codes of jose; what it has none for went wrong on the way to the keys. */
const FAULTS: Readonly<Record<string, Fault>> = {
  ERR_JWS_INVALID: ['ERR_A2A_PUSH_MALFORMED', MALFORMED],
  ERR_JOSE_ALG_NOT_ALLOWED: ['ERR_A2A_PUSH_ALGORITHM', 'The algorithm of the signature is not allowed'],
  ERR_JOSE_NOT_SUPPORTED: ['ERR_A2A_PUSH_ALGORITHM', 'The algorithm of the signature is not known'],
  ERR_JWKS_NO_MATCHING_KEY: NO_KEY,
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: NO_KEY,
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: ['ERR_A2A_PUSH_SIGNATURE', 'The signature is not good'],
};

function readClaims(payload: Uint8Array): Claims {
  let found: unknown;
  try {
    found = JSON.parse(new TextDecoder().decode(payload));
  } catch {
    throw malformed('it signs no JSON');
  }
  if (typeof found !== 'object' || found === null) throw malformed('it signs no object');
  const claims = found as Record<string, unknown>; // an object may have any field
  const { iat, jti, aud, notification_id, request_body_sha256 } = claims;
  if (typeof iat !== 'number' || !Number.isFinite(iat)) throw malformed('it has no time');
  if (typeof jti !== 'string' || jti === '' || jti.length > LONGEST_ID) throw malformed('it has no id');
  if (
    typeof aud !== 'string' ||
    typeof notification_id !== 'string' ||
    typeof request_body_sha256 !== 'string'
  )
    throw malformed('a claim is missing');
  return { iat, jti, aud, notification_id, request_body_sha256 };
}

function malformed(why: string): PushError {
  return new PushError('ERR_A2A_PUSH_MALFORMED', `${MALFORMED}: ${why}`);
}

function readAudience(given: string): (audience: string) => boolean {
  if (!URL.canParse(given)) throw new TypeError('`audience` must be the URL of the webhook');
  const { href, search } = new URL(given);
  const wanted = href.replace(/#.*$/, '');
  return (audience) => (search === '' ? audience.replace(/\?.*$/, '') : audience) === wanted;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
