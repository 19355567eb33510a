import { isObject } from '../protocol/protojson.ts';
import type { AgentCard } from '../protocol/v1.ts';
import type { Version } from '../protocol/version.ts';
import { NoInterfaceError } from './errors.ts';
import type { FoundCard } from './card.ts';

/** An interface of the card that this client speaks. */
export interface SpokenInterface {
  readonly url: string;
  readonly version: Version;
  readonly tenant: string | undefined;
}

/**
 * The interfaces of a card in the order in which to try them: by the order of `versions`, and else as the card has them
 * (§8.3.2). Throws a NoInterfaceError that lists what there is.
 */
export function pickInterfaces(
  { card, url: base }: FoundCard,
  versions: readonly Version[],
): SpokenInterface[] {
  const offered = [...listInterfaces(card), ...olderInterfaces(card)];
  const spoken = offered.flatMap(({ url, binding, version, tenant }) => {
    const known = versions.find((each) => each === version);
    const isSpoken = binding.toUpperCase() === 'JSONRPC' && URL.canParse(url, base);
    return known !== undefined && isSpoken ? [{ url: new URL(url, base).href, version: known, tenant }] : [];
  });
  const picked = versions.flatMap((version) => spoken.filter((each) => each.version === version));
  if (picked.length > 0) return picked;
  const list = offered.map(({ url, binding, version }) => `${binding} ${version} at ${url}`);
  throw new NoInterfaceError(
    `This client speaks JSONRPC in A2A ${versions.join(' and ')}; the agent offers ${list.join(', ') || 'nothing'}`,
  );
}

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
