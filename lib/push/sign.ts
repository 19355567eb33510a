import { createHash, createPublicKey, randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../core/clock.ts';
import { type CardKey, readSigningKeys, type SigningKey } from '../core/signing-key.ts';

/** Gives the headers that sign a notification; asked anew for each attempt. */
export type SignPush = (request: {
  readonly url: string;
  readonly body: string;
  readonly id: string;
}) => Promise<Readonly<Record<string, string>>>;

/** Public keys as they are published (RFC 7517 §5). */
export interface PublicKeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** Signs notifications. */
export interface PushSigner extends SignPush {
  /** What receivers check signatures with: the public half of every key. */
  readonly keySet: PublicKeySet;
}

/**
 * Makes the signer of notifications: a JSON Web Signature in `A2A-Notification-Signature` that names the time, the
 * webhook, the notification and the hash of the body. The first key signs, and all are published: a new key goes last
 * until receivers have seen it, an old one goes last until its signatures are too old to count. Throws a ConfigError
 * for keys that can not sign.
 */
export function createPushSigner(keys: CardKey | readonly CardKey[], clock: Clock = systemClock): PushSigner {
  const read = readSigningKeys(keys, 'push.sign');
  const [first] = read;

  const sign: SignPush = async ({ url, body, id }) => {
    if (first === undefined) return {};
    const claims = {
      iat: Math.floor(clock.now() / 1000),
      jti: randomUUID(),
      aud: audienceOf(url),
      notification_id: id,
      request_body_sha256: createHash('sha256').update(body).digest('hex'),
    };
    // loaded by those who sign only; jose is ESM, which not every test runner can load
    const { CompactSign } = await import('jose');
    const { alg, kid } = first.header;
    const jws = await new CompactSign(Buffer.from(JSON.stringify(claims)))
      // a type of its own, so that nothing else that was signed with the key can pass for it (RFC 8725 §3.11)
      .setProtectedHeader({ alg, kid, typ: 'a2a-push+jwt' })
      .sign(first.key);
    return { 'A2A-Notification-Signature': jws };
  };

  return Object.assign(sign, { keySet: { keys: read.map(publicKey) } });
}

/** The URL that is posted to, without what is not sent. */
function audienceOf(url: string): string {
  const audience = new URL(url);
  audience.hash = '';
  return audience.href;
}

function publicKey({ key, header: { alg, kid } }: SigningKey): Readonly<Record<string, unknown>> {
  return { ...createPublicKey(key).export({ format: 'jwk' }), kid, alg, use: 'sig' };
}
