import type { AgentCard, AgentCardSignature } from '../protocol/v1.ts';
import { withoutDefaults } from '../protocol/card-canonical.ts';
import { type CardKey, readSigningKeys, type SigningKey } from './signing-key.ts';

/** Gives the card as it is signed, with a signature of each key. */
export type CardSigner = (card: AgentCard) => Promise<AgentCard>;

/** RFC 8785. The package says it is an ES module, which it is not, so its own types do not fit. */
interface Canonicalize {
  readonly default: (value: unknown) => string;
}

// an extended card may differ from caller to caller
const MOST_KEPT = 100;

/**
 * Makes the signer of a card (§8.4). What equals a default is left out of the card itself, so that what is sent is what
 * was signed. A card that was signed before gets the same signatures. Throws a ConfigError for keys that can not sign.
 */
export function createCardSigner(given: CardKey | readonly CardKey[]): CardSigner {
  const keys = readSigningKeys(given);
  const kept = new Map<string, Promise<AgentCardSignature[]>>();

  async function signatures(payload: string): Promise<AgentCardSignature[]> {
    const known = kept.get(payload);
    if (known !== undefined) return known;
    const made = Promise.all(keys.map((key) => sign(payload, key)));
    kept.set(payload, made);
    made.catch(() => kept.delete(payload));
    const [oldest] = kept.keys();
    if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
    return made;
  }

  return async (card) => {
    const unsigned = withoutDefaults(card);
    // both are loaded by those who sign only; jose is ESM, which not every test runner can load
    const { default: canonicalize } = (await import('canonicalize')) as unknown as Canonicalize;
    return { ...unsigned, signatures: await signatures(canonicalize(unsigned)) };
  };
}

async function sign(payload: string, { key, header }: SigningKey): Promise<AgentCardSignature> {
  const { FlattenedSign } = await import('jose');
  const jws = await new FlattenedSign(Buffer.from(payload)).setProtectedHeader(header).sign(key);
  return { protected: jws.protected ?? '', signature: jws.signature };
}
