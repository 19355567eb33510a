import type { IncomingMessage } from 'node:http';
import { emptyWhenSigned } from '../core/empty-paths.ts';
import { createCardSigner } from '../core/card-signing.ts';
import {
  type BindingName,
  type CardSource,
  type CardWiring,
  createCard,
  type Versions,
} from '../core/card.ts';
import { createExtendedCard, type ExtendedCard } from '../core/extended-card.ts';
import { silentLogger } from '../core/logger.ts';
import type { A2AOptions } from './options.ts';

/** The cards, as the options make them. */
export interface CardSettings {
  readonly card: CardSource;
  readonly versions: Versions;
  readonly bindings: readonly BindingName[];
  readonly extendedCard?: ExtendedCard;
}

/** Makes the cards. Throws a ConfigError for fields and keys that can not be. */
export function cardSettings<Req extends IncomingMessage>(
  options: A2AOptions<Req>,
  pushNotifications: boolean,
): CardSettings {
  const { card: fields, extendedCard, tenants, signCard, logger = silentLogger } = options;
  const { bindings = ['JSONRPC', 'HTTP+JSON'] } = options;
  const versions = options.versions ?? (bindings.includes('JSONRPC') ? ['1.0', '0.3'] : ['1.0']);
  const wiring: CardWiring = {
    versions,
    bindings,
    pushNotifications,
    extendedAgentCard: extendedCard !== undefined,
    ...(Array.isArray(tenants) && { tenants }),
    ...(signCard && { sign: createCardSigner(signCard) }),
  };
  const card = createCard(fields, wiring);
  const empty = signCard ? emptyWhenSigned(card.at('https://agents.example.com/')) : [];
  if (empty.length > 0) {
    const text = `the signed card has empty values (${empty.join(', ')}), and some clients can not verify it with them`;
    logger.warn({ code: 'ERR_A2A_SIGNED_EMPTY' }, text);
  }
  return {
    card,
    versions,
    bindings,
    ...(extendedCard && { extendedCard: createExtendedCard(extendedCard, fields, wiring) }),
  };
}
