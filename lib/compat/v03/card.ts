import type * as v1 from '../../protocol/v1.ts';
import { pick } from './fields.ts';
import { schemesToV03, schemesToV1, securityToV03, securityToV1 } from './security.ts';
import type { AgentCard, AgentInterface, AgentSkill } from './types.ts';

const VERSION = '0.3.0';
const DEFAULT_TRANSPORT = 'JSONRPC';

/**
 * A card in the words of 0.3, with the interfaces that speak it; where none does, with all of them. Tenants and the
 * device code flow are lost. Signatures are carried over: they hold for the card that was signed, not for this one.
 */
export function cardToV03(card: v1.AgentCard): AgentCard {
  const { securitySchemes, skills, capabilities } = card;
  return {
    ...pick(card, 'name', 'description'),
    ...addressesToV03(card.supportedInterfaces),
    ...pick(card, 'version', 'iconUrl', 'provider', 'documentationUrl'),
    capabilities: capabilitiesToV03(capabilities),
    ...(securitySchemes && { securitySchemes: schemesToV03(securitySchemes) }),
    ...requirementsToV03(card),
    ...pick(card, 'defaultInputModes', 'defaultOutputModes'),
    skills: skills.map(skillToV03),
    supportsAuthenticatedExtendedCard: capabilities.extendedAgentCard === true,
    ...pick(card, 'signatures'),
  };
}

/** A card of 0.3 in the words of 1.0; each interface speaks the version of the card. */
export function cardToV1(card: AgentCard): v1.AgentCard {
  const {
    securitySchemes,
    security,
    skills,
    capabilities,
    supportsAuthenticatedExtendedCard: extended,
  } = card;
  return {
    ...pick(card, 'name', 'description'),
    supportedInterfaces: interfacesToV1(card),
    ...pick(card, 'version', 'iconUrl', 'provider', 'documentationUrl'),
    capabilities: {
      ...pick(capabilities, 'streaming', 'pushNotifications', 'extensions'),
      ...(extended !== undefined && { extendedAgentCard: extended }),
    },
    ...(securitySchemes && { securitySchemes: schemesToV1(securitySchemes) }),
    ...(security && { securityRequirements: securityToV1(security) }),
    ...pick(card, 'defaultInputModes', 'defaultOutputModes'),
    skills: skills.map(skillToV1),
    ...pick(card, 'signatures'),
  };
}

/** A card of 1.0 with what clients of 0.3 look for. */
export type HybridCard = v1.AgentCard &
  Addresses &
  Pick<AgentCard, 'security' | 'supportsAuthenticatedExtendedCard'>;

/**
 * A card that both versions can read: the 1.0 card, and the fields where clients of 0.3 look for addresses and
 * security. It is not signed: the signature of the 1.0 card does not cover what is added.
 */
export function hybridCard(card: v1.AgentCard): HybridCard {
  const { signatures: _, ...unsigned } = card;
  return {
    ...unsigned,
    ...addressesToV03(card.supportedInterfaces),
    ...requirementsToV03(card),
    supportsAuthenticatedExtendedCard: card.capabilities.extendedAgentCard === true,
  };
}

type Addresses = Pick<AgentCard, 'protocolVersion' | 'url' | 'preferredTransport' | 'additionalInterfaces'>;

function addressesToV03(interfaces: v1.AgentCard['supportedInterfaces']): Addresses {
  const older = interfaces.filter(({ protocolVersion }) => /^0\.3(?:\.|$)/.test(protocolVersion));
  const listed = (older.length > 0 ? older : interfaces).map(({ url, protocolBinding }) => ({
    url,
    transport: protocolBinding,
  }));
  const [first] = listed;
  return {
    protocolVersion: VERSION,
    url: first?.url ?? '',
    preferredTransport: first?.transport ?? DEFAULT_TRANSPORT,
    // a list of all of them, as the specification advises
    additionalInterfaces: listed,
  };
}

function interfacesToV1(card: AgentCard): v1.AgentInterface[] {
  const { url, preferredTransport = DEFAULT_TRANSPORT, additionalInterfaces = [], protocolVersion } = card;
  const version = /^\d+\.\d+/.exec(protocolVersion)?.[0] ?? protocolVersion;
  const all: AgentInterface[] = [{ url, transport: preferredTransport }, ...additionalInterfaces];
  const different = new Map(all.map((each) => [JSON.stringify([each.url, each.transport]), each]));
  return [...different.values()].map((each) => ({
    url: each.url,
    protocolBinding: each.transport,
    protocolVersion: version,
  }));
}

function requirementsToV03({ securityRequirements }: v1.AgentCard): Pick<AgentCard, 'security'> {
  return securityRequirements ? { security: securityToV03(securityRequirements) } : {};
}

function capabilitiesToV03({ extensions, ...capabilities }: v1.AgentCapabilities): AgentCard['capabilities'] {
  // an extension without a URI is none
  const named = extensions?.flatMap(({ uri = '', ...rest }) => (uri === '' ? [] : [{ uri, ...rest }]));
  return {
    ...pick(capabilities, 'streaming', 'pushNotifications'),
    ...(named && { extensions: named }),
  };
}

function skillToV1({ security, ...skill }: AgentSkill): v1.AgentSkill {
  return { ...skill, ...(security && { securityRequirements: securityToV1(security) }) };
}

function skillToV03({ securityRequirements, ...skill }: v1.AgentSkill): AgentSkill {
  return { ...skill, ...(securityRequirements && { security: securityToV03(securityRequirements) }) };
}
