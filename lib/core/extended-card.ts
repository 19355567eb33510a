import { ExtendedAgentCardNotConfiguredError } from '../protocol/errors.ts';
import type { AgentCard } from '../protocol/v1.ts';
import { type CardOptions, type CardWiring, createCard } from './card.ts';
import { ConfigError } from './config-error.ts';
import type { Metadata } from './log.ts';

/**
 * What the extended card says beside the card or instead of it. Capabilities and security can not differ: calls are held
 * to those of the card.
 */
export type ExtendedCardFields = Partial<Omit<CardOptions, (typeof SHARED)[number]>>;

/** Who asks for the extended card. */
export interface ExtendedCardCaller {
  /** Null only where nobody has to authenticate for it. */
  readonly owner: string | null;
  readonly tenant: string;
  /** What option `caller` gave. */
  readonly caller?: Metadata;
}

/** Gives what this caller may see; undefined or null for no extended card, which is answered with -32007. */
export type ExtendedCardFunction = (
  caller: ExtendedCardCaller,
) => ExtendedCardFields | null | undefined | Promise<ExtendedCardFields | null | undefined>;

/** The extended card (§3.1.11): its fields, the same for everybody, or a function. `public` shows it to anonymous callers too. */
export type ExtendedCardOptions = ExtendedCardFunction | (ExtendedCardFields & { public?: boolean });

/** The extended card as the server knows it. */
export interface ExtendedCard {
  readonly isPublic: boolean;
  /** Rejects with ExtendedAgentCardNotConfiguredError where this caller gets none, with a ConfigError for what is no card. */
  readonly of: (caller: ExtendedCardCaller, url: string) => Promise<AgentCard>;
}

const SHARED = ['capabilities', 'securitySchemes', 'securityRequirements'] as const;

/** Makes the extended card. Throws a ConfigError for fields that can not be. */
export function createExtendedCard(
  given: ExtendedCardOptions,
  card: CardOptions,
  wiring: CardWiring,
): ExtendedCard {
  const build = (fields: ExtendedCardFields) => createCard({ ...card, ...checked(fields) }, wiring);
  if (typeof given === 'function') {
    return {
      isPublic: false,
      async of(caller, url) {
        const fields = await given(caller);
        if (fields === undefined || fields === null) throw new ExtendedAgentCardNotConfiguredError();
        return build(fields).published(url);
      },
    };
  }
  const { public: isPublic = false, ...fields } = given;
  if (typeof isPublic !== 'boolean') throw wrong('public', 'must be true or false');
  const source = build(fields);
  return { isPublic, of: (_, url) => source.published(url) };
}

function checked(fields: ExtendedCardFields): ExtendedCardFields {
  const given: unknown = fields;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const why = 'must be an object with fields of a card, or a function that gives one';
    throw new ConfigError('ERR_A2A_CARD', `Option \`extendedCard\` ${why}`);
  }
  const shared = SHARED.find((name) => name in given);
  if (shared === undefined) return fields;
  throw wrong(shared, 'can not be given: calls are held to that of option `card`');
}

function wrong(field: string, why: string): ConfigError {
  return new ConfigError('ERR_A2A_CARD', `Option \`extendedCard.${field}\` ${why}`);
}
