import { isObject } from '../protocol/protojson.ts';
import type { AgentCard } from '../protocol/v1.ts';
import type { Version } from '../protocol/version.ts';
import { NoInterfaceError } from './errors.ts';
import type { FoundCard } from './card.ts';
import type { Settings } from './options.ts';

/** The bindings that this client speaks, as cards name them. */
export type Binding = 'JSONRPC' | 'HTTP+JSON';

/** An interface of the card that this client speaks. */
export interface SpokenInterface {
  readonly url: string;
  readonly binding: Binding;
  readonly version: Version;
  readonly tenant: string | undefined;
}

/**
 * The interfaces of a card in the order in which to try them: by the order of `versions`, then by that of `bindings` where
 * there is one, and else as the card has them (§8.3.2). Throws a NoInterfaceError that lists what there is.
 */
export function pickInterfaces(
  { card, url: base }: FoundCard,
  { versions, bindings }: Pick<Settings, 'versions' | 'bindings'>,
): readonly [SpokenInterface, ...SpokenInterface[]] {
  const offered = [...listInterfaces(card), ...olderInterfaces(card)];
  const spoken = offered.flatMap(({ url, binding, version, tenant }) => {
    const known = versions.find((each) => each === version);
    const spokenBinding = (bindings ?? SPOKEN).find((each) => each === binding.toUpperCase());
    // the paths of 0.3 were others
    const isSpoken = spokenBinding === 'JSONRPC' || known === '1.0';
    if (known === undefined || spokenBinding === undefined || !isSpoken || !URL.canParse(url, base))
      return [];
    return [{ url: new URL(url, base).href, binding: spokenBinding, version: known, tenant }];
  });
  const rank = ({ version, binding }: SpokenInterface) =>
    versions.indexOf(version) * SPOKEN.length + (bindings?.indexOf(binding) ?? 0);
  const [first, ...others] = spoken.sort((a, b) => rank(a) - rank(b));
  if (first !== undefined) return [first, ...others];
  const list = offered.map(({ url, binding, version }) => `${binding} ${version} at ${url}`);
  throw new NoInterfaceError(
    `This client speaks ${(bindings ?? SPOKEN).join(' and ')} in A2A ${versions.join(' and ')}; the agent offers ${list.join(', ') || 'nothing'}`,
  );
}

const SPOKEN: readonly Binding[] = ['JSONRPC', 'HTTP+JSON'];

interface Offer {
  readonly url: string;
  readonly binding: string;
  readonly version: string;
  readonly tenant: string | undefined;
}

function listInterfaces({ supportedInterfaces }: AgentCard): Offer[] {
  const listed: unknown = supportedInterfaces;
  if (!Array.isArray(listed)) return [];
  return listed.filter(isObject).map(({ url, protocolBinding, protocolVersion, tenant }) => ({
    url: String(url),
    binding: String(protocolBinding),
    version: majorMinor(protocolVersion ?? '1.0'),
    tenant: typeof tenant === 'string' && tenant !== '' ? tenant : undefined,
  }));
}

/** A card of 0.3, or one for both: its addresses stand on the card itself. */
function olderInterfaces(card: object): Offer[] {
  if (!('url' in card) || typeof card.url !== 'string') return [];
  const version = majorMinor('protocolVersion' in card ? card.protocolVersion : '0.3');
  const binding = 'preferredTransport' in card ? String(card.preferredTransport) : 'JSONRPC';
  const more =
    'additionalInterfaces' in card && Array.isArray(card.additionalInterfaces)
      ? card.additionalInterfaces
      : [];
  return [
    { url: card.url, binding, version, tenant: undefined },
    ...more.filter(isObject).map(({ url, transport }) => ({
      url: String(url),
      binding: String(transport),
      version,
      tenant: undefined,
    })),
  ];
}

function majorMinor(version: unknown): string {
  return /^\d+\.\d+/.exec(String(version))?.[0] ?? String(version);
}
