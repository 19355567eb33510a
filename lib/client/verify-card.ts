import { isObject } from '../protocol/protojson.ts';
import type { AgentCard } from '../protocol/v1.ts';
import { CardError } from './errors.ts';
import { openRequest, readText } from './http.ts';
import type { CardVerification, PublicJwk, Settings } from './options.ts';

/** RFC 8785. The package says it is an ES module, which it is not, so its own types do not fit. */
interface Canonicalize {
  readonly default: (value: unknown) => string;
}

/** What a signature says about itself. */
interface Header {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly jku: string | undefined;
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
const MOST_SIGNATURES = 16;

/**
 * Checks the signatures of a card (§8.4.3); one that is good will do. Keys are those that were given, and those at a `jku`
 * whose host is trusted, which are asked for without the credentials of the client. Rejects with a CardError that says
 * what is wrong with each signature.
 */
export async function verifyCard(card: unknown, trust: CardVerification, settings: Settings): Promise<void> {
  const signatures: unknown = isObject(card) ? card['signatures'] : undefined;
  if (!isObject(card) || !Array.isArray(signatures) || signatures.length === 0) {
    throw new CardError('The agent card is not signed');
  }
  const payload = await payloadOf(card);
  const faults: string[] = [];
  for (const signature of signatures.slice(0, MOST_SIGNATURES) as unknown[]) {
    const fault = await faultOf(signature, payload, trust, settings);
    if (fault === undefined) return;
    faults.push(fault);
  }
  throw new CardError(`No signature of the agent card is good: ${faults.join('; ')}`);
}

async function payloadOf(card: Record<string, unknown>): Promise<string> {
  const [{ withoutDefaults }, canonicalize] = await Promise.all([
    import('../protocol/card-canonical.ts'),
    import('canonicalize') as unknown as Promise<Canonicalize>,
  ]);
  try {
    return canonicalize.default(withoutDefaults(card as unknown as AgentCard)); // a card so far, or else no signature fits
  } catch (error) {
    throw new CardError('The agent card has no canonical form', { cause: error });
  }
}

/** What is wrong with a signature, if anything. */
async function faultOf(
  signature: unknown,
  payload: string,
  trust: CardVerification,
  settings: Settings,
): Promise<string | undefined> {
  const { decodeProtectedHeader, flattenedVerify, importJWK, base64url } = await import('jose');
  if (
    !isObject(signature) ||
    typeof signature['protected'] !== 'string' ||
    typeof signature['signature'] !== 'string'
  ) {
    return 'it is no JSON Web Signature';
  }
  const jws = {
    protected: signature['protected'],
    signature: signature['signature'],
    payload: base64url.encode(payload),
  };
  try {
    const header = readHeader(decodeProtectedHeader(jws));
    const { algorithms = ALGORITHMS } = trust;
    if (!algorithms.includes(header.alg)) return `the algorithm ${header.alg} is not allowed`;
    const keys = await keysFor(header, trust, settings);
    if (keys.length === 0) return `there is no trusted key ${header.kid ?? 'for it'}`;
    for (const jwk of keys) {
      const isGood = await importJWK(jwk, header.alg)
        .then((key) => flattenedVerify(jws, key, { algorithms: [...algorithms] }))
        .then(
          () => true,
          () => false,
        );
      if (isGood) return undefined;
    }
    return `it does not fit the card and the key ${header.kid ?? ''}`.trim();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function readHeader(header: object): Header {
  const { alg, kid, jku } = header as Record<string, unknown>;
  return {
    alg: String(alg),
    kid: typeof kid === 'string' ? kid : undefined,
    jku: typeof jku === 'string' ? jku : undefined,
  };
}

async function keysFor(
  { kid, jku }: Header,
  trust: CardVerification,
  settings: Settings,
): Promise<PublicJwk[]> {
  const fits = (jwk: PublicJwk) => jwk.kid === undefined || kid === undefined || jwk.kid === kid;
  const given = (trust.keys ?? []).filter(fits);
  if (given.length > 0 || jku === undefined) return given;
  const url = URL.canParse(jku) ? new URL(jku) : undefined;
  // whoever writes a signature also writes its jku
  if (url?.protocol !== 'https:' || !(trust.trustedHosts ?? []).includes(url.host)) {
    throw new CardError(`the key set ${jku} is not on a trusted host`);
  }
  return (await fetchKeys(url.href, settings)).filter(fits);
}

async function fetchKeys(url: string, { headers: _, ...settings }: Settings): Promise<PublicJwk[]> {
  const limit = { phase: 'card', ms: settings.timeouts.cardMs } as const;
  const headers = { Accept: 'application/jwk-set+json, application/json' };
  const opened = await openRequest(settings, {
    url,
    method: 'GET',
    headers,
    signal: undefined,
    limit,
    redirect: 'error',
  });
  const text = await readText(opened, 256 * 1024);
  const set: unknown = opened.response.ok ? JSON.parse(text) : undefined;
  if (!isObject(set) || !Array.isArray(set['keys'])) throw new CardError(`there is no key set at ${url}`);
  return set['keys'].filter(isObject);
}
