import { createPrivateKey, KeyObject, type JsonWebKey, type webcrypto } from 'node:crypto';
import { types } from 'node:util';
import { ConfigError } from './config-error.ts';

/** A private key that signs cards (§8.4.2) and notifications. */
export interface CardKey {
  /** A KeyObject, a CryptoKey, a JWK, or PEM (PKCS #8, SEC 1 or PKCS #1). EC, RSA from 2048 bits, or Ed25519. */
  readonly key: KeyObject | webcrypto.CryptoKey | JsonWebKey | string;
  /** Name of the key, by which verifiers find the public one. */
  readonly kid: string;
  /** @defaultValue ES256, ES384 or ES512 by the curve, EdDSA, RS256, or PS256 for an RSA-PSS key */
  readonly alg?: string;
  /** URL of the JSON Web Key Set that has the public key. */
  readonly jku?: string;
}

/** A key that has been looked at. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly header: {
    readonly alg: string;
    readonly kid: string;
    readonly typ: 'JOSE';
    readonly jku?: string;
  };
}

/** The options that take keys. */
type KeyOption = 'signCard' | 'push.sign';

const RSA_BITS = 2048;
const PSS = ['PS256', 'PS384', 'PS512'];
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/** Reads the keys of an option. Throws a ConfigError, which never shows a key, for what can not sign. */
export function readSigningKeys(
  given: CardKey | readonly CardKey[],
  option: KeyOption = 'signCard',
): readonly SigningKey[] {
  const keys = [given].flat();
  if (keys.length === 0) throw wrong(option, 'must have a key, { key, kid }, or a list of them');
  const read = keys.map((key, index) =>
    readKey(key, keys.length > 1 ? `${option}[${String(index)}]` : option),
  );
  if (new Set(read.map(({ header }) => header.kid)).size < read.length) {
    throw wrong(option, 'has two keys with one `kid`: give each a name of its own');
  }
  return read;
}

function readKey(given: unknown, path: string): SigningKey {
  if (typeof given !== 'object' || given === null) throw wrong(path, 'must be an object, { key, kid }');
  const { key: source, kid, alg, jku } = given as Record<string, unknown>; // an object may have any field
  if (typeof kid !== 'string' || kid === '') throw wrong(`${path}.kid`, 'must be the name of the key');
  if (jku !== undefined && !isWebUrl(jku))
    throw wrong(`${path}.jku`, 'must be an absolute http or https URL');
  const key = keyObject(source, `${path}.key`);
  const algorithms = algorithmsOf(key, `${path}.key`);
  const chosen = alg ?? algorithms[0];
  if (typeof chosen !== 'string' || !algorithms.includes(chosen))
    throw wrong(`${path}.alg`, `must be one that fits the key: ${algorithms.join(', ')}`);
  return { key, header: { alg: chosen, kid, typ: 'JOSE', ...(jku !== undefined && { jku }) } };
}

function keyObject(source: unknown, path: string): KeyObject {
  const key = parsed(source);
  if (key?.type === 'private') return key;
  throw wrong(path, 'must be a private key: a KeyObject, a CryptoKey, a JWK or PEM');
}

/** Undefined for what is no key. The reason is not told: it may quote the key. */
function parsed(source: unknown): KeyObject | undefined {
  try {
    if (types.isKeyObject(source)) return source;
    if (types.isCryptoKey(source)) return KeyObject.from(source);
    if (typeof source === 'string') return createPrivateKey(source);
    return createPrivateKey({ key: source as JsonWebKey, format: 'jwk' }); // checked by node
  } catch {
    return undefined;
  }
}

/** The algorithms that fit the key, the usual one first. */
function algorithmsOf(key: KeyObject, path: string): readonly string[] {
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const type = key.asymmetricKeyType;
  const curve = CURVES[namedCurve];
  if (type === 'ec' && curve !== undefined) return [curve];
  if (type === 'ed25519') return ['EdDSA', 'Ed25519'];
  if ((type === 'rsa' || type === 'rsa-pss') && modulusLength >= RSA_BITS)
    return type === 'rsa' ? ['RS256', 'RS384', 'RS512', ...PSS] : PSS;
  throw wrong(
    path,
    `is of a kind that JWS has no safe algorithm for: use P-256, P-384, P-521, Ed25519 or RSA from ${RSA_BITS} bits`,
  );
}

function isWebUrl(value: unknown): value is string {
  return typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

function wrong(path: string, why: string): ConfigError {
  const code = path.startsWith('signCard') ? 'ERR_A2A_SIGN_CARD' : 'ERR_A2A_SIGN_PUSH';
  return new ConfigError(code, `Option \`${path}\` ${why}`);
}
